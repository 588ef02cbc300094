/** What verify expects where people have sessions, and where the gateway lets nobody past without one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { application as bookinfo } from "../../../../../application";
import { cellOf, planCells } from "../../../../../commands/verify/plan/cells";
import type { Expected } from "../../../../../commands/verify/plan/expectations";
import { vantagePoints } from "../../../../../commands/verify/plan/vantages";
import { viewersOf } from "../../../../../commands/verify/plan/viewers";
import { authentication } from "../support/stack";

const users = [
  { email: "user@bookinfo.example", roles: ["user" as const] },
  { email: "moderator@bookinfo.example", roles: ["user" as const, "moderator" as const] },
];
const issuer = "https://tenant.example:8443/";

type Login = Parameters<typeof viewersOf>[1]["login"];

function mark({ status, refusal, provider }: Expected): string {
  return [status, refusal, provider].filter((part) => part !== undefined).join(" ");
}

/** One row of the first table, or of another: `TARGET: OUTCOME`. */
function row(login: Login, viewer: string, vantage = "through the gateway"): string[] {
  const stack = {
    issuer,
    audience: bookinfo.audience,
    permissionsClaim: ["permissions"],
    authentication,
    login,
    viewers: { users, machines: [] },
  };
  const vantages = vantagePoints(
    bookinfo,
    "http://localhost:8080",
    "moderator@bookinfo.example",
    new Map(),
  );
  return planCells(bookinfo, vantages, viewersOf(bookinfo, stack), new Map(), stack)
    .map(cellOf)
    .filter((cell) => cell.vantage === vantage && cell.viewer === viewer)
    .map((cell) => `${cell.target}: ${mark(cell.expected)}`);
}

const gateway = (required: boolean, sessions: "redis" | "cookie" = "redis") =>
  ({ at: "gateway", required, sessions }) as const;

const targets = ["productpage", "products", "details", "reviews", "ratings"];
const line = (...outcomes: string[]) =>
  targets.map((target, index) => `${target}: ${outcomes[index] ?? ""}`);

const passedOn = "403 passed on";
const signIn = "302 sign-in https://tenant.example:8443";
const noSession = "401 no session";
const denied = "403 access denied";

for (const login of [gateway(false), gateway(true), { at: "application" } as const]) {
  test(`a session is as good as its user's token: ${JSON.stringify(login)}`, () => {
    for (const { email } of users) {
      assert.deepEqual(row(login, `${email} (session)`), row(undefined, email), email);
    }
    assert.deepEqual(
      row(login, "user@bookinfo.example (session)"),
      line("200", "200", "200", passedOn, passedOn),
    );
  });
}

for (const viewer of ["anonymous", "session that was ended", "forged session cookie"]) {
  test(`optional login: ${viewer} sees what is public`, () => {
    assert.deepEqual(row(gateway(false), viewer), line("200", "200", passedOn, passedOn, passedOn));
  });
  test(`required login: ${viewer} is led to sign in, and gets a 401 for the API`, () => {
    assert.deepEqual(
      row(gateway(true), viewer),
      line(signIn, noSession, noSession, noSession, noSession),
    );
  });
}

for (const viewer of ["token as Basic password", "bearer in lower case"]) {
  test(`required login: ${viewer} is no session and no token`, () => {
    assert.deepEqual(row(gateway(true), viewer), line(denied, denied, denied, denied, denied));
  });
}

test("required login: a bad token is refused as a token, and a machine's good one is let in", () => {
  const refused = line(...targets.map(() => "401 expired"));
  assert.deepEqual(row(gateway(true), "expired token"), refused);
  assert.deepEqual(row(gateway(true), "forged but valid"), row(undefined, "forged but valid"));
});

test("required login: no detour leads past it, and where no route is there is nothing to sign in for", () => {
  const outcomes = row(gateway(true), "anonymous", "bypass attempts, through the gateway");
  const count = (outcome: string) => outcomes.filter((each) => each.endsWith(outcome)).length;
  assert.deepEqual(
    [count(signIn), count(noSession), count(denied), outcomes.length],
    [1, 10, 17, 28],
    outcomes.join("\n"),
  );
});

test("nobody can end a session that is in a cookie, so none is tried", () => {
  assert.deepEqual(row(gateway(false, "cookie"), "session that was ended"), []);
});

test("a session's cookies are sent through the gateway only", () => {
  const stack = {
    issuer,
    audience: bookinfo.audience,
    permissionsClaim: ["permissions"],
    authentication,
    login: gateway(true),
    viewers: { users, machines: [] },
  };
  const vantages = vantagePoints(bookinfo, "http://localhost:8080", undefined, new Map());
  const planned = planCells(bookinfo, vantages, viewersOf(bookinfo, stack), new Map(), stack);
  const from = planned
    .filter(({ viewer }) => viewer.name.endsWith("(session)"))
    .map(({ vantage }) => vantage.name);
  assert.deepEqual([...new Set(from)], ["through the gateway"]);
});
