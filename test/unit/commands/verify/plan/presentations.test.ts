/** Each wrong way to present a token or identity sends exactly what it should, and has to be refused or ignored. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { application as bookinfo } from "../../../../../application";
import { application as orders } from "../../../../../examples/orders/application";
import { bearer, presentationsOf } from "../../../../../commands/verify/plan/presentations";

const whole = "eyJ.cGF5bG9hZA.c2ln";
const broken = "eyJ.YnJva2Vu.c2ln";

test("what each way to present a token sends, and how it has to be taken", () => {
  const sent = presentationsOf(bookinfo).map(({ name, credential, carry }) => {
    const { headers, query } = carry(whole, broken);
    const outcome = credential.kind === "bad token" ? credential.refusal : credential.kind;
    return [name, outcome, headers, query];
  });
  const spoofed =
    "By=spiffe://cluster.local/ns/bookinfo/sa/bookinfo-details;URI=spiffe://cluster.local/ns/bookinfo/sa/bookinfo-productpage";
  assert.deepEqual(sent, [
    ["bearer in lower case", "none", { authorization: `bearer ${whole}` }, undefined],
    ["token in ?access_token=", "none", {}, `access_token=${whole}`],
    ["token in a cookie", "none", { cookie: `access_token=${whole}; session=${whole}` }, undefined],
    [
      "token as Basic password",
      "none",
      { authorization: `Basic ${btoa(`user:${whole}`)}` },
      undefined,
    ],
    [
      "spoofed identity headers",
      "none",
      {
        "x-forwarded-client-cert": spoofed,
        "x-forwarded-access-token": whole,
        "x-forwarded-email": "admin@bookinfo.example",
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-user": "auth0|admin",
        "x-auth-request-access-token": whole,
        "x-auth-request-user": "auth0|admin",
        "x-envoy-original-path": "/productpage",
        "x-jwt-payload": "cGF5bG9hZA",
        "x-original-url": "/productpage",
      },
      undefined,
    ],
    [
      "Basic, then Bearer",
      "token",
      { authorization: [`Basic ${btoa("user:password")}`, `Bearer ${whole}`] },
      undefined,
    ],
    [
      "two Authorization headers",
      "not a JWT",
      { authorization: [`Bearer ${whole}`, `Bearer ${broken}`] },
      undefined,
    ],
  ]);
  assert.deepEqual(bearer(whole), { headers: { authorization: `Bearer ${whole}` } });
});

test("the word for a token stands for its payload too", () => {
  const word = "[token of moderator@bookinfo.example]";
  const spoofing = presentationsOf(bookinfo).find(
    ({ name }) => name === "spoofed identity headers",
  );
  assert.equal(spoofing?.carry(word, "").headers["x-jwt-payload"], word);
});

test("the identity that is spoofed is one of the application's own", () => {
  const spoofing = presentationsOf(orders).find(({ name }) => name === "spoofed identity headers");
  const { headers } = spoofing?.carry(whole, broken) ?? { headers: {} };
  assert.equal(
    headers["x-forwarded-client-cert"],
    "By=spiffe://cluster.local/ns/orders/sa/customers;URI=spiffe://cluster.local/ns/orders/sa/orders",
  );
  assert.equal(headers["x-original-url"], "/catalogue");
  assert.ok(!JSON.stringify(headers).includes("bookinfo"));
});
