import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import type { JWTPayload } from "jose";
import type { RequestFacts } from "../../explain/evaluate";
import type { PolicyObjects } from "../../explain/policies";
import {
  audience,
  bearer,
  decideBy,
  issuer,
  jwtRule,
  object,
  productpage,
  request,
  seconds,
  startSigner,
} from "./mesh";
import type { Signer } from "./mesh";

let signer: Signer;
before(async () => {
  signer = await startSigner();
});

/** An outcome in short: `allowed`, `reset`, or the status and what the mesh says. */
async function short(objects: Partial<PolicyObjects>, facts: RequestFacts): Promise<string> {
  const { outcome, status, message } = await decideBy(objects, signer, facts);
  return message === undefined ? outcome : `${status ?? ""} ${message}`;
}

const denied = "403 RBAC: access denied";

describe("who may call details with what", () => {
  const reviews = { namespace: "bookinfo", serviceAccount: "bookinfo-reviews" };
  const elsewhere = { ...productpage, namespace: "other" };
  const rows: [string, Partial<RequestFacts>, JWTPayload | undefined, string][] = [
    ["its caller with the permission", {}, {}, "allowed"],
    ["anonymous", {}, undefined, denied],
    ["without permissions", {}, { permissions: [] }, denied],
    ["the permission as a text", {}, { permissions: "read:book-details" }, "allowed"],
    ["two in one text", {}, { permissions: "read:book-details x" }, denied],
    ["with a suffix", {}, { permissions: ["read:book-details-not"] }, denied],
    ["in another case", {}, { permissions: ["READ:book-details"] }, denied],
    ["nested", {}, { permissions: { a: ["read:book-details"] } }, denied],
    ["no subject", {}, { sub: undefined }, denied],
    ["another caller", { source: reviews }, {}, denied],
    ["the same account of another namespace", { source: elsewhere }, {}, denied],
    ["plain text", { source: undefined }, {}, "reset"],
  ];
  for (const [name, facts, claims, expected] of rows) {
    test(name, async () => {
      const headers = claims === undefined ? {} : bearer(await signer.sign(claims));
      assert.equal(await short({}, request({ ...facts, headers })), expected);
    });
  }
});

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
    ["audience but for its scheme", { aud: "http://bookinfo.io/" }, "allowed"],
    [
      "a number for a subject",
      { sub: 1 as unknown as string },
      "401 Jwt payload [sub] field is not a string",
    ],
  ];
  for (const [name, claims, expected] of rows) {
    test(name, async () => {
      assert.equal(
        await short({}, request({ headers: bearer(await signer.sign(claims)) })),
        expected,
      );
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
    const headers = bearer(await signer.sign({}, { kid: "two" }));
    assert.equal(
      await short({}, request({ headers })),
      "401 Jwks doesn't have key to match kid or alg from Jwt",
    );
  });

  test("a token without a key's name is tried with all keys", async () => {
    const headers = bearer(await signer.sign({}, { kid: undefined }));
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
  test("the prefix is compared to the letter, and may come later", async () => {
    const token = await signer.sign();
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

  test("two tokens in one repeated header are none, whatever each is", async () => {
    const good = await signer.sign();
    const bad = await signer.sign({ exp: 1 });
    const both = (...tokens: string[]) =>
      short({}, request({ headers: { authorization: tokens.map((token) => `Bearer ${token}`) } }));
    const none =
      "401 Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections";
    assert.equal(await both(good, good), none);
    assert.equal(await both(good, bad), none);
    assert.equal(await both(bad, good), none);
  });

  test("of tokens in several places all have to be good, and the first one's claims count", async () => {
    const good = await signer.sign();
    const poor = await signer.sign({ permissions: [] });
    const bad = await signer.sign({ exp: 1 });
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
    const path = `/details/0?access_token=${await signer.sign()}`;
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

  test("one that fits is enough; of none, what is wrong besides the issuer is said", async () => {
    const withClaims = async (claims: JWTPayload) =>
      short(objects, request({ headers: bearer(await signer.sign(claims)) }));
    assert.equal(await withClaims({}), "allowed");
    assert.equal(await withClaims({ iss: second.issuer }), denied);
    assert.equal(await withClaims({ iss: "https://third" }), "401 Jwt issuer is not configured");
    assert.equal(await withClaims({ exp: 1 }), "401 Jwt is expired");
    assert.equal(await short(objects, request()), denied);
  });
});

/** An AuthorizationPolicy for details, and whether it matches the request. */
interface RuleCase {
  readonly name: string;
  readonly rule: object;
  readonly matches: boolean | "not known";
  readonly facts?: Partial<RequestFacts>;
  readonly claims?: JWTPayload;
}

const source = (fields: object) => ({ from: [{ source: fields }] });
const operation = (fields: object) => ({ to: [{ operation: fields }] });
const when = (key: string, values: string[], notValues: string[] = []) => ({
  when: [{ key, values, notValues }],
});
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
    name: "a port that nobody knows",
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
      const headers = claims === undefined ? {} : bearer(await signer.sign(claims));
      const asked = request({ headers, ...facts });
      const policies = (action: string) => ({
        authorizationPolicies: [object("one", { action, rules: [rule] })],
      });
      const outcome = async (action: string) =>
        (await decideBy(policies(action), signer, asked)).outcome;
      const expected = { true: ["allowed", "denied"], false: ["denied", "allowed"] };
      assert.deepEqual(
        [await outcome("ALLOW"), await outcome("DENY")],
        matches === "not known" ? ["not known", "not known"] : expected[`${matches}`],
      );
    });
  }
});

describe("which policy decides", () => {
  const any = [{}];
  const by = async (policies: object[], facts = request()) => {
    const { outcome, decidedBy } = await decideBy(
      { authorizationPolicies: policies },
      signer,
      facts,
    );
    return `${outcome}: ${decidedBy}`;
  };

  test("none at all: allowed", async () => {
    assert.equal(await by([]), "allowed: no AuthorizationPolicy");
  });

  test("DENY comes before ALLOW; AUDIT and a dry run decide nothing", async () => {
    const allow = object("allow", { rules: any });
    const deny = object("deny", { action: "DENY", rules: any });
    const audit = object("audit", { action: "AUDIT", rules: any });
    const dry = object("dry", { action: "DENY", rules: any }, "bookinfo", {
      annotations: { "istio.io/dry-run": "true" },
    });
    assert.equal(
      await by([allow, audit, dry]),
      "allowed: AuthorizationPolicy bookinfo/allow, rule 1",
    );
    assert.equal(await by([allow, deny]), "denied: AuthorizationPolicy bookinfo/deny, rule 1");
  });

  test("CUSTOM comes before all, also before the token", async () => {
    const custom = object("login", { action: "CUSTOM", provider: { name: "proxy" }, rules: any });
    const facts = request({ headers: bearer("garbage") });
    assert.equal(
      await by([custom, object("deny", { action: "DENY", rules: any })], facts),
      "not known: AuthorizationPolicy bookinfo/login, rule 1",
    );
    const elsewhere = {
      ...custom,
      spec: { ...custom.spec, rules: [operation({ paths: ["/x"] })] },
    };
    assert.equal(await by([elsewhere]), "allowed: no AuthorizationPolicy");
  });

  test("the root namespace's policies count for all, another's for nobody", async () => {
    const deny = { action: "DENY", rules: any };
    assert.equal(
      await by([object("root", deny, "istio-system")]),
      "denied: AuthorizationPolicy istio-system/root, rule 1",
    );
    assert.equal(await by([object("other", deny, "other")]), "allowed: no AuthorizationPolicy");
  });

  test("labels select; a reference to a gateway selects no sidecar", async () => {
    const deny = { action: "DENY", rules: any };
    const labels = (matchLabels: object) => ({ ...deny, selector: { matchLabels } });
    const all = object("all", labels({ app: "details", version: "v1" }));
    assert.equal(await by([all]), "denied: AuthorizationPolicy bookinfo/all, rule 1");
    const other = object("other", labels({ app: "details", version: "v2" }));
    assert.equal(await by([other]), "allowed: no AuthorizationPolicy");
    const referring = object("referring", {
      ...deny,
      targetRefs: [{ kind: "Gateway", name: "x" }],
    });
    assert.equal(await by([referring]), "allowed: no AuthorizationPolicy");
  });

  test("a field that is not known here is named, and decides nothing", async () => {
    const odd = object("odd", { action: "DENY", rules: [source({ countries: ["ch"] })] });
    const decision = await decideBy({ authorizationPolicies: [odd] }, signer, request());
    assert.deepEqual(decision, {
      outcome: "not known",
      status: undefined,
      decidedBy: "AuthorizationPolicy bookinfo/odd",
      because: "This evaluator cannot tell spec.rules.0.from.0.source.countries.",
    });
    const rule = { ...jwtRule, presence: "REQUIRED" };
    const { outcome, because } = await decideBy(
      { requestAuthentications: [object("tokens", { jwtRules: [rule] })] },
      signer,
      request(),
    );
    assert.deepEqual(
      [outcome, because],
      ["not known", "This evaluator does not know spec.jwtRules.0.presence."],
    );
  });

  test("keys that cannot be read make a token's verdict not known, and no other", async () => {
    const rule = { ...jwtRule, jwksUri: "https://elsewhere.example/keys" };
    const objects = { requestAuthentications: [object("tokens", { jwtRules: [rule] })] };
    const headers = bearer(await signer.sign());
    assert.equal(await short(objects, request({ headers })), "not known");
    assert.equal(await short(objects, request()), denied);
    const expired = bearer(await signer.sign({ exp: 1 }));
    assert.equal(await short(objects, request({ headers: expired })), "401 Jwt is expired");
  });
});

describe("mutual TLS", () => {
  const mode = (name: string, mtls: string, namespace = "bookinfo", more: object = {}) =>
    object(name, { mtls: { mode: mtls }, ...more }, namespace);
  const details = { selector: { matchLabels: { app: "details" } } };
  const plain = request({ source: undefined });
  const rows: [string, object[], string][] = [
    ["nothing said", [], denied],
    ["the mesh", [mode("a", "STRICT", "istio-system")], "reset"],
    [
      "the namespace before the mesh",
      [mode("a", "STRICT", "istio-system"), mode("b", "PERMISSIVE")],
      denied,
    ],
    [
      "the workload before the namespace",
      [mode("b", "PERMISSIVE"), mode("c", "STRICT", "bookinfo", details)],
      "reset",
    ],
    [
      "UNSET inherits",
      [mode("a", "STRICT", "istio-system"), mode("c", "UNSET", "bookinfo", details)],
      "reset",
    ],
    [
      "labels in the root namespace select nothing",
      [mode("a", "STRICT", "istio-system", details)],
      denied,
    ],
    [
      "the port before the workload",
      [
        mode("c", "STRICT", "bookinfo", {
          ...details,
          portLevelMtls: { 9080: { mode: "PERMISSIVE" } },
        }),
      ],
      denied,
    ],
    [
      "another port",
      [
        mode("c", "STRICT", "bookinfo", {
          ...details,
          portLevelMtls: { 1: { mode: "PERMISSIVE" } },
        }),
      ],
      "reset",
    ],
  ];
  for (const [name, peerAuthentications, expected] of rows) {
    test(name, async () => {
      assert.equal(await short({ peerAuthentications }, plain), expected);
    });
  }

  test("DISABLE: nobody is known by a certificate", async () => {
    const peerAuthentications = [mode("c", "DISABLE", "bookinfo", details)];
    const headers = bearer(await signer.sign());
    assert.equal(await short({}, request({ headers })), "allowed");
    assert.equal(await short({ peerAuthentications }, request({ headers })), denied);
  });
});

describe("words", () => {
  test("an anonymous request to details names the policy and the missing principal", async () => {
    assert.deepEqual(await decideBy({}, signer, request()), {
      outcome: "denied",
      status: 403,
      message: "RBAC: access denied",
      decidedBy: "no ALLOW policy matches: AuthorizationPolicy bookinfo/details, rule 1",
      because:
        "It asks for a token of the principal https://tenant.example//* and read:book-details in the token's claim permissions; there was no token.",
      change: "Send a token: Authorization: Bearer …",
    });
  });

  test("a missing permission names the role that holds it", async () => {
    const headers = bearer(await signer.sign({ permissions: ["read:other"] }));
    const { because, change } = await decideBy({}, signer, request({ headers }));
    assert.equal(
      because,
      "It asks for read:book-details in the token's claim permissions; there was a token whose claim permissions is read:other.",
    );
    assert.equal(
      change,
      "Grant read:book-details (role user or moderator; for a machine, its permissions in the stack's configuration), then get a new token.",
    );
  });

  test("a caller and a service that the table does not have: where the table is", async () => {
    const headers = bearer(await signer.sign());
    const stranger = { namespace: "bookinfo", serviceAccount: "default" };
    const { change } = await decideBy({}, signer, request({ headers, source: stranger }));
    assert.equal(
      change,
      "Call it from productpage, or add the caller to its row in the project's application.ts.",
    );
    const labels = { app: "unlisted" };
    const unlisted = { namespace: "bookinfo", labels, port: 9080 };
    const decision = await decideBy({}, signer, request({ headers, destination: unlisted }));
    assert.equal(decision.change, "Give the service a row in the project's application.ts.");
  });

  test("an issuer that differs by its slash", async () => {
    const headers = bearer(await signer.sign({ iss: "https://tenant.example" }));
    const { because, change, decidedBy } = await decideBy({}, signer, request({ headers }));
    assert.equal(decidedBy, "RequestAuthentication bookinfo/tokens");
    assert.equal(
      because,
      "The mesh accepts tokens of https://tenant.example/; this one is of https://tenant.example.",
    );
    assert.match(change ?? "", /^They differ by the last slash only/);
  });

  test("an expired token says since when", async () => {
    const headers = bearer(await signer.sign({ exp: seconds - 3 * 60 }));
    const { because } = await decideBy({}, signer, request({ headers }));
    assert.equal(because, "The token expired 3 min ago.");
  });
});
