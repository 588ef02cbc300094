/** A token is read from a file, standard input or the command line, and anything else is refused and not shown. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, before, test } from "node:test";
import { readToken } from "../../../../commands/explain/input";

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const token = `${encode({ alg: "RS256", kid: "one" })}.${encode({ sub: "ada" })}.c2ln`;
const unsigned = `${encode({ alg: "none" })}.${encode({ sub: "ada" })}.`;
const encrypted = `${encode({ alg: "dir", enc: "A256GCM" })}..aXY.dGV4dA.dGFn`;
const opaque = "v1_Tq8NdnXcIh0pFhP6vC2r3xZ";
/** As Google and others write theirs: RFC 6750 allows dots, tildes, slashes and signs. */
const otherOpaque = [
  "ya29.a0AfB_byCTq8NdnXcIh0pFhP6vC2r3xZ",
  "one.two.c2lnbmF0dXJlLXRoYXQtaXMtbm9uZQ",
  "tok~Tq8NdnXcIh0pFhP6vC2r3xZ+a==",
];
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "explain-"));
});
after(() => rm(folder, { recursive: true }));

async function inFile(content: string | Buffer): Promise<string> {
  const file = join(folder, "token");
  await writeFile(file, content);
  return file;
}

const nothing = () => Readable.from([]);
const read = (argument: string, input: readonly string[] = []) =>
  readToken(argument, Readable.from(input));

test("a token from a file, standard input, a token response, or the command line", async () => {
  const given = {
    kind: "jwt",
    token,
    header: { alg: "RS256", kid: "one" },
    claims: { sub: "ada" },
  };
  assert.deepEqual(await read(await inFile(`${token}\n`)), given);
  assert.deepEqual(await read(await inFile(`Bearer ${token}`)), given);
  const response = JSON.stringify({ access_token: token, token_type: "Bearer" });
  assert.deepEqual(await read(await inFile(response)), given);
  assert.deepEqual(await read("-", [`${token}\n`]), given);
  assert.deepEqual(await read(token), given);
});

test("a token without a signature is read; an opaque or encrypted one is known as such", async () => {
  assert.equal((await read(unsigned)).kind, "jwt");
  for (const text of [opaque, ...otherOpaque, encrypted]) {
    assert.deepEqual(await read("-", [text]), { kind: "opaque", token: text });
    assert.deepEqual(await read(text), { kind: "opaque", token: text });
  }
});

test("a name that no file has is no token where it looks like a file's", async () => {
  for (const name of [
    "tokens/of-the-moderator-at-night",
    "token-of-the-moderator.jwt",
    "moderator-token-1",
  ])
    await assert.rejects(read(name), {
      message: "the argument is neither a token nor a file that exists",
    });
  // A slash is fine where the token itself is read.
  const token = "Tq8NdnXcIh0pFhP6/vC2r3xZ";
  assert.deepEqual(await read("-", [token]), { kind: "opaque", token });
});

const garbage = "holds no token: header.claims.signature is expected";

test("garbage of any kind is named by its file and never shown", async () => {
  const contents = [
    "some words that are no token",
    "a.b.c",
    "short",
    // The beginning of a JWT.
    `${token.slice(0, 30)}.${token.slice(30, 40)}`,
    '{"error":"access_denied"}',
    Buffer.from([0, 255, 1]),
  ];
  for (const content of contents) {
    const file = await inFile(content);
    await assert.rejects(readToken(file, nothing()), { message: `${file} ${garbage}` });
  }
  await assert.rejects(read("-", ["nonsense"]), { message: `standard input ${garbage}` });
});

test("an empty file, a missing one, a folder, and nothing at all", async () => {
  const file = await inFile(" \n");
  await assert.rejects(read(file), { message: `${file} is empty: a token is expected` });
  await assert.rejects(read("-"), { message: "standard input is empty: a token is expected" });
  await assert.rejects(read(join(folder, "missing")), {
    message: "the argument is neither a token nor a file that exists",
  });
  await assert.rejects(read(folder), { message: `${folder} is a folder, not a token` });
  await assert.rejects(read(""), { message: "an empty name is no file and no token" });
});
