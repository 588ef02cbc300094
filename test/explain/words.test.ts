import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bearer, decideBy, request, seconds, sign } from "./mesh";

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
