/** Each kind of condition of an AuthorizationPolicy matches a request as in Istio, or is said not to be known. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JWTPayload } from "jose";
import type { RequestFacts } from "../../../../commands/explain/evaluate";
import {
  audience,
  bearer,
  decideBy,
  issuer,
  object,
  operation,
  request,
  sign,
  source,
  when,
} from "./mesh";

/** An AuthorizationPolicy for details, and whether it matches the request. */
interface RuleCase {
  readonly name: string;
  readonly rule: object;
  readonly matches: boolean | "not known";
  readonly facts?: Partial<RequestFacts>;
  readonly claims?: JWTPayload;
}

const token = { claims: {} };

const ruleCases: readonly RuleCase[] = [
  { name: "nothing asked", rule: {}, matches: true },
  {
    name: "principal",
    rule: source({ principals: ["cluster.local/ns/bookinfo/sa/bookinfo-productpage"] }),
    matches: true,
  },
  {
    name: "principal by prefix",
    rule: source({ principals: ["cluster.local/ns/book*"] }),
    matches: true,
  },
  {
    name: "principal by suffix",
    rule: source({ principals: ["*/sa/bookinfo-productpage"] }),
    matches: true,
  },
  {
    name: "another trust domain",
    rule: source({ principals: ["other/ns/bookinfo/sa/bookinfo-productpage"] }),
    matches: false,
  },
  { name: "any principal", rule: source({ principals: ["*"] }), matches: true },
  { name: "no principal", rule: source({ notPrincipals: ["*"] }), matches: false },
  {
    name: "account without its namespace",
    rule: source({ serviceAccounts: ["bookinfo-productpage"] }),
    matches: true,
  },
  {
    name: "account's prefix",
    rule: source({ serviceAccounts: ["bookinfo/bookinfo-product"] }),
    matches: false,
  },
  { name: "namespace", rule: source({ namespaces: ["book*"] }), matches: true },
  { name: "not this namespace", rule: source({ notNamespaces: ["bookinfo"] }), matches: false },
  {
    name: "one of two sources",
    rule: { from: [{ source: { namespaces: ["x"] } }, { source: { namespaces: ["bookinfo"] } }] },
    matches: true,
  },
  {
    name: "both fields of one source",
    rule: source({ namespaces: ["bookinfo"], serviceAccounts: ["x/y"] }),
    matches: false,
  },
  { name: "an address", rule: source({ ipBlocks: ["10.0.0.0/8"] }), matches: "not known" },
  {
    name: "an address, in vain",
    rule: source({ ipBlocks: ["10.0.0.0/8"], namespaces: ["x"] }),
    matches: false,
  },
  { name: "any token, without one", rule: source({ requestPrincipals: ["*"] }), matches: false },
  { name: "any token", rule: source({ requestPrincipals: ["*"] }), ...token, matches: true },
  { name: "no token", rule: source({ notRequestPrincipals: ["*"] }), matches: true },
  {
    name: "any subject of the issuer",
    rule: source({ requestPrincipals: [`${issuer}/*`] }),
    ...token,
    matches: true,
  },
  {
    name: "one slash too few",
    rule: source({ requestPrincipals: [`${issuer}*`] }),
    ...token,
    matches: false,
  },
  {
    name: "subject by prefix",
    rule: source({ requestPrincipals: [`${issuer}/auth0|*`] }),
    ...token,
    matches: true,
  },
  {
    name: "issuer by suffix",
    rule: source({ requestPrincipals: ["*example//auth0|ada"] }),
    ...token,
    matches: true,
  },
  {
    name: "subject by suffix",
    rule: source({ requestPrincipals: ["*ada"] }),
    ...token,
    matches: true,
  },
  { name: "port", rule: operation({ ports: ["9080"] }), matches: true },
  { name: "not this port", rule: operation({ notPorts: ["9080"] }), matches: false },
  {
    name: "an unknown port",
    rule: operation({ ports: ["9080"] }),
    facts: { destination: { namespace: "bookinfo", labels: { app: "details" } } },
    matches: "not known",
  },
  { name: "method by prefix", rule: operation({ methods: ["G*"] }), matches: true },
  { name: "method in another case", rule: operation({ methods: ["get"] }), matches: false },
  { name: "host in another case", rule: operation({ hosts: ["DETAILS:*"] }), matches: true },
  { name: "path", rule: operation({ paths: ["/details/0"] }), matches: true },
  {
    name: "path without the query",
    rule: operation({ paths: ["/details/0"] }),
    facts: { path: "/details/0?x=/a" },
    matches: true,
  },
  {
    name: "path of a request in absolute form",
    rule: operation({ paths: ["/details/0"] }),
    facts: { path: "http://details:9080/details/0" },
    matches: true,
  },
  { name: "path in another case", rule: operation({ paths: ["/Details/0"] }), matches: false },
  { name: "path by suffix", rule: operation({ paths: ["*/0"] }), matches: true },
  { name: "path by template", rule: operation({ paths: ["/{*}/0"] }), matches: true },
  { name: "one segment only", rule: operation({ paths: ["/{*}"] }), matches: false },
  { name: "any segments", rule: operation({ paths: ["/{**}/0"] }), matches: true },
  {
    name: "dot segments are resolved",
    rule: operation({ paths: ["/details/0"] }),
    facts: { path: "/x/../details/%30" },
    matches: true,
  },
  {
    name: "slashes stay by default",
    rule: operation({ paths: ["/details/0"] }),
    facts: { path: "/details//0" },
    matches: false,
  },
  {
    name: "nested claim",
    rule: when("request.auth.claims[a][b]", ["c"]),
    claims: { a: { b: ["c"] } },
    matches: true,
  },
  {
    name: "a claim's value only",
    rule: when("request.auth.claims[n]", ["1"]),
    claims: { n: 1 },
    matches: false,
  },
  {
    name: "scope, divided",
    rule: when("request.auth.claims[scope]", ["email"]),
    claims: { scope: "openid email" },
    matches: true,
  },
  {
    name: "not this value",
    rule: when("request.auth.claims[scope]", [], ["email"]),
    claims: { scope: "email" },
    matches: false,
  },
  {
    name: "value and not value",
    rule: when("request.auth.claims[scope]", ["openid"], ["email"]),
    claims: { scope: "openid" },
    matches: true,
  },
  { name: "audiences", rule: when("request.auth.audiences", [audience]), ...token, matches: true },
  {
    name: "presenter",
    rule: when("request.auth.presenter", ["app"]),
    claims: { azp: "app" },
    matches: true,
  },
  {
    name: "principal as a condition",
    rule: when("request.auth.principal", [`${issuer}/auth0|ada`]),
    ...token,
    matches: true,
  },
  {
    name: "header",
    rule: when("request.headers[X-Test]", ["a*"]),
    facts: { headers: { "x-test": ["abc"] } },
    matches: true,
  },
  { name: "header that is missing", rule: when("request.headers[x-test]", ["*"]), matches: false },
  {
    name: "header that proxies set",
    rule: when("request.headers[x-forwarded-for]", ["*"]),
    matches: "not known",
  },
  {
    name: "source namespace as a condition",
    rule: when("source.namespace", ["bookinfo"]),
    matches: true,
  },
  {
    name: "destination port as a condition",
    rule: when("destination.port", ["1"]),
    matches: false,
  },
  {
    name: "a condition of another kind",
    rule: when("connection.sni", ["x"]),
    matches: "not known",
  },
  {
    name: "an unknown condition",
    rule: when("destination.labels[app]", ["details"]),
    matches: "not known",
  },
];

describe("rules", () => {
  for (const { name, rule, matches, facts = {}, claims } of ruleCases) {
    test(name, async () => {
      const headers = claims === undefined ? {} : bearer(await sign(claims));
      const asked = request({ headers, ...facts });
      const policies = (action: string) => ({
        authorizationPolicies: [object("one", { action, rules: [rule] })],
      });
      const outcome = async (action: string) => (await decideBy(policies(action), asked)).outcome;
      const expected = { true: ["allowed", "denied"], false: ["denied", "allowed"] };
      assert.deepEqual(
        [await outcome("ALLOW"), await outcome("DENY")],
        matches === "not known" ? ["not known", "not known"] : expected[`${matches}`],
      );
    });
  }
});
