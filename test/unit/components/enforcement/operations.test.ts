/** A service's operations are one policy, with a rule for each requirement, and what none lists is in no rule. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { application as bookinfo } from "../../../../application";
import { serviceOf } from "../../../../components/application";
import type { Operations } from "../../../../components/access/rows";
import { policiesOf } from "../../../../components/enforcement/policies";

const issuer = "https://tenant.example/";
const tokens = {
  issuer,
  jwksUri: `${issuer}.well-known/jwks.json`,
  audience: "books",
  permissionsClaim: ["permissions"],
};

/** The rules of details with these operations; its callers are productpage, where an operation names none. */
function rulesOf(operations: Operations, issuers = [tokens]) {
  const { callers, port, serviceAccount } = serviceOf(bookinfo, "details");
  const details = { callers, path: "/details/0", port, serviceAccount, operations };
  const { AuthorizationPolicy, RequestAuthentication } = policiesOf({
    issuers,
    authentication: { at: "workload", required: false },
    gatewayUrl: "http://localhost:8080",
    application: { ...bookinfo, services: { ...bookinfo.services, details } },
  });
  const own = AuthorizationPolicy.filter(({ resource }) => resource === "details");
  return {
    policies: own.length,
    isChecked: RequestAuthentication.some(({ resource }) => resource === "tokens-details"),
    rules: own.flatMap(({ spec }) => spec.rules ?? []),
  };
}

const source = (name: string, ...requestPrincipals: string[]) => ({
  source: {
    serviceAccounts: [`bookinfo/bookinfo-${name}`],
    ...(requestPrincipals.length > 0 && { requestPrincipals }),
  },
});
const operation = (methods: string[], ...paths: string[]) => ({ operation: { methods, paths } });
const holding = (permission: string) => [
  { key: "request.auth.claims[permissions]", values: [permission] },
];

test("operations that ask for the same are one rule, with one entry for methods on the same paths", () => {
  const { policies, isChecked, rules } = rulesOf({
    "GET /details": "read:book-details",
    "HEAD /details": "read:book-details",
    "GET /details/{id}": "read:book-details",
    "HEAD /details/{id}": "read:book-details",
    "DELETE /details/{id}": "read:book-details",
    "PUT /details/{id}": { requires: "read:book-reviews", callers: ["reviews"] },
    "POST /details": "signedIn",
    "GET /files/{rest...}": "public",
    "GET /health": "public",
  });
  assert.deepEqual([policies, isChecked], [1, true]);
  assert.deepEqual(rules, [
    {
      from: [source("productpage", `${issuer}/*`)],
      when: holding("read:book-details"),
      to: [
        operation(["GET", "HEAD"], "/details", "/details/{*}"),
        operation(["DELETE"], "/details/{*}"),
      ],
    },
    {
      from: [source("reviews", `${issuer}/*`)],
      when: holding("read:book-reviews"),
      to: [operation(["PUT"], "/details/{*}")],
    },
    { from: [source("productpage", `${issuer}/*`)], to: [operation(["POST"], "/details")] },
    {
      from: [source("productpage")],
      to: [operation(["GET"], "/files/{**}", "/health")],
    },
  ]);
});

test("permissions of which one is enough are one condition, and those that are all needed are one each", () => {
  const [read, write] = ["read:book-details", "read:book-reviews"];
  const both = { allOf: [read, write] };
  const when = (operations: Operations) => rulesOf(operations).rules.map((rule) => rule.when);
  assert.deepEqual(when({ "GET /details": { anyOf: [read, write] } }), [
    [{ key: "request.auth.claims[permissions]", values: [read, write] }],
  ]);
  assert.deepEqual(when({ "GET /details": both }), [[...holding(read), ...holding(write)]]);
  assert.deepEqual(when({ "GET /details": { anyOf: [both, "other"] } }), [
    holding("other"),
    [...holding(read), ...holding(write)],
  ]);
  const same = { "GET /a": { anyOf: ["x", both] }, "GET /b": { anyOf: [both, "x"] } } as const;
  assert.equal(rulesOf(same).rules.length, 2);
});

test("rules grow with requirements and issuers, not with operations", () => {
  const many = (count: number, requirements: number) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, index): [`GET /${string}`, string] => [
        `GET /details/${index}`,
        `permission-${index % requirements}`,
      ]),
    );
  const other = { ...tokens, issuer: "https://other.example/" };
  for (const requirements of [1, 2, 5, 10])
    for (const count of [10, 50, 200]) {
      const { policies, rules } = rulesOf(many(count, requirements));
      assert.deepEqual([policies, rules.length], [1, requirements], `${count} operations`);
    }
  assert.equal(rulesOf(many(50, 2), [tokens, other]).rules.length, 4);
});

test("a service whose operations are all public needs no check of tokens of its own", () => {
  const { isChecked, rules } = rulesOf({ "GET /health": "public" });
  assert.equal(isChecked, false);
  assert.deepEqual(rules, [{ from: [source("productpage")], to: [operation(["GET"], "/health")] }]);
});
