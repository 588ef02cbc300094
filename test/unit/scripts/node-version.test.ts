/** Under a Node that is too old, the command line says so in one line, in a language that such a Node can read. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { transformSync } from "esbuild";

const file = join(__dirname, "../../../scripts/istio-auth0.mjs");

/** How the command line ends under a Node that says it is of this version. */
function under(version: string) {
  const versions = JSON.stringify({ ...process.versions, node: version });
  const pretends = `Object.defineProperty(process, "versions", { value: ${versions} })`;
  const loaded = `data:text/javascript,${encodeURIComponent(pretends)}`;
  const args = ["--import", loaded, file, "--version"];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  return { status, stderr };
}

for (const version of ["12.22.12", "18.20.8", "20.18.3"])
  test(`Node ${version} is refused`, () => {
    assert.deepEqual(under(version), {
      status: 1,
      stderr: `error: Node ${version} is too old: istio-auth0 needs 20.19 or newer, and pulumi up 22 or newer\n`,
    });
  });

test("Node 20.19 is not", () => {
  assert.deepEqual(under("20.19.0"), { status: 0, stderr: "" });
});

test("an old Node can read what refuses it", () => {
  const text = readFileSync(file, "utf8");
  assert.doesNotThrow(() => transformSync(text, { target: "node12.22", logLevel: "silent" }));
});
