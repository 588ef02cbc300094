/** The realm as a client of it sees it: discovery, sign-in by code, client credentials, and what its tokens say. */
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { after, before, test } from "node:test";
import { createRemoteJWKSet, jwtVerify } from "jose";
import * as client from "openid-client";
import { signIn } from "../../../../commands/verify/tokens/sign-in";
import { httpClient } from "../../../../lib/http";
import { type RealmAlgorithm, realmAlgorithms } from "../../../../local/tenant/realm/options";
import { algorithmOfRealm, realmAddresses } from "../../../../local/tenant/realm/options";
import { startTenant } from "../../../../local/tenant/server";
import { management, temporaryDirectory, trust } from "./support";

const callback = "http://localhost:8080/oauth2/callback";
const realm = {
  // Keycloak's is a client's id, which is no URL.
  audience: "books-api",
  users: [{ email: "user@bookinfo.example", password: "right", roles: ["read:book-details"] }],
  clients: [
    { id: "web", secret: "web-secret", roles: [], callback },
    { id: "catalogue", secret: "machine-secret", roles: ["read:book-details", "x"] },
  ],
};

let running: Awaited<ReturnType<typeof startTenant>>;
let folder: string;
let issuer: string;

before(async () => {
  folder = await temporaryDirectory();
  await trust(folder);
  const listen = { host: "127.0.0.1", port: 0 };
  running = await startTenant({
    domain: "unused",
    listen,
    stateDirectory: folder,
    management,
    realm,
  });
  issuer = `https://${running.domain}/realms/sandbox`;
});

after(async () => {
  await running.close();
  await rm(folder, { recursive: true });
});

const as = (id: string, secret: string) =>
  client.discovery(new URL(issuer), id, undefined, client.ClientSecretPost(secret));

async function claimsOf(token: string) {
  const keys = createRemoteJWKSet(new URL(`${issuer}/protocol/openid-connect/certs`));
  const { payload, protectedHeader } = await jwtVerify(token, keys, {
    issuer,
    audience: realm.audience,
  });
  return { payload, protectedHeader };
}

async function codeOf(provider: client.Configuration, password: string) {
  const verifier = client.randomPKCECodeVerifier();
  const start = client.buildAuthorizationUrl(provider, {
    redirect_uri: callback,
    scope: "openid email",
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  });
  const arrived = await signIn({
    start,
    callback: new URL(callback),
    email: "user@bookinfo.example",
    password,
    fetch: httpClient(),
    signal: AbortSignal.timeout(20_000),
  });
  return client.authorizationCodeGrant(provider, arrived, { pkceCodeVerifier: verifier });
}

test("discovery gives an issuer without a slash, and everything is below it", async () => {
  const metadata = (await as("web", "web-secret")).serverMetadata();
  assert.equal(metadata.issuer, issuer);
  const addresses = [
    metadata.authorization_endpoint,
    metadata.token_endpoint,
    metadata.jwks_uri,
    metadata.userinfo_endpoint,
  ];
  for (const address of addresses)
    assert.ok(address?.startsWith(`${issuer}/protocol/openid-connect/`), address);
});

test("a person's token has their roles, nested and as words, and is for the API", async () => {
  const provider = await as("web", "web-secret");
  const answer = await codeOf(provider, "right");
  const { payload, protectedHeader } = await claimsOf(answer.access_token);
  assert.deepEqual(payload.realm_access, { roles: ["read:book-details"] });
  assert.equal(payload.scope, "openid email read:book-details");
  assert.equal(payload.scp, "read:book-details");
  assert.equal(payload.azp, "web");
  assert.equal(payload.permissions, undefined);
  assert.equal(protectedHeader.typ, "JWT");
  assert.equal(answer.claims()?.email, "user@bookinfo.example");
});

test("a machine's token has the client's own roles", async () => {
  const provider = await as("catalogue", "machine-secret");
  const { access_token: token } = await client.clientCredentialsGrant(provider);
  const { payload } = await claimsOf(token);
  assert.deepEqual(payload.realm_access, { roles: ["read:book-details", "x"] });
  assert.equal(payload.scope, "read:book-details x");
});

test("a wrong password, a wrong secret, and a client of the wrong kind get nothing", async () => {
  await assert.rejects(codeOf(await as("web", "web-secret"), "wrong"), /Wrong email or password/);
  const refused = async (id: string, secret: string) =>
    client.clientCredentialsGrant(await as(id, secret));
  await assert.rejects(refused("catalogue", "wrong"), { error: "invalid_client" });
  await assert.rejects(refused("web", "web-secret"), { error: "invalid_request" });
});

test("the tenant next to it is unchanged", async () => {
  const answer = await fetch(`https://${running.domain}/.well-known/openid-configuration`);
  assert.equal(((await answer.json()) as { issuer: string }).issuer, `https://${running.domain}/`);
});

test("a realm signs with the algorithm that its name ends in, by a key of its own that it keeps", async (t) => {
  const directory = await temporaryDirectory();
  t.after(() => rm(directory, { recursive: true }));
  await trust(directory);
  const signed = async (algorithm: RealmAlgorithm) => {
    const started = await startTenant({
      domain: "unused",
      listen: { host: "127.0.0.1", port: 0 },
      stateDirectory: directory,
      management,
      realm: { ...realm, algorithm },
    });
    try {
      const theirs = realmAddresses(started.domain, algorithm);
      assert.equal(algorithmOfRealm(theirs.issuer), algorithm);
      const authentication = client.ClientSecretPost("machine-secret");
      const provider = await client.discovery(
        new URL(theirs.issuer),
        "catalogue",
        undefined,
        authentication,
      );
      const { access_token: token } = await client.clientCredentialsGrant(provider);
      const keys = createRemoteJWKSet(new URL(theirs.jwksUri));
      return (await jwtVerify(token, keys, { issuer: theirs.issuer })).protectedHeader;
    } finally {
      await started.close();
    }
  };
  const kids = new Set<unknown>();
  for (const algorithm of realmAlgorithms) {
    const { alg, kid } = await signed(algorithm);
    assert.equal(alg, algorithm);
    assert.equal((await signed(algorithm)).kid, kid);
    kids.add(kid);
  }
  assert.equal(kids.size, realmAlgorithms.length);
});
