/** A pattern or exclusion in an ALLOW rule's principals is reported; full issuers and single service accounts pass. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { principalForm } from "../../../../policies/rules/principal-form";
import { allow, authorization, issuers, principals, source } from "../istio";
import { judged, notKnown } from "../judged";

const where = "spec.rules[0].from[0].source";
const is = (path: string, value: string, write: string) => ({
  where: `${path} of AuthorizationPolicy bookinfo/details`,
  is: value,
  write,
  resource: "details",
});
const from = (fields: object) => allow("details", { from: [{ source: fields }] });
const unknown = "a value that is not known before the update";
const settings = { issuers };

test("an issuer's principals and single service accounts pass", async () => {
  const good = [
    allow("details", { from: [source("bookinfo/productpage", [principals])] }),
    from({ requestPrincipals: ["https://tenant.example//auth0|1"] }),
    from({ principals: ["cluster.local/ns/bookinfo/sa/productpage"] }),
    allow("details", {
      when: [
        { key: "source.principal", values: ["cluster.local/ns/bookinfo/sa/productpage"] },
        { key: "request.headers[x]", values: ["*"] },
      ],
    }),
    authorization("deny", {
      action: "DENY",
      rules: [{ from: [{ source: { principals: ["*"] } }] }],
    }),
  ];
  assert.deepEqual(await judged(principalForm, good, settings), []);
});

test("every pattern in a request principal is found", async () => {
  const bad = [
    "*",
    "https://tenant.example/*",
    "https://tenant.example//",
    "https://tenant.example//auth0*",
    "https://other.example//*",
    "https://tenant.example//more/*",
    "https://*",
    "*/user",
    "",
  ];
  for (const one of bad)
    assert.deepEqual(await judged(principalForm, [from({ requestPrincipals: [one] })], settings), [
      is(`${where}.requestPrincipals`, JSON.stringify(one), `"${principals}"`),
    ]);
  assert.deepEqual(await judged(principalForm, [from({ requestPrincipals: notKnown })], settings), [
    is(`${where}.requestPrincipals`, unknown, `"${principals}"`),
  ]);
});

test("patterns of workloads, exclusions and conditions are found", async () => {
  const account = "one service account, namespace/name";
  const cases = [
    [
      from({ serviceAccounts: ["bookinfo/*"] }),
      `${where}.serviceAccounts`,
      '"bookinfo/*"',
      account,
    ],
    [from({ principals: ["*"] }), `${where}.principals`, '"*"', account],
    [from({ principals: [notKnown] }), `${where}.principals`, unknown, account],
    [
      from({ notRequestPrincipals: ["https://bad.example/*"] }),
      `${where}.notRequestPrincipals`,
      '["https://bad.example/*"]',
      `requestPrincipals: "${principals}"`,
    ],
    [
      allow("details", { when: [{ key: "request.auth.principal", values: ["*"] }] }),
      "spec.rules[0].when[0].values",
      '"*"',
      `"${principals}"`,
    ],
    [
      allow("details", { when: [{ key: "source.principal", values: ["cluster.local/*"] }] }),
      "spec.rules[0].when[0].values",
      '"cluster.local/*"',
      account,
    ],
  ] as const;
  for (const [policy, path, value, write] of cases)
    assert.deepEqual(await judged(principalForm, [policy], settings), [is(path, value, write)]);
});

test("without a configured issuer, one that is named in full passes", async () => {
  const good = [from({ requestPrincipals: ["https://login.example/realms/a/*"] })];
  assert.deepEqual(await judged(principalForm, good), []);
  const write = "an issuer in full, followed by /*";
  assert.deepEqual(await judged(principalForm, [from({ requestPrincipals: ["*"] })]), [
    is(`${where}.requestPrincipals`, '"*"', write),
  ]);
  assert.deepEqual(await judged(principalForm, [allow("details", { to: [] })]), []);
});
