/** The signing key is one that the tenant publishes, the one in use where a token shows it; no message shows a key. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { TestContext } from "node:test";
import { createLocalJWKSet, exportJWK, generateKeyPair, jwtVerify, SignJWT } from "jose";
import type { JWK } from "jose";
import {
  algorithmInUse,
  chooseSigningKey,
  inUseFirst,
  publishedKeys,
  readSigningKeys,
} from "../../../../../commands/verify/tokens/signing-keys";
import { httpClient } from "../../../../../lib/http";
import type { SigningKey } from "../../../../../commands/verify/tokens/signing-keys";

let directory: string;
let privateKeys: JWK[];
let published: JWK[];

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "verify-forge-"));
  const pairs = await Promise.all(
    ["next", "active"].map(async (kid) => ({
      kid,
      ...(await generateKeyPair("RS256", { extractable: true })),
    })),
  );
  privateKeys = await Promise.all(
    pairs.map(async ({ kid, privateKey }) => ({ ...(await exportJWK(privateKey)), kid })),
  );
  published = await Promise.all(
    pairs.map(async ({ kid, publicKey }) => ({
      ...(await exportJWK(publicKey)),
      kid,
      alg: "RS256",
    })),
  );
});

after(() => rm(directory, { recursive: true }));

async function file(name: string, keys: unknown): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, JSON.stringify({ keys }), { mode: 0o600 });
  return path;
}

const signed = ({ key, kid }: SigningKey) =>
  new SignJWT({}).setProtectedHeader({ alg: "RS256", kid }).sign(key);

test("the key in use is preferred to the first one published", async () => {
  const keys = await readSigningKeys(await file("both", privateKeys));
  const active = await chooseSigningKey(
    await readSigningKeys(await file("active", privateKeys.slice(1))),
    published,
  );
  assert.equal((await chooseSigningKey(keys, published)).kid, "next");
  const chosen = await chooseSigningKey(keys, published, await signed(active));
  assert.equal(chosen.kid, "active");
  await jwtVerify(await signed(chosen), createLocalJWKSet({ keys: published }));
});

test("a key that the tenant does not publish is refused, also under a published id", async () => {
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  const foreign = { ...(await exportJWK(privateKey)), kid: "active" };
  const keys = await readSigningKeys(await file("foreign", [foreign]));
  await assert.rejects(chooseSigningKey(keys, published), {
    message: "the signing key file has no key that the tenant publishes (next, active)",
  });
  await assert.rejects(chooseSigningKey(keys, []), {
    message: "the signing key file has no key that the tenant publishes (none)",
  });
});

test("a signing key file that is of no use: one line that names it, and nothing of its content", async () => {
  const missing = join(directory, "missing");
  await assert.rejects(readSigningKeys(missing), {
    message: `the signing key file ${missing} cannot be read: ENOENT: no such file or directory, open '${missing}'`,
  });
  const garbage = join(directory, "garbage");
  await writeFile(garbage, "s3cret, not JSON");
  await assert.rejects(readSigningKeys(garbage), {
    message: `the signing key file ${garbage} is not JSON`,
  });
  for (const keys of [undefined, [], published]) {
    const path = await file("useless", keys);
    await assert.rejects(readSigningKeys(path), {
      message: `the signing key file ${path} holds no private key of a key pair; a JWK set {"keys":[…]} is expected`,
    });
  }
});

const live = new AbortController().signal;

async function tenant(t: TestContext, status: number, body: string): Promise<string> {
  const server = createServer((_, response) => response.writeHead(status).end(body));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`;
}

test("the tenant's keys, in its order", async (t) => {
  const uri = await tenant(t, 200, JSON.stringify({ keys: published }));
  assert.deepEqual(await publishedKeys(uri, httpClient(), live), published);
});

test("keys that no token is signed with are left out, wherever they stand", async (t) => {
  const elliptic = await generateKeyPair("ES256", { extractable: true });
  const others = [
    { ...published[0], kid: "encryption", use: "enc", alg: "RSA-OAEP" },
    { ...published[0], kid: "for encryption", use: "enc", alg: undefined },
    { kty: "oct", kid: "shared", k: "c2VjcmV0" },
  ];
  const further = [
    { ...published[0], kid: "another algorithm", alg: "PS256" },
    { ...(await exportJWK(elliptic.publicKey)), kid: "elliptic" },
  ];
  const uri = await tenant(t, 200, JSON.stringify({ keys: [...others, ...further, ...published] }));
  assert.deepEqual(await publishedKeys(uri, httpClient(), live), [...further, ...published]);
});

test("the key in use is the genuine token's, by its algorithm: among others, and of any family", async () => {
  for (const algorithm of ["PS256", "ES384", "EdDSA"]) {
    const pair = await generateKeyPair(algorithm, { extractable: true });
    const named = { kid: algorithm };
    const all = [...published, { ...(await exportJWK(pair.publicKey)), ...named }];
    const keys = await readSigningKeys(
      await file(algorithm, [{ ...(await exportJWK(pair.privateKey)), ...named }]),
    );
    const genuine = await new SignJWT({})
      .setProtectedHeader({ alg: algorithm, ...named })
      .sign(pair.privateKey);
    const found = await chooseSigningKey(keys, all, genuine);
    assert.deepEqual([found.kid, found.algorithm], [algorithm, algorithm]);
    const token = new SignJWT({}).setProtectedHeader({ alg: algorithm }).sign(found.key);
    await jwtVerify(await token, pair.publicKey);
    assert.equal(inUseFirst(all, genuine)[0]?.kid, algorithm);
    assert.equal(algorithmInUse(inUseFirst(all, genuine), genuine), algorithm);
  }
  assert.deepEqual(inUseFirst(published), published);
  assert.equal(algorithmInUse([{ kty: "EC", crv: "P-256" }]), "ES256");
});

const useless: readonly [string, number, string, string][] = [
  ["an error", 503, "{}", "status 503"],
  ["something else", 200, "{}", "it is not a JWK set"],
];
for (const [what, status, body, reason] of useless) {
  test(`a tenant that has ${what} in place of its keys: one line`, async (t) => {
    const uri = await tenant(t, status, body);
    await assert.rejects(publishedKeys(uri, httpClient(), live), {
      name: "UserError",
      message: `cannot read the tenant's keys at ${uri}: ${reason}`,
    });
  });
}

test("fetching the keys ends when it is told to", async () => {
  const ended = AbortSignal.abort(new Error("ended by SIGTERM"));
  await assert.rejects(publishedKeys("http://127.0.0.1:9/", httpClient(), ended), {
    message: "ended by SIGTERM",
  });
});
