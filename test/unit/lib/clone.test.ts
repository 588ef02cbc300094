/** A clone is known by its package.json, in a folder of any name. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { clone, isClone, isCloneFolder } from "../../../lib/clone";
import { removeWhole } from "../../../lib/files";

test("a clone may be in a folder called dist", (context) => {
  const root = mkdtempSync(join(tmpdir(), "clone-"));
  context.after(() => {
    removeWhole(root);
  });
  const folder = join(root, "dist");
  mkdirSync(folder);
  assert.equal(isCloneFolder(folder), false);
  writeFileSync(join(folder, "package.json"), "{}");
  assert.equal(isCloneFolder(folder), true);
  assert.deepEqual([isClone, isCloneFolder(clone)], [true, true]);
});
