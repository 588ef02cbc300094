/** npm's scripts that are no commands of `istio-auth0` refuse a mistake as those do: in one line, with exit code 1. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { argumentsFor } from "../support/node";

const root = join(__dirname, "../..");

function run(args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...args], {
    cwd: root,
    encoding: "utf8",
  });
  return { code: status, out: stdout, err: stderr };
}

for (const [script, source] of [
  ["npm run toolchain --", "local/toolchain/main.ts"],
  ["npm test --", "test/runner/main.ts"],
] as const) {
  test(`${script} --nonsense, and --help`, () => {
    assert.deepEqual(run([...argumentsFor(source), "--nonsense"]), {
      code: 1,
      out: "",
      err: `error: unknown option '--nonsense'. See ${script} --help.\n`,
    });
    const { code, out, err } = run([...argumentsFor(source), "--help"]);
    assert.deepEqual([code, err], [0, ""]);
    assert.match(out, /^Usage: npm /);
  });
}

test("what is to be a release's parts needs a folder and an address", () => {
  assert.deepEqual(run([...argumentsFor("local/toolchain/main.ts"), "folder"]), {
    code: 1,
    out: "",
    err: "error: expected a folder and an address. See npm run toolchain -- --help.\n",
  });
});

test("a program that is not there is named", () => {
  assert.deepEqual(run(["scripts/run.mjs", "commands/nothing.ts"]), {
    code: 1,
    out: "",
    err: `error: there is no program commands/nothing.ts in ${root}\n`,
  });
});
