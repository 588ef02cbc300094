/** `explain` decides by the caller, the token's permission and the mutual TLS mode in force, as Istio does. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JWTPayload } from "jose";
import type { RequestFacts } from "../../../../commands/explain/evaluate";
import {
  bearer,
  denied,
  object,
  operation,
  productpage,
  request,
  short,
  sign,
  source,
  when,
} from "./mesh";

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
      const headers = claims === undefined ? {} : bearer(await sign(claims));
      assert.equal(await short({}, request({ ...facts, headers })), expected);
    });
  }
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

  test("DISABLE: no caller is known by a certificate", async () => {
    const peerAuthentications = [mode("c", "DISABLE", "bookinfo", details)];
    const headers = bearer(await sign());
    assert.equal(await short({}, request({ headers })), "allowed");
    assert.equal(await short({ peerAuthentications }, request({ headers })), denied);
  });
});

describe("a port that Istio takes for TCP", () => {
  const account = "bookinfo/bookinfo-productpage";
  const connection = request({
    destination: { namespace: "bookinfo", labels: { app: "details" }, port: 7000, protocol: "tcp" },
    method: "",
    path: "",
  });
  const rule = (action: string, ...rules: object[]) =>
    object("details", { action, selector: { matchLabels: { app: "details" } }, rules });
  const decided = (...authorizationPolicies: object[]) =>
    short(
      { authorizationPolicies: authorizationPolicies.map((each) => each as never) },
      connection,
    );

  test("a connection is decided by its caller alone, and a token changes nothing", async () => {
    const allow = rule("ALLOW", source({ serviceAccounts: [account] }));
    assert.equal(await decided(allow), "allowed");
    const headers = bearer("no token");
    const facts = { ...connection, headers };
    assert.equal(await short({ authorizationPolicies: [allow as never] }, facts), "allowed");
    assert.equal(
      await decided(rule("ALLOW", source({ serviceAccounts: ["bookinfo/x"] }))),
      "reset",
    );
  });

  test("a rule to allow by what only requests have is left out, and a rule to deny by it denies more", async () => {
    const requests = [
      source({ serviceAccounts: [account], requestPrincipals: ["*"] }),
      { ...source({ serviceAccounts: [account] }), ...operation({ methods: ["GET"] }) },
      { ...source({ serviceAccounts: [account] }), ...operation({ notPaths: ["/admin"] }) },
      { ...source({ serviceAccounts: [account] }), ...when("request.headers[x-a]", [], ["1"]) },
    ];
    for (const each of requests) assert.equal(await decided(rule("ALLOW", each)), "reset");
    const allow = rule("ALLOW", source({ serviceAccounts: [account] }));
    const deny = rule("DENY", {
      ...source({ serviceAccounts: [account] }),
      ...operation({ methods: ["DELETE"] }),
    });
    assert.equal(await decided(allow, deny), "reset");
    const others = rule("DENY", source({ serviceAccounts: ["bookinfo/x"] }));
    assert.equal(await decided(allow, others), "allowed");
  });
});
