/** `preview --official` uses the plug-ins in PULUMI_HOME and names them, or says how to install a missing one. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { standIns, writePluginLauncher } from "../../local/plugins/launchers";
import { temporaryFolder } from "../unit/local/images/reading";
import { skipWithoutEngine } from "./engine";
import { preview } from "./preview";

const skip = skipWithoutEngine;

test(
  "a preview uses the plug-ins in PULUMI_HOME where it is told to, and says so",
  { skip },
  async () => {
    const home = temporaryFolder();
    for (const { name, version } of standIns) {
      writePluginLauncher(join(home, "plugins", `resource-${name}-v${version}`), name);
    }
    const environment = { PULUMI_HOME: home };
    const { code, stderr } = await preview(["sandbox", "--official", "--check"], { environment });
    assert.equal(code, 0, stderr);
    const named = standIns.map(({ name, version }) => `${name} ${version}`).join(", ");
    assert.equal(stderr.split("\n")[0], `plug-ins: official (${named})`);
    assert.match(stderr, /sandbox\.yaml: as planned\n$/);
  },
);

test("a preview with official plug-ins names all that are missing, and how to install them", async () => {
  const { code, stdout, stderr } = await preview(["sandbox", "--official"]);
  const lines = standIns.map(
    ({ name, version }) =>
      `--official: there is no plug-in ${name} ${version} in PULUMI_HOME or on PATH: pulumi plugin install resource ${name} ${version}`,
  );
  assert.equal(stderr.replaceAll(/^error: /gm, ""), `${lines.join("\n")}\n`);
  assert.deepEqual([code, stdout], [1, ""]);
});
