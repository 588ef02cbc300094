/** A private file is its owner's alone, and a folder appears and goes whole, even after an interruption. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  digest,
  madeWhole,
  parseJson,
  readIfThere,
  removeWhole,
  replaceFile,
  writePrivate,
} from "../../../lib/files";
import { ownMark } from "../../../lib/makers";
import { endedMark } from "../../support/makers";
import { temporaryFolder } from "../local/images/reading";

const modeOf = (path: string) => (statSync(path).mode & 0o7777).toString(8);

test("a private file and the folders made for it are their owner's alone", () => {
  const folder = join(temporaryFolder(), "a", "b");
  const path = join(folder, "secret");
  writePrivate(path, "first");
  assert.equal(readFileSync(path, "utf8"), "first");
  assert.deepEqual([join(folder, ".."), folder, path].map(modeOf), ["700", "700", "600"]);
});

/** The two ways to write a file, which do the same; and what is durable is written as what is not. */
const ways = {
  writePrivate: (path: string, content: string) => {
    writePrivate(path, content);
    return Promise.resolve();
  },
  "writePrivate, durable": (path: string, content: string) => {
    writePrivate(path, content, { durable: true });
    return Promise.resolve();
  },
  replaceFile: (path: string, content: string) => replaceFile(path, content),
  "replaceFile, durable": (path: string, content: string) =>
    replaceFile(path, content, { durable: true }),
};

for (const [way, write] of Object.entries(ways)) {
  test(`${way}: a file that others could read is replaced by a private one, with nothing next to it`, async () => {
    const folder = temporaryFolder();
    const path = join(folder, "secret");
    writeFileSync(path, "old", { mode: 0o644 });
    writeFileSync(`${path}.unfinished-${endedMark()}.1`, "what a killed process left");
    const running = `secret.unfinished-${ownMark}.0`;
    writeFileSync(join(folder, running), "what a running process writes");
    await write(path, "new");
    assert.equal(readFileSync(path, "utf8"), "new");
    assert.equal(modeOf(path), "600");
    assert.deepEqual(readdirSync(folder), ["secret", running]);
  });

  test(`${way}: who reads the old file reads it to its end`, async () => {
    const path = join(temporaryFolder(), "file");
    writeFileSync(path, "old");
    const reader = openSync(path, "r");
    await write(path, "new");
    assert.equal(readFileSync(reader, "utf8"), "old");
    closeSync(reader);
  });

  test(`${way}: a link in the file's place is replaced, and what it leads to stays as it is`, async () => {
    const folder = temporaryFolder();
    const other = join(folder, "other");
    const path = join(folder, "secret");
    writeFileSync(other, "theirs");
    symlinkSync(other, path);
    await write(path, "ours");
    assert.deepEqual([readFileSync(other, "utf8"), readFileSync(path, "utf8")], ["theirs", "ours"]);
  });

  test(`${way}: a folder in the file's place stays, and nothing is left`, async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "taken", "inside"), { recursive: true });
    await assert.rejects(async () => write(join(folder, "taken"), "text"), { code: "EISDIR" });
    assert.deepEqual(readdirSync(folder, { recursive: true }), ["taken", "taken/inside"]);
  });
}

test("many at once write one file: it is always whole, and nothing is left", async () => {
  const folder = temporaryFolder();
  const path = join(folder, "file");
  const texts = Array.from({ length: 20 }, (_, at) => String(at).repeat(10_000));
  await Promise.all(
    texts.map(async (text) => {
      await replaceFile(path, text);
      assert.ok(texts.includes(readFileSync(path, "utf8")));
    }),
  );
  assert.deepEqual(readdirSync(folder), ["file"]);
});

test("bytes that end in a failure leave the old file, and no part of a new one", async () => {
  const folder = temporaryFolder();
  const path = join(folder, "archive");
  async function* bytes(failure?: Error): AsyncGenerator<Uint8Array> {
    yield Buffer.from("one, ");
    await Promise.resolve();
    if (failure !== undefined) throw failure;
    yield Buffer.from("two");
  }
  await replaceFile(path, bytes());
  const failure = new Error("gone");
  await assert.rejects(replaceFile(path, bytes(failure)), failure);
  assert.equal(readFileSync(path, "utf8"), "one, two");
  assert.deepEqual(readdirSync(folder), ["archive"]);
});

test("a file that is not there reads as undefined, an empty one as empty text", () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "empty"), "");
  assert.equal(readIfThere(join(folder, "missing")), undefined);
  assert.equal(readIfThere(join(folder, "empty", "missing")), undefined);
  assert.throws(() => readIfThere(folder), { code: "EISDIR" });
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

test("a folder that is made whole appears when it is complete, and is not made again", async () => {
  const folder = join(temporaryFolder(), "part");
  let making = 0;
  const make = (unfinished: string) => {
    making += 1;
    assert.equal(unfinished, `${folder}.unfinished-${ownMark}`);
    assert.throws(() => readdirSync(folder), { code: "ENOENT" });
    writeFileSync(join(unfinished, "content"), "");
    return Promise.resolve();
  };
  assert.equal(await madeWhole(folder, make), true);
  assert.equal(await madeWhole(folder, make), false);
  assert.equal(making, 1);
  assert.deepEqual(readdirSync(folder), ["content"]);
});

test("a making that fails leaves nothing, and one that was killed what the next removes", async () => {
  const root = temporaryFolder();
  const failure = new Error("no");
  await assert.rejects(
    madeWhole(join(root, "part"), () => Promise.reject(failure)),
    failure,
  );
  assert.deepEqual(readdirSync(root), []);
  const ended = endedMark();
  const [dead, ...kept] = [
    `part-1.unfinished-${ended}`,
    // A process that runs, one of another container, and another family.
    `part-1.unfinished-${ownMark}`,
    `part-1.unfinished-${ended.replace(/^\d+/, "1")}`,
    `other.unfinished-${ended}`,
  ];
  for (const name of [dead, ...kept]) mkdirSync(join(root, name, "inside"), { recursive: true });
  await madeWhole(join(root, "part-2"), () => Promise.resolve(), "part-");
  assert.deepEqual(readdirSync(root).sort(), [...kept, "part-2"].sort());
});

test("a folder that another process has made in the meantime stays", async () => {
  const folder = join(temporaryFolder(), "part");
  const make = () => {
    mkdirSync(folder);
    writeFileSync(join(folder, "theirs"), "");
    return Promise.resolve();
  };
  await madeWhole(folder, make);
  assert.deepEqual(readdirSync(folder), ["theirs"]);
});

test("a folder of no use is made anew, and one that is of no use when made never appears", async () => {
  const root = temporaryFolder();
  const folder = join(root, "part");
  const tryOut = (made: string) => {
    assert.deepEqual(readdirSync(made), ["whole"]);
    return Promise.resolve();
  };
  const make = (content: string) => (unfinished: string) => {
    writeFileSync(join(unfinished, content), "");
    return Promise.resolve();
  };
  mkdirSync(folder);
  writeFileSync(join(folder, "broken"), "");
  await assert.rejects(madeWhole(folder, make("half"), "part", tryOut), assert.AssertionError);
  assert.deepEqual(readdirSync(root), []);
  assert.equal(await madeWhole(folder, make("whole"), "part", tryOut), true);
  assert.equal(await madeWhole(folder, make("half"), "part", tryOut), false);
  assert.deepEqual(readdirSync(folder), ["whole"]);
});
