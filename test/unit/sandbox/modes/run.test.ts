/** `verify --all-modes` begins with the application's first mode without a sandbox, and a signal ends the whole run. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { application as bookinfo } from "../../../../application";
import { application as orders } from "../../../../examples/orders/application";
import { modesFor } from "../../../../sandbox/modes/table";
import { argumentsFor } from "../../../support/node";
import { temporaryFolder } from "../../local/images/reading";

const program = argumentsFor("sandbox/entered.ts");

for (const [place, application, first, hint] of [
  ["", bookinfo, "Auth0 blog 2018", "npm run sandbox"],
  ["examples/orders", orders, "Stafford 2019", "npm run sandbox -- --project examples/orders"],
] as const) {
  test(`every mode of "${place}" begins without a sandbox, and a signal ends them all`, async () => {
    const home = temporaryFolder();
    // With no program on its PATH it brings nothing up.
    const env = { HOME: home, XDG_STATE_HOME: home, XDG_CACHE_HOME: home, PATH: "/nowhere" };
    const child = spawn(process.execPath, [...program, place, "allModes"], {
      env,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 60_000,
    });
    const printed = { stdout: "", stderr: "" };
    const begun = `Mode 1 of ${modesFor(application).length}: ${first}\n`;
    child.stdout.on("data", (data: Buffer) => {
      printed.stdout += data.toString();
      if (printed.stdout.includes(begun)) child.kill("SIGTERM");
    });
    child.stderr.on("data", (data: Buffer) => (printed.stderr += data.toString()));
    await once(child, "close");
    assert.equal(child.exitCode, 1, printed.stderr);
    assert.ok(printed.stdout.includes(begun), `${printed.stdout}${printed.stderr}`);
    assert.doesNotMatch(printed.stdout, /Mode 2/);
    assert.equal(
      printed.stderr.trimEnd().split("\n").at(-1),
      `error: ended by SIGTERM in the mode "${first}": "${hint}" brings the sandbox back to its own settings`,
    );
  });
}
