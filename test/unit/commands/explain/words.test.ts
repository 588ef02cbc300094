/** A refusal is explained by the policy that refuses, what it asks for, what the request had, and what to change. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  bearer,
  decideBy,
  issuer,
  jwtRule,
  object,
  operation,
  request,
  seconds,
  sign,
  source,
  when,
} from "./mesh";

describe("words", () => {
  test("an anonymous request to details names the policy and the missing principal", async () => {
    assert.deepEqual(await decideBy({}, request()), {
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
    const headers = bearer(await sign({ permissions: ["read:other"] }));
    const { because, change } = await decideBy({}, request({ headers }));
    assert.equal(
      because,
      "It asks for read:book-details in the token's claim permissions; there was a token whose claim permissions is read:other.",
    );
    assert.equal(
      change,
      "Grant read:book-details (role user or moderator; for a machine, its permissions in the stack's configuration), then get a new token.",
    );
  });

  test("a permission that is one word of a text: the token has it, and it does not have to be granted", async () => {
    const permissions = "read:other read:book-details";
    const headers = bearer(await sign({ permissions }));
    const { outcome, change } = await decideBy({}, request({ headers }));
    assert.equal(outcome, "denied");
    assert.match(
      change ?? "",
      /^The token has it, as one word of a text, .* name permissions in spaceDelimitedClaims /,
    );
    const spaceDelimitedClaims = ["permissions"];
    const tokens = object("tokens", { jwtRules: [{ ...jwtRule, spaceDelimitedClaims }] });
    const split = await decideBy({ requestAuthentications: [tokens] }, request({ headers }));
    assert.equal(split.outcome, "allowed");
  });

  test("a subject with a slash is told from its principal, which Istio divides elsewhere", async () => {
    const sub = "team/ada";
    const headers = bearer(await sign({ sub, permissions: ["read:book-details"] }));
    const asking = (requestPrincipals: string[]) => ({
      authorizationPolicies: [object("subject", { rules: [source({ requestPrincipals })] })],
    });
    const decision = await decideBy(asking([`${issuer}/${sub}`]), request({ headers }));
    assert.equal(
      decision.because,
      `It asks for a token of the principal ${issuer}/${sub}; there was a token of the issuer ${issuer} and the subject ${sub}, which has a slash.`,
    );
    assert.equal(
      decision.change,
      `Ask for the issuer by ${issuer}/*, and for the subject by request.auth.claims[sub]: Istio divides a principal at its last slash.`,
    );
    const advised = {
      from: [{ source: { requestPrincipals: [`${issuer}/*`] } }],
      when: [{ key: "request.auth.claims[sub]", values: [sub] }],
    };
    const policy = object("subject", { rules: [advised] });
    const followed = await decideBy({ authorizationPolicies: [policy] }, request({ headers }));
    assert.equal(followed.outcome, "allowed");
  });

  test("clients that a rule asks for, and the token's, are called by their names", async () => {
    const headers = bearer(await sign({ azp: "Xa3" }));
    const rules = [when("request.auth.claims[azp]", ["Kq9", "other"])];
    const clients = { Kq9: "machine reporting", Xa3: "web" };
    const authorizationPolicies = [object("clients", { rules })];
    const { because } = await decideBy({ authorizationPolicies, clients }, request({ headers }));
    assert.equal(
      because,
      "It asks for machine reporting (Kq9) or other in the token's claim azp; there was a token whose claim azp is web (Xa3).",
    );
  });

  test("an opaque token, with dots or without: access tokens have to be JWTs here", async () => {
    for (const token of ["v1_Tq8NdnXcIh0pFhP6vC2r3xZ", "ya29.a0AfB_byC", "one.two.three"]) {
      const { outcome, because } = await decideBy({}, request({ headers: bearer(token) }));
      assert.equal(outcome, "unauthenticated");
      assert.match(because, /^The token is opaque: .* Access tokens have to be JWTs here/);
    }
  });

  describe("a service whose rules are for operations", () => {
    const ofOperation = (permission: string, methods: string[], paths: string[]) => ({
      ...operation({ methods, paths }),
      ...when("request.auth.claims[permissions]", [permission]),
    });
    const rules = [
      ofOperation("read:book-details", ["GET"], ["/details", "/details/{*}"]),
      ofOperation("read:book-reviews", ["POST"], ["/details"]),
    ];
    const authorizationPolicies = [object("allow-nothing", {}), object("details", { rules })];
    const decided = async (changes: Parameters<typeof request>[0]) => {
      const headers = bearer(await sign());
      return decideBy({ authorizationPolicies }, request({ headers, ...changes }));
    };

    test("the rule of the request's operation is named, though another lacks as little", async () => {
      const { decidedBy, because, change } = await decided({ method: "POST", path: "/details" });
      assert.equal(
        decidedBy,
        "no ALLOW policy matches: AuthorizationPolicy bookinfo/details, rule 2",
      );
      assert.equal(
        because,
        "It asks for read:book-reviews in the token's claim permissions; there was a token whose claim permissions is read:book-details.",
      );
      assert.match(change ?? "", /^Grant read:book-reviews \(role /);
    });

    test("it is named though another lacks less", async () => {
      const post = { method: "POST", path: "/details" };
      const policy = object("details", {
        rules: [
          operation({ methods: ["GET"], paths: ["/details"] }),
          { ...rules[1], ...source({ namespaces: ["other"] }) },
        ],
      });
      const { decidedBy } = await decideBy({ authorizationPolicies: [policy] }, request(post));
      assert.match(decidedBy, /, rule 2$/);
    });

    test("what no operation lists: the table is to change, and not the request", async () => {
      for (const asked of ["PATCH /details/7", "GET /details/7/pages"]) {
        const [method, path] = asked.split(" ");
        assert.deepEqual(await decided({ method, path: `${path}?all` }), {
          outcome: "denied",
          status: 403,
          message: "RBAC: access denied",
          decidedBy: "no ALLOW policy matches: AuthorizationPolicy bookinfo/details",
          because: `No rule is for ${asked}: what no operation of the table lists is refused.`,
          change: `Add an operation for ${asked} to the service's row in the project's application.ts.`,
        });
      }
    });

    test("the gateway has no row, so its rule is named", async () => {
      const { destination } = request();
      const gateway = { ...destination, gateway: true };
      const { because, change } = await decided({ destination: gateway, path: "/other" });
      assert.equal(
        because,
        "It asks for the path /details or /details/{*}; there was the path /other.",
      );
      assert.equal(
        change,
        "Send a request with the path /details or /details/{*}, or change the rule.",
      );
    });

    test("a connection has no operation, so what a rule asks of requests is to change", async () => {
      const destination = { ...request().destination, protocol: "tcp" } as const;
      const { change } = await decided({ destination, method: "", path: "", headers: {} });
      assert.match(change ?? "", /^Take methods out of the rule, or name the Service's port /);
    });
  });

  test("a caller and a service that the table does not have: where the table is", async () => {
    const headers = bearer(await sign());
    const stranger = { namespace: "bookinfo", serviceAccount: "default" };
    const { change } = await decideBy({}, request({ headers, source: stranger }));
    assert.equal(
      change,
      "Call it from productpage, or add the caller to its row in the project's application.ts.",
    );
    const labels = { app: "unlisted" };
    const unlisted = { namespace: "bookinfo", labels, port: 9080 };
    const decision = await decideBy({}, request({ headers, destination: unlisted }));
    assert.equal(decision.change, "Give the service a row in the project's application.ts.");
  });

  test("a service of the table without a policy: the stack is not as the table has it", async () => {
    const headers = bearer(await sign());
    const { change } = await decideBy(
      { authorizationPolicies: [object("allow-nothing", {})] },
      request({ headers }),
    );
    assert.equal(
      change,
      "Bring the stack up again: the table has a row for details, and the mesh has no policy of it (pulumi up --refresh).",
    );
  });

  test("an issuer that differs by its slash", async () => {
    const headers = bearer(await sign({ iss: "https://tenant.example" }));
    const { because, change, decidedBy } = await decideBy({}, request({ headers }));
    assert.equal(decidedBy, "RequestAuthentication bookinfo/tokens");
    assert.equal(
      because,
      "The mesh accepts tokens of https://tenant.example/; this one is of https://tenant.example.",
    );
    assert.match(change ?? "", /^They differ by the last slash only/);
  });

  test("an expired token says since when", async () => {
    const headers = bearer(await sign({ exp: seconds - 3 * 60 }));
    const { because } = await decideBy({}, request({ headers }));
    assert.equal(because, "The token expired 3 min ago.");
  });
});
