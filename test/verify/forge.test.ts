import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  exportJWK,
  generateKeyPair,
  jwtVerify,
} from "jose";
import type { JWK } from "jose";
import { chooseSigningKey, forge, readSigningKeys, tamper, throwAwayKey } from "../../verify/forge";
import type { SigningKey } from "../../verify/forge";

const stack = { issuer: "https://tenant.example:8443/", audience: "https://bookinfo.io" };
const both = ["read:book-details", "read:book-reviews"];

let directory: string;
let privateKeys: JWK[];
let published: JWK[];
let key: SigningKey;

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
  key = await chooseSigningKey(await readSigningKeys(await file("keys", privateKeys)), published);
});

after(() => rm(directory, { recursive: true }));

async function file(name: string, keys: unknown): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, JSON.stringify({ keys }), { mode: 0o600 });
  return path;
}

const verified = (token: string) =>
  jwtVerify(token, createLocalJWKSet({ keys: published }), {
    issuer: stack.issuer,
    audience: stack.audience,
  });

test("without a fault the forged token is good, and holds every permission", async () => {
  const { payload, protectedHeader } = await verified(await forge(stack, key));
  assert.deepEqual(protectedHeader, { alg: "RS256", typ: "JWT", kid: "next" });
  assert.deepEqual(payload.permissions, both);
  assert.deepEqual(payload.aud, [stack.audience, "https://tenant.example:8443/userinfo"]);
});

const good = { iss: stack.issuer, permissions: both, sub: "auth0|verify", scope: "openid" };

test("an expired token is expired and nothing else", async () => {
  const token = await forge(stack, key, "expired");
  await assert.rejects(verified(token), errors.JWTExpired);
  const { payload } = await jwtVerify(token, createLocalJWKSet({ keys: published }), {
    issuer: stack.issuer,
    audience: stack.audience,
    clockTolerance: 3700,
  });
  const { iat = 0, exp = 0, aud, ...rest } = payload;
  assert.deepEqual(rest, good);
  assert.equal(exp - iat, 3600);
  assert.ok([aud].flat().includes(stack.audience));
});

test("a token of a wrong issuer differs in the issuer only", async () => {
  const token = await forge(stack, key, "wrong issuer");
  const claim = { code: "ERR_JWT_CLAIM_VALIDATION_FAILED", claim: "iss" };
  await assert.rejects(verified(token), claim);
  const { payload } = await jwtVerify(token, createLocalJWKSet({ keys: published }), {
    audience: stack.audience,
  });
  assert.equal(payload.iss, "https://other.invalid/");
  assert.deepEqual(payload.permissions, both);
});

test("a token for a wrong audience differs in the audience only", async () => {
  const token = await forge(stack, key, "wrong audience");
  const claim = { code: "ERR_JWT_CLAIM_VALIDATION_FAILED", claim: "aud" };
  await assert.rejects(verified(token), claim);
  const { payload } = await jwtVerify(token, createLocalJWKSet({ keys: published }), {
    issuer: stack.issuer,
  });
  assert.deepEqual(payload.aud, ["https://other.invalid/api"]);
  assert.deepEqual(payload.permissions, both);
});

test("a tampered token keeps header and signature, and only its signature is wrong", async () => {
  const genuine = await forge(stack, key);
  const token = tamper(genuine);
  await assert.rejects(verified(token), errors.JWSSignatureVerificationFailed);
  const [header, payload, signature] = token.split(".");
  const [genuineHeader, genuinePayload, genuineSignature] = genuine.split(".");
  assert.deepEqual([header, signature], [genuineHeader, genuineSignature]);
  assert.notEqual(payload, genuinePayload);
  assert.deepEqual(decodeJwt(token), { ...decodeJwt(genuine), sub: "auth0|tampered" });
});

test("a throw-away key signs what the tenant's keys do not verify", async () => {
  const token = await forge(stack, await throwAwayKey("next"), "wrong issuer");
  assert.equal(decodeProtectedHeader(token).kid, "next");
  await assert.rejects(verified(token), errors.JWSSignatureVerificationFailed);
});

test("the key in use is preferred to the first one published", async () => {
  const keys = await readSigningKeys(await file("both", privateKeys));
  const active = await chooseSigningKey(
    await readSigningKeys(await file("active", privateKeys.slice(1))),
    published,
  );
  const genuine = await forge(stack, active);
  assert.equal((await chooseSigningKey(keys, published)).kid, "next");
  assert.equal((await chooseSigningKey(keys, published, genuine)).kid, "active");
});

test("a key that the tenant does not publish is refused, also under a published id", async () => {
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  const foreign = { ...(await exportJWK(privateKey)), kid: "active" };
  const keys = await readSigningKeys(await file("foreign", [foreign]));
  await assert.rejects(chooseSigningKey(keys, published), {
    message: "the signing key file holds none of the keys that the tenant publishes (next, active)",
  });
  await assert.rejects(chooseSigningKey(keys, []), {
    message: "the signing key file holds none of the keys that the tenant publishes (none)",
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
      message: `the signing key file ${path} holds no private RSA key; a JWK set {"keys":[…]} is expected`,
    });
  }
});
