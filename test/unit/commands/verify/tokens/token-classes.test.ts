/** Each class of tokens is signed as it says, and differs from a good token in nothing else than its name says. */
import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { before, test } from "node:test";
import {
  base64url,
  compactVerify,
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  SignJWT,
} from "jose";
import type { JWK, JWTPayload } from "jose";
import { application as bookinfo } from "../../../../../application";
import { everyPermission } from "../../../../../commands/verify/plan/permissions";
import { strangersKeys } from "../../../../../commands/verify/tokens/signing-keys";
import {
  strangersAlgorithms,
  tokenClasses,
} from "../../../../../commands/verify/tokens/token-classes";
import type { Materials } from "../../../../../commands/verify/tokens/forging";
import { authentication } from "../support/stack";

const issuer = "https://tenant.example:8443/";
const audience = "https://bookinfo.io";
const userinfo = "https://tenant.example:8443/userinfo";
const both = ["read:book-details", "read:book-reviews"];

type Signer = "tenant" | "stranger" | "the public key's PEM" | "nobody";
const verifiers: (readonly [Signer, Parameters<typeof compactVerify>[1]])[] = [];
let materials: Required<Materials>;
let strangersJwk: JWK;

before(async () => {
  const tenant = await generateKeyPair("RS256", { extractable: true });
  const strangers = await strangersKeys(["RS256", ...strangersAlgorithms]);
  const published = { ...(await exportJWK(tenant.publicKey)), kid: "active", alg: "RS256" };
  const genuine = (claims: JWTPayload) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: "RS256", typ: "JWT", kid: "active" })
      .sign(tenant.privateKey);
  materials = {
    issuer,
    audience,
    permissionsClaim,
    permissions: everyPermission(bookinfo),
    client: "web",
    furtherKeys: new Map(),
    spaceDelimited: false,
    published: [published],
    algorithm: "RS256",
    tenantKey: { kid: "active", algorithm: "RS256", key: tenant.privateKey },
    strangers,
    whole: await genuine({ iss: issuer, sub: "auth0|moderator", permissions: ["read:nothing"] }),
    ofOwnDomain: await genuine({ iss: "https://tenant.eu.auth0.com/", sub: "catalogue@clients" }),
    idToken: await genuine({ iss: issuer, sub: "auth0|nobody", aud: "the application" }),
  };
  const pem = createPublicKey({ key: published, format: "jwk" }).export({
    type: "spki",
    format: "pem",
  });
  strangersJwk = await exportJWK(strangers.get("RS256")?.publicKey ?? assert.fail());
  verifiers.push(
    ["tenant", tenant.publicKey],
    ...[...strangers.values()].map(({ publicKey }) => ["stranger", publicKey] as const),
    ["the public key's PEM", new TextEncoder().encode(pem.toString().trimEnd())],
  );
});

const permissionsClaim = ["permissions"];
const outputs = { issuer, permissionsClaim, authentication };

const classNamed = (name: string) => {
  const found = tokenClasses(bookinfo, outputs).find((each) => each.name === name);
  assert.ok(found, name);
  return found;
};

async function made(name: string): Promise<string> {
  const token = await classNamed(name).make(materials);
  assert.ok(token, name);
  return token;
}

/** A good token, with times in seconds from now. */
const good: Readonly<Record<string, unknown>> = {
  alg: "RS256",
  typ: "JWT",
  kid: "active",
  iss: issuer,
  aud: [audience, userinfo],
  sub: "auth0|verify",
  iat: 0,
  exp: 3600,
  scope: "openid",
  azp: "web",
  permissions: both,
};

/** What of a token's header and claims is not as in a good one; `undefined` is missing. */
function differences(token: string): Record<string, unknown> {
  const now = Date.now() / 1000;
  const claims = Object.entries({ ...decodeProtectedHeader(token), ...decodeJwt(token) }).map(
    // Ten minutes' difference are the test's own slowness.
    ([name, value]) => [
      name,
      ["iat", "exp", "nbf"].includes(name) ? Math.round((Number(value) - now) / 600) * 600 : value,
    ],
  );
  const said = Object.fromEntries(claims) as Record<string, unknown>;
  const names = [...new Set([...Object.keys(good), ...Object.keys(said)])];
  return Object.fromEntries(
    names
      .filter((name) => JSON.stringify(said[name]) !== JSON.stringify(good[name]))
      .map((name) => [name, said[name]]),
  );
}

async function signerOf(token: string): Promise<Signer> {
  for (const [signer, key] of verifiers) {
    if (await compactVerify(token, key).then(Boolean, () => false)) return signer;
  }
  return "nobody";
}

const other = "https://other.invalid/";

/** Every class that is made of claims: its name, its outcome, who signed it and all that differs from a good token. */
const forged: readonly [string, string, Signer, () => Record<string, unknown>][] = [
  ["forged but valid", "2 permissions", "tenant", () => ({})],
  [
    "ours among its audiences",
    "2 permissions",
    "tenant",
    () => ({ aud: [`${other}api`, audience] }),
  ],
  ["no expiry", "2 permissions", "tenant", () => ({ exp: undefined })],
  [
    "audience with other scheme",
    "2 permissions",
    "tenant",
    () => ({ aud: audience.replace("https://", "http://") }),
  ],
  ["audience with other slash", "2 permissions", "tenant", () => ({ aud: `${audience}/` })],
  ["foreign client", "nothing", "tenant", () => ({ azp: "verify-foreign" })],
  ["no authorized party", "nothing", "tenant", () => ({ azp: undefined })],
  [
    "permissions as one string",
    "0 permissions",
    "tenant",
    () => ({ permissions: "read:book-details read:book-reviews" }),
  ],
  ["permissions nested", "0 permissions", "tenant", () => ({ permissions: { granted: both } })],
  [
    "permissions with a suffix",
    "0 permissions",
    "tenant",
    () => ({ permissions: ["read:book-details:own", "read:book-reviews:own"] }),
  ],
  [
    "permissions in another case",
    "0 permissions",
    "tenant",
    () => ({ permissions: ["READ:BOOK-DETAILS", "READ:BOOK-REVIEWS"] }),
  ],
  [
    "permissions only as scope",
    "0 permissions",
    "tenant",
    () => ({ permissions: [], scope: "openid read:book-details read:book-reviews" }),
  ],
  ["expired token", "expired", "tenant", () => ({ iat: -7200, exp: -3600 })],
  ["not yet valid", "not yet valid", "tenant", () => ({ nbf: 3600 })],
  ["wrong issuer", "unknown issuer", "stranger", () => ({ iss: other })],
  [
    "issuer without its slash",
    "unknown issuer",
    "stranger",
    () => ({ iss: "https://tenant.example:8443" }),
  ],
  ["stranger's key, tenant's id", "bad signature", "stranger", () => ({})],
  ...strangersAlgorithms.map((alg): (typeof forged)[number] => [
    `stranger's ${alg}, tenant's id`,
    "no key for it",
    "stranger",
    () => ({ alg }),
  ]),
  ["unknown key id", "unknown key", "stranger", () => ({ kid: "verify-unknown" })],
  ["embedded jwk", "bad signature", "stranger", () => ({ jwk: strangersJwk })],
  [
    "jku to another host",
    "bad signature",
    "stranger",
    () => ({ jku: `${other}.well-known/jwks.json` }),
  ],
  ["alg: none", "not a JWT", "nobody", () => ({ alg: "none", kid: undefined })],
  [
    "alg: none, with a signature",
    "unsupported algorithm",
    "nobody",
    () => ({ alg: "none", kid: undefined }),
  ],
  ["HS256 by the public key", "no key for it", "the public key's PEM", () => ({ alg: "HS256" })],
  ["wrong audience", "other audience", "tenant", () => ({ aud: `${other}api` })],
  [
    "audiences without ours",
    "other audience",
    "tenant",
    () => ({ aud: [`${other}api`, userinfo] }),
  ],
  ["no audience", "other audience", "tenant", () => ({ aud: undefined })],
];

for (const [name, outcome, signer, changed] of forged) {
  test(`${name}: by ${signer}, and nothing else differs from a good token`, async () => {
    const token = await made(name);
    const { outcome: asked } = classNamed(name);
    assert.equal(typeof asked === "string" ? asked : `${asked.length} permissions`, outcome);
    assert.deepEqual(differences(token), changed());
    assert.equal(await signerOf(token), signer);
  });
}

test("the classes that are made of something else, and so all of them", () => {
  const rest = tokenClasses(bookinfo, outputs)
    .filter(({ name }) => !forged.some(([each]) => each === name))
    .map(({ name, outcome }) => [name, outcome]);
  assert.deepEqual(rest, [
    ["tampered token", "bad signature"],
    ["opaque token", "not a JWT"],
    ["encrypted token", "not a JWT"],
    ["ID token", "other audience"],
  ]);
});

test("alg: none has nothing behind its second dot, or what is no signature of anything", async () => {
  assert.match(await made("alg: none"), /^[\w-]+\.[\w-]+\.$/);
  const [, , signature = ""] = (await made("alg: none, with a signature")).split(".");
  assert.equal(new TextDecoder().decode(base64url.decode(signature)), "none");
});

test("a tampered token keeps the genuine one's header, signature and other claims", async () => {
  const token = await made("tampered token");
  const [header, , signature] = materials.whole.split(".");
  assert.deepEqual(token.split(".").toSpliced(1, 1), [header, signature]);
  assert.deepEqual(decodeJwt(token), { iss: issuer, sub: "auth0|tampered", permissions: both });
  assert.equal(await signerOf(token), "nobody");
});

test("an opaque token has no parts, and an encrypted one has five", async () => {
  assert.match(await made("opaque token"), /^[\w-]{43}$/);
  assert.notEqual(await made("opaque token"), await made("opaque token"));
  const encrypted = await made("encrypted token");
  assert.match(encrypted, /^[\w-]+\.\.[\w-]{16}\.[\w-]{400}\.[\w-]{22}$/);
  const header = { alg: "dir", enc: "A256GCM", iss: issuer };
  assert.deepEqual(decodeProtectedHeader(encrypted), header);
});

test("the ID token is the real one", async () => {
  assert.equal(await made("ID token"), materials.idToken);
});

test("where tokens bear a custom domain, the tenant's own issuer is one more that is refused", async () => {
  const { length } = tokenClasses(bookinfo, outputs);
  const access = { clientId: "c", clientSecret: "s" };
  const own = { domain: new URL(issuer).host, ...access };
  assert.equal(tokenClasses(bookinfo, { ...outputs, tenant: own }).length, length);
  const tenant = { domain: "tenant.eu.auth0.com", ...access };
  const classes = tokenClasses(bookinfo, { ...outputs, tenant });
  assert.equal(classes.length, length + 1);
  const found = classes.find(({ name }) => name === "from the tenant's own domain");
  assert.deepEqual([found?.outcome, found?.needs], ["unknown issuer", "a machine"]);
  assert.equal(await found?.make(materials), materials.ofOwnDomain);
});

const needs = {
  tenantKey: "the tenant's own key",
  whole: "a user or machine with every permission",
  idToken: "a sign-in",
} as const;

for (const [material, need] of Object.entries(needs)) {
  test(`without ${need}, what needs it is not made, and all else is`, async () => {
    const without = { ...materials, [material]: undefined };
    const missing = await Promise.all(
      tokenClasses(bookinfo, outputs).map(async (each) =>
        (await each.make(without)) ? [] : each.name,
      ),
    );
    const needing = tokenClasses(bookinfo, outputs).filter((each) => each.needs === need);
    assert.equal(needing.length, material === "tenantKey" ? 17 : 1);
    assert.deepEqual(
      missing.flat(),
      needing.map(({ name }) => name),
    );
  });
}

test("a tenant that publishes no key: nothing to confuse algorithms with", async () => {
  const { make } = classNamed("HS256 by the public key");
  assert.equal(await make({ ...materials, published: [] }), undefined);
});

for (const algorithm of ["ES256", "PS256", "EdDSA"]) {
  test(`where the tenant signs with ${algorithm}, so are the forged tokens, and those of a stranger's key`, async () => {
    const pair = await generateKeyPair(algorithm, { extractable: true });
    const published = { ...(await exportJWK(pair.publicKey)), kid: "active", alg: algorithm };
    const strangers = await strangersKeys([algorithm, ...strangersAlgorithms]);
    const theirs: Materials = {
      ...materials,
      published: [published],
      algorithm,
      tenantKey: { kid: "active", algorithm, key: pair.privateKey },
      strangers,
    };
    const signers = {
      "forged but valid": [algorithm, pair.publicKey],
      "expired token": [algorithm, pair.publicKey],
      "wrong issuer": [algorithm, strangers.get(algorithm)?.publicKey],
      "stranger's key, tenant's id": [algorithm, strangers.get(algorithm)?.publicKey],
      "stranger's RS512, tenant's id": ["RS512", strangers.get("RS512")?.publicKey],
    } as const;
    for (const [name, [alg, key]] of Object.entries(signers)) {
      const token = (await classNamed(name).make(theirs)) ?? "";
      assert.partialDeepStrictEqual(decodeProtectedHeader(token), { alg, kid: "active" });
      await compactVerify(token, key ?? assert.fail());
    }
    const confused = (await classNamed("HS256 by the public key").make(theirs)) ?? "";
    const pem = createPublicKey({ key: published, format: "jwk" }).export({
      type: "spki",
      format: "pem",
    });
    await compactVerify(confused, new TextEncoder().encode(pem.toString().trimEnd()));
  });
}

test("an issuer that ends without a slash gets one", async () => {
  const bare = "https://tenant.example/realm";
  const classes = tokenClasses(bookinfo, { ...outputs, issuer: bare });
  const slash = classes.find(({ name }) => name === "issuer with a slash");
  assert.ok(!classes.some(({ name }) => name === "issuer without its slash"));
  const token = await slash?.make({ ...materials, issuer: bare });
  assert.equal(decodeJwt(token ?? "").iss, `${bare}/`);
});

/** What the forged tokens say about permissions, by class, where they are looked for at `path`. */
async function saidAt(path: string[]) {
  const names = [
    "forged but valid",
    "permissions as one string",
    "permissions nested",
    "permissions with a suffix",
    "permissions only as scope",
    "permissions only as permissions",
  ];
  const classes = tokenClasses(bookinfo, { ...outputs, permissionsClaim: path });
  const made = classes
    .filter(({ name }) => names.includes(name))
    .map(async ({ name, make, outcome }) => {
      const token = (await make({ ...materials, permissionsClaim: path })) ?? "";
      const { permissions, scope, realm_access } = decodeJwt(token);
      return [name, { permissions, scope, realm_access }, outcome.length] as const;
    });
  return Promise.all(made);
}

test("where permissions are nested, so are those of the tokens, and a text or a deeper list counts for nothing", async () => {
  const realm = (roles: unknown, scope = "openid") => ({
    permissions: undefined,
    scope,
    realm_access: { roles },
  });
  assert.deepEqual(await saidAt(["realm_access", "roles"]), [
    ["forged but valid", realm(both), 2],
    ["permissions as one string", realm("read:book-details read:book-reviews"), 0],
    ["permissions nested", realm({ granted: both }), 0],
    ["permissions with a suffix", realm(both.map((each) => `${each}:own`)), 0],
    ["permissions only as scope", realm([], "openid read:book-details read:book-reviews"), 0],
  ]);
});

test("where the scope's words are permissions, other separators and another claim count for nothing", async () => {
  const words = (scope: unknown, permissions?: unknown) => ({
    permissions,
    scope,
    realm_access: undefined,
  });
  assert.deepEqual(await saidAt(["scope"]), [
    ["forged but valid", words("openid read:book-details read:book-reviews"), 2],
    ["permissions as one string", words("read:book-details,read:book-reviews"), 0],
    ["permissions nested", words({ granted: both }), 0],
    ["permissions with a suffix", words("openid read:book-details:own read:book-reviews:own"), 0],
    ["permissions only as permissions", words([], both), 0],
  ]);
});
