/** Sessions that verify begins at a gateway which has not heard yet of all that was applied. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { application as bookinfo } from "../../../../../application";
import type { StackOutputs } from "../../../../../commands/stack/outputs";
import { sessionsOf } from "../../../../../commands/verify/tokens/sessions";
import { httpClient } from "../../../../../lib/http";
import { type Reply, startSite } from "../support/site";

const email = "user@bookinfo.example";
const form =
  '<form method="post"><input type="email" name="e"><input type="password" name="p"></form>';

type Answers = Readonly<Record<"start" | "callback" | "signOut", readonly Reply[]>>;

/** A gateway with a login, and the provider's own host. Of each page's answers the last one stays. */
async function gatewayWith(t: TestContext, first: Partial<Answers>) {
  const answer = (early: readonly Reply[] = [], late: Reply) => {
    const left = [...early];
    return () => left.shift() ?? late;
  };
  const addresses = { gateway: "" };
  const provider = await startSite(t, {
    "GET /authorize": () => form,
    "POST /authorize": () => ({ location: `${addresses.gateway}/oauth2/callback?code=c` }),
  });
  const gateway = await startSite(t, {
    "GET /oauth2/start": answer(first.start, { location: `${provider.origin}/authorize` }),
    "GET /oauth2/callback": answer(first.callback, { location: "/productpage" }),
    "GET /oauth2/sign_out": answer(first.signOut, { location: "/productpage" }),
  });
  addresses.gateway = gateway.origin;
  const outputs = {
    gatewayUrl: gateway.origin,
    login: { at: "gateway", required: true, sessions: "redis" },
    viewers: { users: [{ email, roles: [] }], machines: [] },
    userPasswords: { [email]: "secret" },
  } satisfies Partial<StackOutputs> as unknown as StackOutputs;
  const { signal } = new AbortController();
  return {
    gateway,
    begin: (deadline: number) =>
      sessionsOf(bookinfo, outputs, { fetch: httpClient(), signal, deadline }),
  };
}

const unknown: Reply = [404, ""];
const noPod: Reply = [503, "upstream connect error"];

test("waits for the route and for the pods behind it, wherever a sign-in meets them", async (t) => {
  const early = { start: [unknown, noPod], callback: [noPod], signOut: [noPod] };
  const { begin, gateway } = await gatewayWith(t, early);
  const sessions = await begin(30_000);
  assert.deepEqual(
    [...sessions.keys()],
    [`${email} (session)`, "session that was ended", "forged session cookie"],
  );
  const times = (path: string) => gateway.asked.filter(({ line }) => line.includes(path)).length;
  assert.deepEqual([times("/start"), times("/callback"), times("/sign_out")], [6, 4, 2]);
});

test("waits for the end of a policy that refused everybody without a token", async (t) => {
  const denied: Reply = [403, "RBAC: access denied"];
  const { begin, gateway } = await gatewayWith(t, { start: [denied, denied] });
  await begin(30_000);
  assert.equal(gateway.asked.filter(({ line }) => line.includes("/start")).length, 4);
  const own = await gatewayWith(t, { start: [[403, "not yours"]] });
  await assert.rejects(own.begin(30_000), /not yours \(status 403/);
});

test("begins each attempt with no cookie of the one before", async (t) => {
  const { begin, gateway } = await gatewayWith(t, { callback: [noPod] });
  await begin(30_000);
  const starts = gateway.asked.filter(({ line }) => line.includes("/start"));
  assert.deepEqual(
    starts.map(({ cookie }) => cookie),
    ["", "", ""],
  );
});

test("says at last what the gateway says", async (t) => {
  const { begin } = await gatewayWith(t, { start: Array<Reply>(100).fill(unknown) });
  await assert.rejects(
    begin(300),
    /sign-in of user@.* failed: .*\(status 404, .*\/oauth2\/start\)/,
  );
});

test("does not wait where the gateway refuses, or the session gets lost", async (t) => {
  for (const status of [400, 403, 500]) {
    const { begin, gateway } = await gatewayWith(t, { callback: [[status, "no"]] });
    await assert.rejects(
      begin(30_000),
      new RegExp(`session of user@.* was not begun: .*/oauth2/callback answered ${status}$`),
    );
    assert.equal(gateway.asked.length, 2, "asked once");
  }
});

test("tells a session that was not ended from one that was", async (t) => {
  const { begin } = await gatewayWith(t, { signOut: [[403, "no"]] });
  await assert.rejects(begin(30_000), /session of user@.* was not ended: .* answered 403/);
});
