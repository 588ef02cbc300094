/**
 * Where tokens are checked, from end to end: each place in turn on one sandbox, a token asked of every request at the
 * gateway, and the tokens of a second provider in addition to the tenant's.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { realmAddresses } from "../../local/tenant/realm/options";
import { sharedSandbox } from "./shared";

/** The settings of each mode, and how many cells and policies its table has. */
const modes: readonly (readonly [what: string, settings: readonly string[], cells: number])[] = [
  ["at every service, which is the default", [], 1264],
  ["only where a service asks for a token", ["authentication.at=workload"], 1264],
  ["at the gateway", ["authentication.at=gateway"], 1264],
  [
    "at the gateway, and every request needs one",
    ["authentication.at=gateway", "authentication.required=true"],
    1264,
  ],
  ["of any client's", ["authentication.clients=any"], 1264],
];

describe("where tokens are checked", { timeout: 60 * 60_000 }, () => {
  const copy = sharedSandbox();

  const up = (settings: readonly string[]) =>
    copy.runWords("up", ...settings.flatMap((setting) => ["--set", setting]));

  for (const [what, settings, cells] of modes) {
    it(`${what}: proves the whole table`, async () => {
      const { code, out, err } = await up(settings);
      assert.equal(code, 0, `${err}${out.slice(-2000)}`);
      assert.ok(out.includes(`\n${cells} cells, 0 differences, 0 not tried\n`), out.slice(-400));
    });
  }

  it("of a second provider in addition to the tenant: each issuer's own claim and clients count", async () => {
    const outputs = await copy.run("shell", "pulumi stack output issuer");
    const { issuer, jwksUri } = realmAddresses(new URL(outputs.out.trim()).host);
    const realm = {
      issuer,
      jwksUri,
      audience: "https://books.example",
      permissionsClaim: ["realm_access", "roles"],
      clients: ["bookinfo"],
    };
    const { code, out, err } = await up([`authentication.issuers=${JSON.stringify([realm])}`]);
    assert.equal(code, 0, `${err}${out.slice(-2000)}`);
    // Three classes of tokens more, through the gateway with 5 requests, and from the callers of 5 targets and of one.
    assert.ok(
      out.includes(`\n${1264 + 3 * (5 + 5 + 1)} cells, 0 differences, 0 not tried\n`),
      out.slice(-400),
    );
  });
});
