/** `npm test` takes files or one option, explains each option by --help, and refuses unknown or combined ones. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { help, readArguments } from "../../runner/arguments";

const nothing = { files: [], unit: false, changed: false, all: false, help: false };

test("everything but the longest is run where nothing is asked for", () => {
  assert.deepEqual(readArguments([]), nothing);
});

test("files are run alone", () => {
  const files = ["test/a.test.ts", "test/b.test.ts"];
  assert.deepEqual(readArguments(files), { ...nothing, files });
});

for (const option of ["unit", "changed", "all", "help"] as const) {
  test(`--${option} is known, and explained`, () => {
    assert.deepEqual(readArguments([`--${option}`]), { ...nothing, [option]: true });
    assert.match(help, new RegExp(`^  --${option} {2,}\\S`, "m"));
  });
}

for (const [args, said] of [
  [
    ["--unit", "--all"],
    /^files, --unit, --changed and --all do not go together: expected one of them\. See npm test -- --help\.$/,
  ],
  [
    ["a.test.ts", "--changed"],
    /^files, --unit, --changed and --all do not go together: expected one of them\. See npm test -- --help\.$/,
  ],
  [["--units"], /^unknown option '--units'\. See npm test -- --help\.$/],
] as const) {
  test(`${args.join(" ")} is refused`, () => {
    assert.throws(() => readArguments(args), { message: said });
  });
}
