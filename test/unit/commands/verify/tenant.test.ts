/** Signing in at the sandbox's own tenant, whose pages and tokens are not made for these tests. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createRemoteJWKSet, decodeJwt, jwtVerify } from "jose";
import { application } from "../../../../application";
import { allCredentials } from "../../../../commands/verify/tokens/credentials";
import type { StackOutputs } from "../../../../commands/stack/outputs";
import { httpClient } from "../../../../lib/http";
import { readSigningKeys } from "../../../../commands/verify/tokens/signing-keys";
import { genuineTokens, tokenOfOwnDomain } from "../../../../commands/verify/tokens/tokens";
import type { IssuedTokens } from "../../../../commands/verify/tokens/tokens";
import { viewersOf } from "../../../../commands/verify/plan/viewers";
import { audience, password, startBookinfo } from "../../local/tenant/bookinfo";
import type { Bookinfo } from "../../local/tenant/bookinfo";
import { authentication, routing } from "./support/stack";

const live = new AbortController().signal;
const fetch = httpClient();
let bookinfo: Bookinfo;
let outputs: StackOutputs;
let tokens: IssuedTokens;

before(async () => {
  bookinfo = await startBookinfo();
  const { tenant, web, machine } = bookinfo;
  outputs = {
    gatewayUrl: "http://localhost:8080",
    issuer: tenant.issuer,
    jwksUri: `${tenant.issuer}.well-known/jwks.json`,
    audience,
    permissionsClaim: ["permissions"],
    authentication,
    clientIds: { web: web.clientId, machines: { catalogue: machine.clientId } },
    clientSecrets: { web: web.clientSecret, machines: { catalogue: machine.clientSecret } },
    userPasswords: {
      "nobody@bookinfo.example": password,
      "user@bookinfo.example": password,
      "moderator@bookinfo.example": password,
    },
    kubeconfig: "{}",
    routing,
    accepted: [],
    viewers: {
      users: [
        { email: "nobody@bookinfo.example", roles: [] },
        { email: "user@bookinfo.example", roles: ["user"] },
        { email: "moderator@bookinfo.example", roles: ["moderator"] },
      ],
      machines: [{ name: "catalogue", permissions: ["read:book-details"] }],
    },
  };
  tokens = await genuineTokens(outputs, fetch, live);
});

after(() => bookinfo.tenant.stop());

test("everybody gets a token that verifies, with the permissions they hold", async () => {
  const keys = createRemoteJWKSet(new URL(outputs.jwksUri));
  const held = await Promise.all(
    [...tokens].map(async ([viewer, { accessToken }]) => {
      const { payload } = await jwtVerify(accessToken, keys, { issuer: outputs.issuer, audience });
      return [viewer, payload.permissions];
    }),
  );
  assert.deepEqual(held, [
    ["nobody@bookinfo.example", []],
    ["user@bookinfo.example", ["read:book-details"]],
    ["moderator@bookinfo.example", ["read:book-details", "read:book-reviews"]],
    ["catalogue (machine)", ["read:book-details"]],
  ]);
});

test("only where tokens bear a custom domain there is one of the tenant's own: genuine, and of another issuer", async () => {
  const { tenant, machine } = bookinfo;
  const at = (issuer: string): StackOutputs => ({
    ...outputs,
    issuer,
    tenant: { domain: tenant.domain, ...machine },
  });
  assert.equal(await tokenOfOwnDomain(at(tenant.issuer), fetch, live), undefined);
  const token = (await tokenOfOwnDomain(at(tenant.customIssuer), fetch, live)) ?? "";
  const keys = createRemoteJWKSet(new URL(`${tenant.customIssuer}.well-known/jwks.json`));
  const { payload } = await jwtVerify(token, keys, { issuer: tenant.issuer, audience });
  assert.deepEqual(payload.permissions, ["read:book-details"]);
  const viewers = { ...outputs.viewers, machines: [] };
  assert.equal(
    await tokenOfOwnDomain({ ...at(tenant.customIssuer), viewers }, fetch, live),
    undefined,
  );
});

test("people get an ID token, machines none", () => {
  const named = [...tokens].map(([viewer, { idToken }]) => [
    viewer,
    idToken === undefined ? undefined : decodeJwt(idToken).aud,
  ]);
  const { web } = outputs.clientIds;
  assert.deepEqual(named, [
    ["nobody@bookinfo.example", web],
    ["user@bookinfo.example", web],
    ["moderator@bookinfo.example", web],
    ["catalogue (machine)", undefined],
  ]);
});

test("the tenant's key file is a signing key file: every viewer has something to send", async () => {
  const file = join(bookinfo.tenant.stateDirectory, "keys.json");
  const credentials = await allCredentials(
    application,
    outputs,
    tokens,
    new Map(),
    fetch,
    live,
    await readSigningKeys(file),
  );
  const untried = viewersOf(application, outputs).filter(({ name }) => !credentials.has(name));
  assert.deepEqual(untried, []);
  const keys = createRemoteJWKSet(new URL(outputs.jwksUri));
  const [good = ""] = credentials.get("forged but valid")?.words.keys() ?? [];
  await jwtVerify(good, keys, { issuer: outputs.issuer, audience });
  // What a forged token says is what the tenant itself would have said.
  const genuine = decodeJwt(tokens.get("moderator@bookinfo.example")?.accessToken ?? "");
  assert.deepEqual(decodeJwt(good).aud, genuine.aud);
  assert.ok((await readFile(file, "utf8")).includes('"d"'));
});

test("a wrong password: the page's own words", async () => {
  const userPasswords = { ...outputs.userPasswords, "user@bookinfo.example": "Wrong-password-1" };
  await assert.rejects(
    genuineTokens({ ...outputs, userPasswords }, fetch, live),
    (error: Error) => {
      assert.match(
        error.message,
        /^sign-in of user@bookinfo\.example failed: Wrong email or password\.? \(status \d+, https:\/\/localhost:\d+\/\S+\)$/,
      );
      assert.ok(!error.message.includes("Wrong-password-1"));
      return true;
    },
  );
});

test("an unknown audience, an unregistered callback and a wrong machine secret: the tenant's words", async () => {
  const failing = async (changes: Partial<StackOutputs>, message: RegExp) => {
    await assert.rejects(genuineTokens({ ...outputs, ...changes }, fetch, live), (error: Error) => {
      assert.equal(error.name, "UserError");
      assert.match(error.message, message);
      assert.ok(!error.message.includes("\n"));
      return true;
    });
  };
  await failing({ audience: "https://unknown.example" }, /Service not found: https:\/\/unknown/);
  await failing(
    { gatewayUrl: "http://localhost:9999" },
    /^sign-in of nobody@\S+ failed: .*callback/i,
  );
  await failing(
    {
      viewers: { ...outputs.viewers, users: [] },
      clientSecrets: { web: "", machines: { catalogue: "wrong" } },
    },
    /^the token of machine catalogue failed: /,
  );
});
