/** A tenant as the program fills it has no finding, and each change that opens it is one until it is undone. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { application as orders } from "../../../../../../examples/orders/application";
import { application as bookinfo } from "../../../../../../application";
import type { Application } from "../../../../../../components/application";
import type { Finding } from "../../../../../../commands/verify/findings/finding";
import { prove } from "../../../../../../commands/verify/findings/prove";
import { tenantFindings } from "../../../../../../commands/verify/findings/tenant";
import { fetchProber } from "../../../../../../commands/verify/findings/tenant/fetch-prober";
import { httpClient } from "../../../../../../lib/http";
import { newUser, Opening, tenantDoors } from "./doors";
import { fill, type FilledTenant, type Filling, viewers } from "./filled";

const { signal } = new AbortController();
const fetch = httpClient();

function look({ outputs }: FilledTenant, application: Application = bookinfo, more: object = {}) {
  return tenantFindings(application, { ...outputs, ...more }, fetch, signal);
}

const clean: readonly (readonly [what: string, filling: Filling])[] = [
  ["login at the gateway", { application: bookinfo, viewers, login: "gateway" }],
  ["login in the application", { application: bookinfo, viewers, login: "application" }],
  ["no login", { application: bookinfo, viewers, login: "none" }],
  [
    "no users and machines",
    { application: bookinfo, viewers: { users: [], machines: [] }, login: "gateway" },
  ],
  [
    "users and machines of one's own",
    {
      application: bookinfo,
      viewers: {
        users: [{ email: "ada@books.example", roles: ["user", "moderator"] }],
        machines: [{ name: "nightly", permissions: ["read:book-reviews"] }],
      },
      login: "gateway",
    },
  ],
  [
    "an API without people",
    {
      application: orders,
      viewers: { users: [], machines: [{ name: "shop", permissions: ["read:orders"] }] },
      login: "none",
    },
  ],
];

for (const [what, filling] of clean)
  test(`a tenant as the program fills it has nothing else: ${what}`, async (t) => {
    const filled = await fill(filling);
    t.after(() => filled.tenant.stop());
    assert.deepEqual(await look(filled, filling.application), { findings: [], notRead: [] });
  });

describe("each door at the tenant", () => {
  const senders = {
    probers: new Map([["here", Promise.resolve(fetchProber(fetch, signal))]]),
    identities: new Map(),
  };
  let filled: FilledTenant;
  before(async () => {
    filled = await fill({ application: bookinfo, viewers, login: "gateway" });
  });
  after(() => filled.tenant.stop());

  for (const door of tenantDoors)
    test(door.name, async () => {
      const close = await door.open(new Opening(filled.tenant, filled.outputs));
      let findings: readonly Finding[];
      try {
        const found = await look(filled);
        findings = found.findings;
        assert.deepEqual(found.notRead, []);
        const [finding, ...more] = await prove(findings, senders);
        assert.deepEqual(more, []);
        assert.ok(finding, "it was not found");
        const { object, opens, undo, seen = "" } = finding;
        matches(object, door.object);
        matches(opens, door.opens);
        matches(undo, door.undo);
        matches(seen, door.seen ?? "");
        assert.ok(!JSON.stringify(finding).includes("a secret"));
      } finally {
        await close();
      }
      assert.deepEqual(await look(filled), { findings: [], notRead: [] });
      // The control: the same request, where the door is closed.
      const [closed] = await prove(findings, senders);
      if (closed?.seen !== undefined) assert.match(closed.seen, / from outside: 40\d/);
    });

  test("a user without a role counts where a sign-in is enough", async () => {
    const at = new Opening(filled.tenant, filled.outputs);
    const user = await newUser(at, "visitor@bookinfo.example");
    assert.deepEqual((await look(filled)).findings, []);
    const authentication = { ...filled.outputs.authentication, required: true };
    const { findings } = await look(filled, bookinfo, { authentication });
    assert.deepEqual(
      findings.map(({ object }) => object),
      [`User visitor@bookinfo.example (${decodeURIComponent(user)}) of the tenant`],
    );
    await at.send("DELETE", `/users/${user}`);
  });
});

function matches(found: string, wanted: string | RegExp): void {
  if (typeof wanted === "string") assert.equal(found, wanted);
  else assert.match(found, wanted);
}
