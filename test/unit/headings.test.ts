/** Every file of the tests begins with a comment that says what it proves or provides. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(__dirname, "../..");

test("each file of the tests says at its top what it proves", () => {
  const files = globSync("test/**/*.ts", { cwd: root });
  assert.ok(files.length > 300, `${files.length} files`);
  const without = files.filter((file) => !readFileSync(join(root, file), "utf8").startsWith("/**"));
  assert.deepEqual(without, []);
});
