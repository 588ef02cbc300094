import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { digest, parseJson, readIfThere, removeWhole, writePrivate } from "../../sandbox/files";
import { temporaryFolder } from "./images/reading";

const modeOf = (path: string) => (statSync(path).mode & 0o7777).toString(8);

test("a private file and the folders made for it are their owner's alone", () => {
  const folder = join(temporaryFolder(), "a", "b");
  const path = join(folder, "secret");
  writePrivate(path, "first");
  assert.equal(readFileSync(path, "utf8"), "first");
  assert.deepEqual([join(folder, ".."), folder, path].map(modeOf), ["700", "700", "600"]);
});

test("a file that others could read is replaced by a private one, with nothing beside it", () => {
  const folder = temporaryFolder();
  const path = join(folder, "secret");
  writeFileSync(path, "old", { mode: 0o644 });
  // What a write that was interrupted left behind.
  writeFileSync(`${path}.new`, "unfinished", { mode: 0o644 });
  writePrivate(path, "new");
  assert.equal(readFileSync(path, "utf8"), "new");
  assert.equal(modeOf(path), "600");
  assert.deepEqual(readdirSync(folder), ["secret"]);
});

test("a link in the file's place is replaced, and what it leads to stays as it is", () => {
  const folder = temporaryFolder();
  const other = join(folder, "other");
  const path = join(folder, "secret");
  writeFileSync(other, "theirs");
  symlinkSync(other, path);
  symlinkSync(other, `${path}.new`);
  writePrivate(path, "ours");
  assert.deepEqual([readFileSync(other, "utf8"), readFileSync(path, "utf8")], ["theirs", "ours"]);
});

test("a file that is not there reads as undefined, an empty one as empty text", () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "empty"), "");
  assert.equal(readIfThere(join(folder, "missing")), undefined);
  assert.equal(readIfThere(join(folder, "empty")), "");
});

test("a digest tells texts apart by their bounds and their order", () => {
  const expected = createHash("sha256").update("2:ab1:c").digest("hex");
  assert.equal(digest("ab", "c"), expected);
  const others = [["a", "bc"], ["c", "ab"], ["abc"], ["ab", "c", ""]];
  assert.equal(new Set([expected, ...others.map((texts) => digest(...texts))]).size, 5);
});

test("a text of JSON gives its value, a damaged one none", () => {
  assert.deepEqual(parseJson('{"a": [1, null]}'), { a: [1, null] });
  for (const damaged of ["", '{"a": [1,', "{}{}"]) assert.equal(parseJson(damaged), undefined);
});

test("what is removed is gone, with what an interrupted removal had left of it", () => {
  const folder = temporaryFolder();
  const path = join(folder, "node");
  mkdirSync(join(path, "etcd"), { recursive: true });
  mkdirSync(join(`${path}.removed`, "half"), { recursive: true });
  removeWhole(path);
  assert.deepEqual(readdirSync(folder), []);
  removeWhole(path);
  assert.deepEqual(readdirSync(folder), []);
});
