/**
 * An existing provider, from end to end: an issuer without a slash, roles nested as Keycloak has them or
 * as words of the scope, and the whole table by real sign-ins. Then a wrong slash, of which nothing is made.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sharedSandbox } from "./shared";

const oidc = ["--set", "identity.kind=oidc"];

describe("an existing provider", { timeout: 30 * 60_000 }, () => {
  const copy = sharedSandbox();

  const proven = (out: string) => out.includes("\n1264 cells, 0 differences, 0 not tried\n");

  it("proves the whole table with Keycloak's nested roles, and makes nothing at the provider", async () => {
    const { code, out, err } = await copy.runWords("up", ...oidc);
    assert.equal(code, 0, err);
    assert.ok(proven(out), out.slice(-400));
    assert.match(out, /^Tenant {6}https:\/\/tenant\.localhost:\d+\/realms\/sandbox$/m);
    assert.doesNotMatch(err, /(created|updated) auth0:index/);
  });

  it("changes nothing the second time", async () => {
    const { code, err } = await copy.runWords("up", ...oidc);
    assert.equal(code, 0, err);
    assert.match(err, / stack {6}nothing to change$/m);
  });

  it("proves the whole table with the scope's words", async () => {
    const { code, out, err } = await copy.runWords(
      "up",
      ...oidc,
      "--set",
      "identity.permissionsClaim=scope",
    );
    assert.equal(code, 0, err);
    assert.ok(proven(out), out.slice(-400));
  });

  it("makes nothing of an issuer that differs by its slash, and says so in one line", async () => {
    const { issuer } = JSON.parse((await copy.run("shell", "pulumi stack output --json")).out) as {
      issuer: string;
    };
    const { code, err } = await copy.runWords("up", ...oidc, "--set", `identity.issuer=${issuer}/`);
    assert.equal(code, 1);
    assert.equal(
      err.trimEnd().split("\n").at(-1),
      `error: identity.issuer: found "${issuer}/", expected "${issuer}", as the provider's discovery document has it`,
    );
    assert.doesNotMatch(err, / stack {6}(created|updated|done)/);
  });
});
