/** Pulumi's command runs without a folder for its logs, and says nothing of it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { makePulumiHome } from "../../local/pulumi-home";
import { pulumiExecutable, skipWithoutEngine } from "./engine";

test("Pulumi writes no log where its home has none", { skip: skipWithoutEngine }, () => {
  const home = mkdtempSync(join(tmpdir(), "istio-auth0-home-"));
  try {
    makePulumiHome(home);
    const env = { ...process.env, PULUMI_HOME: home, PULUMI_SKIP_UPDATE_CHECK: "true" };
    const ran = spawnSync(pulumiExecutable ?? "", ["version"], { env, encoding: "utf8" });
    assert.deepEqual([ran.status, ran.stderr], [0, ""]);
    assert.match(ran.stdout, /^v\d+\.\d+\.\d+\S*\n$/);
    assert.equal(readFileSync(join(home, "logs"), "utf8"), "");
  } finally {
    rmSync(home, { recursive: true });
  }
});
