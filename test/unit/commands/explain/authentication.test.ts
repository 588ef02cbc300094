/** `explain` takes or refuses a token as Envoy does, by its claims, its signature and where the request carries it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JWTPayload } from "jose";
import {
  audience,
  bearer,
  denied,
  issuer,
  jwtRule,
  object,
  request,
  seconds,
  short,
  sign,
  startSigner,
} from "./mesh";

describe("which tokens are good", () => {
  const rows: [string, JWTPayload, string][] = [
    ["expired for less than the clocks may differ", { exp: seconds - 59 }, "allowed"],
    ["expired", { exp: seconds - 61 }, "401 Jwt is expired"],
    ["no expiry", { exp: undefined }, "allowed"],
    ["soon", { nbf: seconds + 60 }, "allowed"],
    ["not yet", { nbf: seconds + 61 }, "401 Jwt not yet valid"],
    ["no slash", { iss: issuer.slice(0, -1) }, "401 Jwt issuer is not configured"],
    ["no issuer", { iss: undefined }, "401 Jwt issuer is not configured"],
    ["other audience", { aud: "https://other" }, "403 Audiences in Jwt are not allowed"],
    ["no audience", { aud: undefined }, "403 Audiences in Jwt are not allowed"],
    ["one of several audiences", { aud: ["https://other", audience] }, "allowed"],
    ["audience with other scheme", { aud: "http://bookinfo.io/" }, "allowed"],
    [
      "a number for a subject",
      { sub: 1 as unknown as string },
      "401 Jwt payload [sub] field is not a string",
    ],
  ];
  for (const [name, claims, expected] of rows) {
    test(name, async () => {
      assert.equal(await short({}, request({ headers: bearer(await sign(claims)) })), expected);
    });
  }

  test("the time is judged before the audience, and both before the signature", async () => {
    const other = await startSigner();
    const both = await other.sign({ exp: 1, aud: "x" });
    assert.equal(await short({}, request({ headers: bearer(both) })), "401 Jwt is expired");
    const one = await other.sign({ aud: "x" });
    assert.equal(
      await short({}, request({ headers: bearer(one) })),
      "403 Audiences in Jwt are not allowed",
    );
    const neither = await other.sign();
    assert.equal(
      await short({}, request({ headers: bearer(neither) })),
      "401 Jwt verification fails",
    );
  });

  test("a key that the issuer has not", async () => {
    const headers = bearer(await sign({}, { kid: "two" }));
    assert.equal(
      await short({}, request({ headers })),
      "401 Jwks doesn't have key to match kid or alg from Jwt",
    );
  });

  test("a token without a key's name is tried with all keys", async () => {
    const headers = bearer(await sign({}, { kid: undefined }));
    assert.equal(await short({}, request({ headers })), "allowed");
  });

  test("alg none, opaque and garbage", async () => {
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const rows: [string, string][] = [
      [
        "opaque",
        "401 Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections",
      ],
      [`${encode({ alg: "none" })}.${encode({})}.AAAA`, "401 Jwt header [alg] is not supported"],
      [
        `${encode({ alg: "none" })}.${encode({})}.`,
        "401 Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections",
      ],
      ["e30.e30.AAAA", "401 Jwt header [alg] field is required and must be a string"],
    ];
    for (const [token, expected] of rows) {
      assert.equal(await short({}, request({ headers: bearer(token) })), expected);
    }
  });
});

describe("where tokens are", () => {
  test("the prefix is compared exactly, and may come later", async () => {
    const token = await sign();
    const rows: [string, string][] = [
      [`bearer ${token}`, denied],
      [`Basic abc`, denied],
      ["Bearer", denied],
      [`Basic abc, Bearer ${token}`, "allowed"],
    ];
    for (const [value, expected] of rows) {
      assert.equal(await short({}, request({ headers: { authorization: [value] } })), expected);
    }
  });

  test("two tokens in one repeated header are not a token, for any two", async () => {
    const good = await sign();
    const bad = await sign({ exp: 1 });
    const both = (...tokens: string[]) =>
      short({}, request({ headers: { authorization: tokens.map((token) => `Bearer ${token}`) } }));
    const none =
      "401 Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections";
    assert.equal(await both(good, good), none);
    assert.equal(await both(good, bad), none);
    assert.equal(await both(bad, good), none);
  });

  test("of tokens in several places all have to be good, and the first one's claims count", async () => {
    const good = await sign();
    const poor = await sign({ permissions: [] });
    const bad = await sign({ exp: 1 });
    const rule = {
      requestAuthentications: [
        object("tokens", {
          jwtRules: [
            {
              ...jwtRule,
              fromHeaders: [
                { name: "a-first", prefix: "Bearer " },
                { name: "b-second", prefix: "Bearer " },
              ],
            },
          ],
        }),
      ],
    };
    const both = (first: string, second: string) =>
      short(
        rule,
        request({ headers: { "a-first": [`Bearer ${first}`], "b-second": [`Bearer ${second}`] } }),
      );
    assert.equal(await both(good, poor), "allowed");
    assert.equal(await both(poor, good), denied);
    assert.equal(await both(good, bad), "401 Jwt is expired");
    assert.equal(await both(bad, good), "401 Jwt is expired");
  });

  test("a parameter counts only where the rule says nothing of places, or names it", async () => {
    const path = `/details/0?access_token=${await sign()}`;
    const rule = (changes: object) => ({
      requestAuthentications: [object("tokens", { jwtRules: [{ ...jwtRule, ...changes }] })],
    });
    assert.equal(await short({}, request({ path })), denied);
    assert.equal(await short(rule({ fromHeaders: [] }), request({ path })), "allowed");
    assert.equal(await short(rule({ fromParams: ["access_token"] }), request({ path })), "allowed");
    assert.equal(await short(rule({ fromParams: ["token"] }), request({ path })), denied);
  });

  test("a browser's question before a request of another origin needs no good token", async () => {
    const headers = {
      ...bearer("garbage"),
      origin: ["https://other"],
      "access-control-request-method": ["GET"],
    };
    assert.equal(await short({}, request({ method: "OPTIONS", headers })), denied);
  });
});

describe("several issuers", () => {
  const second = { issuer: "https://other.example/", jwksUri: jwtRule.jwksUri };
  const objects = {
    requestAuthentications: [
      object("tokens", { jwtRules: [jwtRule] }),
      object("second", { jwtRules: [second] }),
    ],
  };

  test("one that fits is enough; if none does, the message says what is wrong apart from the issuer", async () => {
    const withClaims = async (claims: JWTPayload) =>
      short(objects, request({ headers: bearer(await sign(claims)) }));
    assert.equal(await withClaims({}), "allowed");
    assert.equal(await withClaims({ iss: second.issuer }), denied);
    assert.equal(await withClaims({ iss: "https://third" }), "401 Jwt issuer is not configured");
    assert.equal(await withClaims({ exp: 1 }), "401 Jwt is expired");
    assert.equal(await short(objects, request()), denied);
  });
});
