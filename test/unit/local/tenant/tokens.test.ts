/** Access tokens have Auth0's claims, exactly the permissions that are granted, and a published signing key. */
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from "jose";
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import {
  audience,
  type Bookinfo,
  details,
  makeMachine,
  onApi,
  password,
  reviews,
  startBookinfo,
} from "./bookinfo";
import { Browser, SignIn, signIn } from "./browser";
import { property, text } from "./support";

type Person = "nobody" | "user" | "moderator";

const people: readonly Person[] = ["nobody", "user", "moderator"];
const everything = `openid ${details} ${reviews}`;

describe("access tokens", () => {
  let bookinfo: Bookinfo;
  before(async () => {
    bookinfo = await startBookinfo();
  });
  after(() => bookinfo.tenant.stop());

  async function tokenOf(person: Person, parameters: Readonly<Record<string, string>>) {
    const { tenant, web } = bookinfo;
    const user = { email: `${person}@bookinfo.example`, password };
    return text(await signIn(tenant, web, user, parameters), "access_token");
  }

  function machineToken(parameters: Readonly<Record<string, string>> = {}) {
    const { tenant, machine } = bookinfo;
    return tenant.tokenRequest({
      grant_type: "client_credentials",
      client_id: machine.clientId,
      client_secret: machine.clientSecret,
      audience,
      ...parameters,
    });
  }

  async function setApi(changes: object): Promise<void> {
    const answer = await bookinfo.tenant.call("PATCH", bookinfo.apiPath, changes);
    assert.equal(answer.status, 200);
  }

  test("a user's token has exactly Auth0's header and claims, and verifies by the JWKS", async () => {
    const { tenant, web, userIds } = bookinfo;
    const token = await tokenOf("moderator", { scope: everything, audience });
    const keySet = createRemoteJWKSet(new URL(`${tenant.issuer}.well-known/jwks.json`));
    const { payload, protectedHeader } = await jwtVerify(token, keySet, {
      issuer: tenant.issuer,
      audience,
    });
    const { kid, ...header } = protectedHeader;
    assert.deepEqual(header, { alg: "RS256", typ: "JWT" });
    assert.ok(kid !== undefined && kid.length > 0);
    const { iat = 0, exp, ...claims } = payload;
    assert.deepEqual(claims, {
      iss: tenant.issuer,
      sub: userIds.moderator,
      aud: [audience, `${tenant.issuer}userinfo`],
      azp: web.clientId,
      scope: everything,
      permissions: [details, reviews],
    });
    assert.equal(exp, iat + 3600);
  });

  const matrix: readonly {
    readonly rbac: string;
    readonly settings: object;
    readonly permissions: Readonly<Record<Person, readonly string[] | undefined>>;
    readonly scope: Readonly<Record<Person, string>>;
  }[] = [
    {
      rbac: "enforced, with permissions in the token",
      settings: { enforce_policies: true, token_dialect: "access_token_authz" },
      permissions: { nobody: [], user: [details], moderator: [details, reviews] },
      scope: { nobody: "openid", user: `openid ${details}`, moderator: everything },
    },
    {
      rbac: "enforced, without permissions in the token",
      settings: { enforce_policies: true, token_dialect: "access_token" },
      permissions: { nobody: undefined, user: undefined, moderator: undefined },
      scope: { nobody: "openid", user: `openid ${details}`, moderator: everything },
    },
    {
      rbac: "not enforced",
      settings: { enforce_policies: false, token_dialect: "access_token_authz" },
      permissions: { nobody: undefined, user: undefined, moderator: undefined },
      scope: { nobody: everything, user: everything, moderator: everything },
    },
  ];
  for (const { rbac, settings, permissions, scope } of matrix)
    test(`RBAC ${rbac}: scope and permissions of each user`, async () => {
      await setApi(settings);
      for (const person of people) {
        const claims = decodeJwt(await tokenOf(person, { scope: everything, audience }));
        assert.deepEqual(claims.permissions, permissions[person], person);
        assert.equal(claims.scope, scope[person], person);
      }
      await setApi({ enforce_policies: true, token_dialect: "access_token_authz" });
    });

  test("a permission held directly counts like a role's, and ends with it", async () => {
    const { tenant, userIds } = bookinfo;
    const path = `/users/${encodeURIComponent(userIds.nobody)}/permissions`;
    const permissions = [onApi(reviews)];
    await tenant.make(path, { permissions });
    const granted = decodeJwt(await tokenOf("nobody", { scope: everything, audience }));
    assert.deepEqual(granted.permissions, [reviews]);
    await tenant.call("DELETE", path, { permissions });
    const withdrawn = decodeJwt(await tokenOf("nobody", { scope: everything, audience }));
    assert.deepEqual(withdrawn.permissions, []);
  });

  test("permissions are those of the roles when the token is made", async () => {
    const { tenant, roleIds } = bookinfo;
    const path = `/roles/${roleIds.user}/permissions`;
    await tenant.call("DELETE", path, { permissions: [onApi(details)] });
    assert.deepEqual(
      decodeJwt(await tokenOf("user", { scope: "openid", audience })).permissions,
      [],
    );
    await tenant.make(path, { permissions: [onApi(details)] });
    assert.deepEqual(decodeJwt(await tokenOf("user", { scope: "openid", audience })).permissions, [
      details,
    ]);
  });

  test("without openid the audience is the API alone; without an audience the token is opaque", async () => {
    const single = decodeJwt(await tokenOf("user", { scope: details, audience }));
    assert.equal(single.aud, audience);
    const opaque = await tokenOf("user", { scope: "openid" });
    assert.match(opaque, /^[\w-]{43}$/);
    assert.throws(() => decodeProtectedHeader(opaque));
  });

  test("a user's token for the Management API permits nothing", async () => {
    const { tenant } = bookinfo;
    const token = await tokenOf("moderator", {
      scope: "openid read:users delete:users",
      audience: `${tenant.issuer}api/v2/`,
    });
    assert.equal(decodeJwt(token).scope, "openid");
    const answer = await tenant.call("GET", "/users", undefined, token);
    assert.equal(answer.status, 403);
  });

  test("the API's token lifetime is the token's", async () => {
    await setApi({ token_lifetime: 7200 });
    const claims = decodeJwt(await tokenOf("user", { scope: "openid", audience }));
    assert.equal((claims.exp ?? 0) - (claims.iat ?? 0), 7200);
    const answer = await machineToken();
    assert.equal(property(answer.body, "expires_in"), 7200);
    await setApi({ token_lifetime: 3600, token_lifetime_for_web: 3600 });
  });

  test("an API may be closed to users of clients without a grant", async () => {
    const { tenant, web } = bookinfo;
    const policy = (user: string) => ({
      subject_type_authorization: {
        user: { policy: user },
        client: { policy: "require_client_grant" },
      },
    });
    await setApi(policy("require_client_grant"));
    const attempt = new SignIn(tenant, web, { scope: "openid", audience });
    const refused = attempt.result(await new Browser(tenant).open(attempt.url));
    assert.equal(
      refused.get("error_description"),
      `Client "${web.clientId}" is not authorized to access resource server "${audience}".`,
    );
    const grant = await tenant.make("/client-grants", {
      client_id: web.clientId,
      audience,
      scope: [],
      subject_type: "user",
    });
    await tokenOf("user", { scope: "openid", audience });
    await tenant.call("DELETE", `/client-grants/${text(grant, "id")}`);
    await setApi(policy("allow_all"));
  });

  test("a machine's token carries the scope of its grant", async () => {
    const { tenant, machine } = bookinfo;
    const { status, body } = await machineToken();
    assert.equal(status, 200);
    assert.partialDeepStrictEqual(body, { token_type: "Bearer", expires_in: 3600, scope: details });
    const { iat = 0, exp, ...claims } = decodeJwt(text(body, "access_token"));
    assert.deepEqual(claims, {
      iss: tenant.issuer,
      sub: `${machine.clientId}@clients`,
      aud: audience,
      azp: machine.clientId,
      gty: "client-credentials",
      scope: details,
      permissions: [details],
    });
    assert.equal(exp, iat + 3600);
  });

  test("a machine with two permissions may ask for one of them", async () => {
    const { tenant } = bookinfo;
    const { clientId, clientSecret } = await makeMachine(tenant, [details, reviews]);
    const both = await machineToken({ client_id: clientId, client_secret: clientSecret });
    assert.equal(property(both.body, "scope"), `${details} ${reviews}`);
    const one = await machineToken({
      client_id: clientId,
      client_secret: clientSecret,
      scope: reviews,
    });
    assert.equal(property(one.body, "scope"), reviews);
    assert.deepEqual(decodeJwt(text(one.body, "access_token")).permissions, [reviews]);
  });

  test("a machine's request is refused in Auth0's words", async () => {
    const { tenant, web } = bookinfo;
    const ungranted = `${tenant.issuer}api/v2/`;
    const refusals = [
      [{ client_secret: "wrong" }, 401, "access_denied", "Unauthorized"],
      [{ client_id: "stranger" }, 401, "access_denied", "Unauthorized"],
      [
        { audience: ungranted },
        403,
        "access_denied",
        `Client is not authorized to access "${ungranted}". You need to create a "client-grant" associated to this API. See: https://auth0.com/docs/api/v2#!/Client_Grants/post_client_grants`,
      ],
      [
        { audience: "https://unknown.example" },
        403,
        "access_denied",
        "Service not enabled within domain: https://unknown.example",
      ],
      [{ scope: reviews }, 403, "access_denied", `Client has not been granted scopes: ${reviews}`],
      [
        { client_id: web.clientId, client_secret: web.clientSecret },
        403,
        "unauthorized_client",
        "Grant type 'client_credentials' not allowed for the client.",
      ],
    ] as const;
    for (const [parameters, status, error, error_description] of refusals)
      assert.deepEqual(await machineToken(parameters), {
        status,
        body: { error, error_description },
      });
  });

  test("a machine may authenticate by Basic and send JSON", async () => {
    const { tenant, machine } = bookinfo;
    const basic = Buffer.from(`${machine.clientId}:${machine.clientSecret}`).toString("base64");
    const answer = await fetch(`${tenant.issuer}oauth/token`, {
      method: "POST",
      headers: { authorization: `Basic ${basic}`, "content-type": "application/json" },
      body: JSON.stringify({ grant_type: "client_credentials", audience }),
    });
    assert.equal(answer.status, 200);
  });

  test("after a rotation new tokens have the announced key, and old ones verify until it is revoked", async () => {
    const { tenant } = bookinfo;
    const jwksUri = `${tenant.issuer}.well-known/jwks.json`;
    const published = async () => {
      const body: unknown = await (await fetch(jwksUri)).json();
      const keys = property(body, "keys");
      assert.ok(Array.isArray(keys));
      return keys.map((key: unknown) => {
        for (const secret of ["d", "p", "q", "dp", "dq", "qi"])
          assert.equal(property(key, secret), undefined);
        return text(key, "kid");
      });
    };
    const verify = (token: string) =>
      jwtVerify(token, createRemoteJWKSet(new URL(jwksUri)), { audience });
    const newToken = async () => text((await machineToken()).body, "access_token");
    const [current, next] = await published();
    const old = await newToken();
    assert.equal(decodeProtectedHeader(old).kid, current);

    const rotated = await tenant.make("/keys/signing/rotate", undefined);
    assert.equal(text(rotated, "kid"), next);
    assert.match(text(rotated, "cert"), /^-----BEGIN CERTIFICATE-----/);
    const fresh = await newToken();
    assert.equal(decodeProtectedHeader(fresh).kid, next);
    const after = await published();
    assert.equal(after.length, 3);
    assert.deepEqual([after[0], after[2]], [next, current]);
    await verify(old);
    await verify(fresh);

    const revoked = await tenant.call("PUT", `/keys/signing/${current ?? ""}/revoke`);
    assert.equal(revoked.status, 200);
    await assert.rejects(verify(old), { code: "ERR_JWKS_NO_MATCHING_KEY" });
    await verify(fresh);
    // The management token of before went with the key.
    const path = `/keys/signing/${next ?? ""}/revoke`;
    assert.equal((await tenant.call("PUT", path)).status, 401);
    const used = await tenant.call("PUT", path, undefined, await tenant.managementToken());
    assert.equal(used.status, 400);
  });
});
