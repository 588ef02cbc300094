/** An output file is replaced whole, with no other file left, and one that cannot be written is a one-line error. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { checkFiles, writeOutput } from "../../../lib/output-files";
import { temporaryFolder } from "../local/images/reading";

test("a file is replaced whole, and no other file is left", async () => {
  const folder = temporaryFolder();
  const file = { option: "json", path: join(folder, "plan.json") };
  writeFileSync(file.path, "old");
  await checkFiles([file]);
  assert.equal(readFileSync(file.path, "utf8"), "old");
  await writeOutput(file, "new");
  assert.deepEqual([readFileSync(file.path, "utf8"), readdirSync(folder)], ["new", ["plan.json"]]);
});

test("what cannot be written after all is one line", async () => {
  const folder = join(temporaryFolder(), "gone");
  mkdirSync(folder);
  const file = { option: "json", path: join(folder, "plan.json") };
  await checkFiles([file]);
  rmSync(folder, { recursive: true });
  await assert.rejects(writeOutput(file, "new"), {
    name: "UserError",
    message: `--json ${file.path} cannot be written: there is no folder ${folder}`,
  });
});
