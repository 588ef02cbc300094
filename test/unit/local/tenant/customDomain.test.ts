/** A tenant under its custom domain: the same tenant, whose tokens and addresses have the name that it was asked at. */
import { createRemoteJWKSet, decodeJwt, jwtVerify } from "jose";
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { signIn as signInAt } from "../../../../commands/verify/tokens/sign-in";
import { httpClient } from "../../../../lib/http";
import * as client from "openid-client";
import { audience, type Bookinfo, password, startBookinfo } from "./bookinfo";
import { answerOf, management, property, text } from "./support";

const email = "user@bookinfo.example";

describe("a custom domain", () => {
  let bookinfo: Bookinfo;
  let own: string;
  let custom: string;
  before(async () => {
    bookinfo = await startBookinfo();
    own = bookinfo.tenant.issuer;
    custom = bookinfo.tenant.customIssuer;
  });
  after(() => bookinfo.tenant.stop());

  async function tokenAt(issuer: string, form: Readonly<Record<string, string>>) {
    return answerOf(
      await fetch(`${issuer}oauth/token`, {
        method: "POST",
        body: new URLSearchParams({ grant_type: "client_credentials", ...form }),
      }),
    );
  }

  async function machineTokenAt(issuer: string): Promise<string> {
    const { clientId, clientSecret } = bookinfo.machine;
    const form = { client_id: clientId, client_secret: clientSecret, audience };
    const { status, body } = await tokenAt(issuer, form);
    assert.equal(status, 200);
    return text(body, "access_token");
  }

  const managementTokenAt = (issuer: string, identifier: string) =>
    tokenAt(issuer, {
      client_id: management.clientId,
      client_secret: management.clientSecret,
      audience: identifier,
    });

  async function clientsAt(issuer: string, token: string): Promise<number> {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(`${issuer}api/v2/clients`, { headers })).status;
  }

  test("each name's discovery document has that name in every address", async () => {
    for (const issuer of [own, custom]) {
      const response = await fetch(`${issuer}.well-known/openid-configuration`);
      const { body } = await answerOf(response);
      assert.equal(property(body, "issuer"), issuer);
      const addresses = Object.entries(body as object).filter(([name]) =>
        /_endpoint$|^jwks_uri$/.test(name),
      );
      assert.ok(addresses.length > 4);
      for (const [name, address] of addresses) assert.ok(String(address).startsWith(issuer), name);
    }
  });

  test("a token has the name that it was asked for at as its issuer, and both names' keys are the same", async () => {
    for (const [issuer, other] of [
      [own, custom],
      [custom, own],
    ] as const) {
      const token = await machineTokenAt(issuer);
      const keys = createRemoteJWKSet(new URL(`${other}.well-known/jwks.json`));
      const { payload } = await jwtVerify(token, keys, { issuer, audience });
      assert.equal(payload.iss, issuer);
    }
  });

  test("people sign in there, with tokens of that name, and /userinfo takes them there alone", async () => {
    const { web } = bookinfo;
    const provider = await client.discovery(
      new URL(custom),
      web.clientId,
      undefined,
      client.ClientSecretPost(web.clientSecret),
    );
    const verifier = client.randomPKCECodeVerifier();
    const start = client.buildAuthorizationUrl(provider, {
      redirect_uri: web.callback,
      scope: "openid email",
      audience,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
    });
    assert.ok(start.href.startsWith(custom));
    const arrived = await signInAt({
      start,
      callback: new URL(web.callback),
      email,
      password,
      fetch: httpClient(),
      signal: AbortSignal.timeout(60_000),
    });
    const tokens = await client.authorizationCodeGrant(provider, arrived, {
      pkceCodeVerifier: verifier,
      idTokenExpected: true,
    });
    assert.equal(tokens.claims()?.iss, custom);
    const { iss, aud } = decodeJwt(tokens.access_token);
    assert.deepEqual([iss, aud], [custom, [audience, `${custom}userinfo`]]);
    const userinfoAt = async (issuer: string) => {
      const headers = { authorization: `Bearer ${tokens.access_token}` };
      return (await fetch(`${issuer}userinfo`, { headers })).status;
    };
    assert.deepEqual([await userinfoAt(custom), await userinfoAt(own)], [200, 401]);
  });

  test("the Management API's identifier has the tenant's own domain only", async () => {
    for (const issuer of [own, custom]) {
      assert.equal((await managementTokenAt(issuer, `${own}api/v2/`)).status, 200);
      const refused = await managementTokenAt(issuer, `${custom}api/v2/`);
      assert.equal(refused.status, 403);
      assert.equal(
        property(refused.body, "error_description"),
        `Service not enabled within domain: ${custom}api/v2/`,
      );
    }
  });

  test("the Management API takes a token where it was asked for", async () => {
    for (const [issuer, other] of [
      [own, custom],
      [custom, own],
    ] as const) {
      const { body } = await managementTokenAt(issuer, `${own}api/v2/`);
      const token = text(body, "access_token");
      assert.deepEqual([await clientsAt(issuer, token), await clientsAt(other, token)], [200, 401]);
    }
  });

  test("a rotated key signs under both names, also one that was not published at the start", async () => {
    await bookinfo.tenant.call("POST", "/keys/signing/rotate");
    const rotated = await bookinfo.tenant.call("POST", "/keys/signing/rotate");
    assert.equal(rotated.status, 201, JSON.stringify(rotated.body));
    for (const issuer of [own, custom]) {
      const keys = createRemoteJWKSet(new URL(`${issuer}.well-known/jwks.json`));
      const { protectedHeader } = await jwtVerify(await machineTokenAt(issuer), keys, { issuer });
      assert.equal(protectedHeader.kid, text(rotated.body, "kid"));
    }
  });
});
