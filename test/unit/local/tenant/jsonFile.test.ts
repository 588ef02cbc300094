/** A value in a JSON file is private, replaced whole, and on disk when its save resolves, despite a killed write. */
import assert from "node:assert/strict";
import { mkdir, open, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { z } from "zod";

import { JsonFile } from "../../../../local/tenant/jsonFile";
import { temporaryDirectory } from "./support";
import { endedMark } from "../../../support/makers";

const schema = z.object({ count: z.number() });

describe("a value kept in a file", () => {
  let root = "";
  let directory = "";
  before(async () => {
    root = await temporaryDirectory();
  });
  beforeEach(async () => {
    directory = join(root, "state");
    await rm(directory, { recursive: true, force: true });
    await mkdir(directory);
  });
  after(() => rm(root, { recursive: true }));

  const openFile = () => JsonFile.open(join(directory, "value.json"), schema, () => ({ count: 0 }));
  const onDisk = async () =>
    schema.parse(JSON.parse(await readFile(join(directory, "value.json"), "utf8")));

  test("is made with its first content, private, and found again", async () => {
    const file = await openFile();
    assert.deepEqual(await onDisk(), { count: 0 });
    assert.equal((await stat(join(directory, "value.json"))).mode & 0o777, 0o600);
    file.value.count = 1;
    await file.save();
    assert.deepEqual((await openFile()).value, { count: 1 });
    assert.deepEqual(await readdir(directory), ["value.json"]);
  });

  test("is replaced as a whole: who reads the old file reads it to its end", async () => {
    const file = await openFile();
    const reader = await open(join(directory, "value.json"));
    file.value.count = 2;
    await file.save();
    assert.deepEqual(JSON.parse(await reader.readFile("utf8")), { count: 0 });
    await reader.close();
    assert.deepEqual(await onDisk(), { count: 2 });
  });

  test("holds each change once its save has resolved, however many come at once", async () => {
    const file = await openFile();
    const saves = Array.from({ length: 20 }, async (_, index) => {
      file.value.count = index + 1;
      await file.save();
      assert.ok((await onDisk()).count > index);
    });
    await Promise.all(saves);
    assert.deepEqual(await onDisk(), { count: 20 });
  });

  test("says when it could not be written, and is written the next time", async () => {
    const file = await openFile();
    await rm(directory, { recursive: true });
    file.value.count = 3;
    await assert.rejects(file.save(), { code: "ENOENT" });
    await mkdir(directory);
    await file.save();
    assert.deepEqual(await onDisk(), { count: 3 });
  });

  test("is not disturbed by what a write left that was killed", async () => {
    await openFile();
    await writeFile(join(directory, `value.json.unfinished-${endedMark()}.1`), `{"cou`);
    const file = await openFile();
    assert.deepEqual(file.value, { count: 0 });
    await file.save();
    assert.deepEqual(await readdir(directory), ["value.json"]);
  });
});
