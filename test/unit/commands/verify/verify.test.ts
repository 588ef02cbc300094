/** A mesh that enforces the table has no difference, and a weakening shows in exactly the cells that it changes. */
import assert from "node:assert/strict";
import dns from "node:dns";
import { after, test } from "node:test";
import type { TestContext } from "node:test";
import tls from "node:tls";
import { application as bookinfo } from "../../../../application";
import type { JudgedCell } from "../../../../commands/verify/judge";
import { gatewayComplaint, verify } from "../../../../commands/verify/verify";
import type { Report } from "../../../../commands/verify/verify";
import { changesSince, stateOfProcess } from "../../../support/state";
import { authentication as usual, startStack } from "./support/stack";
import type { Stack, StackOptions } from "./support/stack";

async function stackFor(t: TestContext, options?: StackOptions): Promise<Stack> {
  const stack = await startStack(options);
  t.after(() => stack.close());
  return stack;
}

/** The stacks that several tests share. */
const opened: Stack[] = [];
after(() => Promise.all(opened.map((stack) => stack.close())));

/** A mesh in the same process has its policies at once, and answers soon. */
const soon = { settleDeadline: 0, gatewayDeadline: 1_000 };

const verifyWithKey = ({ outputs, signingKey }: Stack) =>
  verify(bookinfo, outputs, { signingKey, ...soon });

/** What Envoy reads as a good token. */
const readAlike = ["no expiry", "audience with other scheme", "audience with other slash"];

/** Their tokens, or how they present them, are unusual; they count all the same. */
const ofOddTokens = ["ours among its audiences", ...readAlike, "Basic, then Bearer"];

const holders = [
  "user@bookinfo.example",
  "moderator@bookinfo.example",
  "catalogue (machine)",
  "reporting (machine)",
  "forged but valid",
  ...ofOddTokens,
];

const wholes = [
  "moderator@bookinfo.example",
  "reporting (machine)",
  "forged but valid",
  "ours among its audiences",
  ...readAlike,
];

const named = (cells: readonly JudgedCell[], verdict: string) =>
  cells
    .filter((cell) => cell.verdict === verdict)
    .map(({ vantage, viewer, target }) => `${vantage}, ${viewer}, ${target}`);

function countsOf({ summary }: Report) {
  const { cells, differences, unproven, notTried } = summary;
  return [cells, differences, unproven, notTried];
}

/** The stack has no Management API. */
const noFindings = (asked: number): Report["findings"] => ({
  asked,
  unexplained: [],
  accepted: [],
  unused: [],
  notCovered: [],
  notRead: ["Not read: the provider's own settings, clients and users (identity.kind is oidc)."],
});

/** The services that log what they receive, where any do. */
const recording = ["productpage", "details"];

/** What every request and name of this process depends on; state.ts has what every child does. */
const stateOfRequests = () => ({
  authorities: tls.getCACertificates("default"),
  lookup: dns.lookup,
});

/** A mesh that enforces the table, its report, and what was said and changed meanwhile. More than one test judges it. */
async function verifyEnforced() {
  const stack = await startStack();
  opened.push(stack);
  const [before, ofProcess] = [stateOfRequests(), stateOfProcess()];
  const lines: string[] = [];
  const { outputs, signingKey } = stack;
  const report = await verify(bookinfo, outputs, {
    signingKey,
    ...soon,
    progress: (line) => lines.push(line),
  });
  const states = [before, stateOfRequests()] as const;
  return { stack, report, lines, states, changes: changesSince(ofProcess) };
}
let enforced: ReturnType<typeof verifyEnforced> | undefined;
const ranEnforced = () => (enforced ??= verifyEnforced());

test("a mesh that enforces the table: 1264 cells, no difference, and nothing is left", async () => {
  const { stack, report, lines, states, changes } = await ranEnforced();
  assert.deepEqual(named(report.cells, "different"), []);
  assert.deepEqual(countsOf(report), [1264, 0, 0, 0]);
  assert.deepEqual(report.findings, noFindings(20));
  const [before, afterwards] = states;
  assert.deepEqual(afterwards, before, "verify has left the process as it was");
  assert.deepEqual(changes, [], "verify has left the process as it was");
  const { pods, services, serviceAccounts, created } = stack.cluster;
  assert.deepEqual([pods.size, services.size, serviceAccounts.size, created.length], [0, 0, 0, 2]);
  assert.deepEqual(lines, [
    "Signing in as every viewer and starting the probe pods …",
    "Sending 1264 requests …",
  ]);
  // Neither a token nor a password, in any cell.
  assert.ok(Date.parse(report.startedAt) <= Date.now());
  assert.ok(!/eyJ|[num]-pass|n\+pass|[cr]-secret/.test(JSON.stringify(report)));
});

/** One whose logs cannot be read, and whose unlisted server is known by an earlier address at first. */
async function verifyUnread() {
  const stack = await startStack({ lost: 3, recording, log: () => ({ refused: "no pods/log" }) });
  opened.push(stack);
  return verifyWithKey(stack);
}
let unread: ReturnType<typeof verifyUnread> | undefined;
const ranUnread = () => (unread ??= verifyUnread());

test("the unlisted server is asked when it is reached: an earlier run's address is no difference", async () => {
  const report = await ranUnread();
  assert.deepEqual(named(report.cells, "different"), []);
});

test("without the tenant's key, what needs it is not tried and never passed", async (t) => {
  const { outputs } = await stackFor(t);
  const report = await verify(bookinfo, outputs, soon);
  const notTried = report.cells.filter((cell) => cell.verdict === "not tried");
  // One of them from everywhere that people ask from, the others where a service is asked by its caller.
  assert.deepEqual(countsOf(report), [1264, 0, 0, 17 * (5 + 5 + 1) + (3 + 7 + 5 * 8)]);
  const viewers = notTried.map(({ viewer, needs }) => `${viewer}: ${needs ?? ""}`);
  assert.deepEqual(
    [...new Set(viewers)],
    [
      "forged but valid",
      "ours among its audiences",
      ...readAlike,
      "foreign client",
      "no authorized party",
      "permissions as one string",
      "permissions nested",
      "permissions with a suffix",
      "permissions in another case",
      "permissions only as scope",
      "expired token",
      "not yet valid",
      "wrong audience",
      "audiences without ours",
      "no audience",
    ].map((viewer) => `${viewer}: the tenant's own key`),
  );
});

test("the policy of details deleted: the cells that changed, and no others", async (t) => {
  const stack = await stackFor(t);
  stack.mesh.policies.delete("details");
  const report = await verifyWithKey(stack);
  const whole = "moderator@bookinfo.example";
  // Neither a path nor a method brings it back; a preflight carries no token.
  const asked = report.cells.filter(
    ({ vantage, viewer, service, expected }) =>
      vantage === "bypass attempts, from a pod as productpage" &&
      viewer === whole &&
      service === "details" &&
      expected.status === "answered",
  );
  assert.equal(asked.length, 20);
  const around = report.cells.filter(
    ({ vantage, viewer, expected }) =>
      vantage === "bypass attempts, through the gateway" &&
      viewer === whole &&
      expected.status === 200,
  );
  const detours = around.filter(({ target }) => target !== "/productpage");
  assert.equal(detours.length, 10);
  assert.deepEqual(named(report.cells, "different"), [
    ...holders.map((viewer) => `through the gateway, ${viewer}, details`),
    ...holders.map((viewer) => `from a pod as productpage, ${viewer}, details`),
    `pages of other origins, through the gateway, ${whole}, /api/v1/products/0 of https://other.invalid`,
    ...detours.map(({ target }) => `bypass attempts, through the gateway, ${whole}, ${target}`),
    ...asked.map(({ target }) => `bypass attempts, from a pod as productpage, ${whole}, ${target}`),
  ]);
  // Every refusal of details has lost its control, wherever it came from.
  const refused = report.cells.filter(
    ({ service, expected, target, control = target }) =>
      service === "details" &&
      expected.refusal !== undefined &&
      control !== "/productpage" &&
      !control.startsWith("details-v1"),
  );
  assert.deepEqual(
    named(report.cells, "unproven"),
    named(
      refused.map((cell) => ({ ...cell, verdict: "unproven" })),
      "unproven",
    ),
  );
  // From the gateway and productpage's pod 37 of 47; from six other pods all seven; and of another origin's page.
  assert.equal(refused.length, 37 * 2 + 6 * 7 + 10 + (21 + 1) + 2 * 21 + 1);
});

test("the audience not checked: the cells of other audiences, and no others", async (t) => {
  const report = await verifyWithKey(await stackFor(t, { audienceChecked: false }));
  const viewers = ["wrong audience", "audiences without ours", "no audience", "ID token"];
  assert.deepEqual(
    named(report.cells, "different"),
    report.cells
      .filter(({ viewer }) => viewers.includes(viewer))
      .map(({ vantage, viewer, target }) => `${vantage}, ${viewer}, ${target}`),
  );
  assert.deepEqual(countsOf(report), [1264, 4 * (5 + 5 + 1), 0, 0]);
});

test("fromHeaders removed: a token in the query counts, wherever its holder may call", async (t) => {
  const report = await verifyWithKey(await stackFor(t, { fromHeaders: false }));
  const viewer = "token in ?access_token=";
  // Not through the gateway: productpage is public, and passes no query on.
  assert.deepEqual(named(report.cells, "different"), [
    ...["details", "reviews", "reviews-v1", "reviews-v2", "reviews-v3"].map(
      (target) => `from a pod as productpage, ${viewer}, ${target}`,
    ),
    `from a pod as reviews, ${viewer}, ratings`,
  ]);
  assert.deepEqual(countsOf(report), [1264, 6, 0, 0]);
  assert.ok(!JSON.stringify(report).includes("eyJ"));
});

test("a route too many: the paths that it opens, to anybody, and no others", async (t) => {
  const stack = await stackFor(t);
  stack.mesh.routes.push({ prefix: "/log" });
  const report = await verifyWithKey(stack);
  assert.deepEqual(
    named(report.cells, "different"),
    ["anonymous", "moderator@bookinfo.example"].flatMap((viewer) =>
      ["/login", "/logout"].map(
        (path) => `bypass attempts, through the gateway, ${viewer}, ${path}`,
      ),
    ),
  );
  assert.deepEqual(countsOf(report), [1264, 4, 0, 0]);
});

test("a rule that lets POST in: from every caller to whom it is denied, and no other method", async (t) => {
  const stack = await stackFor(t);
  const rules = stack.mesh.policies.get("details") ?? [];
  stack.mesh.policies.set("details", [...rules, { methods: ["POST"] }]);
  const report = await verifyWithKey(stack);
  const post = "POST details /details/0";
  assert.deepEqual(named(report.cells, "different"), [
    `bypass attempts, from a pod as productpage, anonymous, ${post}`,
    `bypass attempts, from a stranger's pod, anonymous, ${post}`,
    `bypass attempts, from a stranger's pod, moderator@bookinfo.example, ${post}`,
  ]);
  assert.deepEqual(countsOf(report), [1264, 3, 0, 0]);
});

test("a policy that overlooks the namespace: the other namespace's cells, and no others", async (t) => {
  const stack = await stackFor(t);
  const { policies } = stack.mesh;
  const callers = ["bookinfo/bookinfo-productpage", "default/bookinfo-productpage"];
  policies.set("details", [{ callers, permission: "read:book-details" }]);
  const report = await verifyWithKey(stack);
  assert.deepEqual(
    named(report.cells, "different"),
    holders
      .filter((viewer) => !ofOddTokens.includes(viewer))
      .map((viewer) => `as a workload of another namespace, ${viewer}, details`),
  );
  assert.deepEqual(countsOf(report), [1264, 5, 0, 0]);
});

test("plain text let in: every cell from outside the mesh, and no others", async (t) => {
  const report = await verifyWithKey(await stackFor(t, { strict: false }));
  const resets = report.cells.filter(({ expected }) => expected.status === "reset");
  assert.deepEqual(
    new Set(resets.map(({ vantage }) => vantage)),
    new Set([
      "from a pod outside the mesh",
      "the sidecars' own ports, from a pod outside the mesh",
    ]),
  );
  assert.ok(resets.every(({ verdict }) => verdict === "different"));
  assert.equal(resets.length, 7 * 8 + 6 * 7);
  assert.deepEqual(countsOf(report), [1264, resets.length, 0, 0]);
});

test("no allow-nothing: the unlisted cells whose token is good or absent, and no others", async (t) => {
  const report = await verifyWithKey(await stackFor(t, { allowNothing: false }));
  const different = report.cells.filter(({ verdict }) => verdict === "different");
  assert.deepEqual(
    named(report.cells, "different"),
    report.cells
      .filter(
        ({ target, expected }) => target === "unlisted" && expected.refusal === "access denied",
      )
      .map(({ vantage, viewer, target }) => `${vantage}, ${viewer}, ${target}`),
  );
  // Seven viewers from six pods.
  assert.equal(different.length, 6 * 7);
  assert.deepEqual(countsOf(report), [1264, different.length, 0, 0]);
});

test("a policy that lets another caller in shows from that caller's pod alone", async (t) => {
  const stack = await stackFor(t);
  const callers = ["bookinfo/bookinfo-reviews", "bookinfo/default"];
  stack.mesh.policies.set("ratings", [{ callers, permission: "read:book-reviews" }]);
  const report = await verifyWithKey(stack);
  const around = report.cells.filter(
    ({ vantage, viewer, service, target }) =>
      vantage === "bypass attempts, from a stranger's pod" &&
      viewer === "moderator@bookinfo.example" &&
      service === "ratings" &&
      !target.endsWith("preflight"),
  );
  assert.equal(around.length, 20);
  assert.deepEqual(named(report.cells, "different"), [
    ...wholes
      .filter((viewer) => !["ours among its audiences", ...readAlike].includes(viewer))
      .map((viewer) => `from a stranger's pod, ${viewer}, ratings`),
    ...around.map(({ vantage, viewer, target }) => `${vantage}, ${viewer}, ${target}`),
  ]);
});

test("a tenant that grants too much is a difference, since no expectation is read from a token", async (t) => {
  const granted = { "nobody@bookinfo.example": ["read:book-details"] };
  const report = await verifyWithKey(await stackFor(t, { granted }));
  assert.deepEqual(named(report.cells, "different"), [
    "through the gateway, nobody@bookinfo.example, details",
    "from a pod as productpage, nobody@bookinfo.example, details",
  ]);
});

test("policies that arrive late are waited for", async (t) => {
  const stack = await stackFor(t);
  const details = stack.mesh.policies.get("details");
  assert.ok(details);
  stack.mesh.policies.delete("details");
  const { outputs, signingKey } = stack;
  const lines: string[] = [];
  const report = await verify(bookinfo, outputs, {
    signingKey,
    progress: (line) => {
      lines.push(line);
      if (line.includes("waiting")) stack.mesh.policies.set("details", details);
    },
  });
  assert.deepEqual(countsOf(report), [1264, 0, 0, 0]);
  const [waited = "", ...more] = lines.filter((line) => line.includes("waiting"));
  assert.match(
    waited,
    /^Not as expected yet: \d+ of 1264 answers; waiting up to \d+ s for policies /,
  );
  assert.deepEqual(more, []);
});

test("policies are waited for less where the stack does not explain an object", async (t) => {
  const stack = await stackFor(t);
  stack.mesh.policies.delete("details");
  const { outputs, signingKey } = stack;
  const withoutRoutes = { ...outputs, routing: { ...outputs.routing, traffic: [] } };
  const ended = new AbortController();
  const verified = verify(bookinfo, withoutRoutes, {
    signingKey,
    signal: ended.signal,
    progress: (line) => {
      if (line.includes("waiting")) ended.abort(new Error(line));
    },
  });
  await assert.rejects(verified, { message: /; waiting up to 5 s for policies / });
});

test("a wrong password: one line, and the probe pods are removed", async (t) => {
  const { outputs, cluster } = await stackFor(t);
  const userPasswords = { ...outputs.userPasswords, "user@bookinfo.example": "wrong" };
  await assert.rejects(verify(bookinfo, { ...outputs, userPasswords }, soon), {
    message: `sign-in of user@bookinfo.example failed: Wrong email or password. (status 400, ${outputs.issuer}login)`,
  });
  assert.equal(cluster.pods.size, 0);
});

test("a machine's wrong secret: the tenant's own error", async (t) => {
  const { outputs, cluster } = await stackFor(t);
  const clientSecrets = { web: "web-secret", machines: { catalogue: "wrong", reporting: "wrong" } };
  await assert.rejects(verify(bookinfo, { ...outputs, clientSecrets }, soon), {
    message: "the token of machine catalogue failed: access_denied: Unauthorized",
  });
  assert.equal(cluster.pods.size, 0);
});

test("an audience that the tenant does not know", async (t) => {
  const { outputs } = await stackFor(t);
  await assert.rejects(
    verify(bookinfo, { ...outputs, audience: "https://nothing.example" }, soon),
    {
      message: `sign-in of nobody@bookinfo.example failed: Service not found (status 403, ${outputs.issuer}authorize)`,
    },
  );
});

test("a gateway that does not answer: one line, before any pod is made", async (t) => {
  const { outputs, mesh, cluster } = await stackFor(t);
  await mesh.close();
  mesh.close = () => Promise.resolve();
  await assert.rejects(verify(bookinfo, outputs, soon), {
    message: `the gateway ${outputs.gatewayUrl} does not answer (ECONNREFUSED). Is the stack up, and gateway.url its address?`,
  });
  assert.deepEqual(cluster.created, []);
});

for (const reason of [
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "CERT_HAS_EXPIRED",
]) {
  test(`a gateway whose certificate does not count: one line (${reason})`, () => {
    assert.equal(
      gatewayComplaint("https://books.example", reason),
      `the gateway https://books.example has a certificate that does not count (${reason}). Is it for this name, and by a public authority or by gateway.tls.certificateAuthority?`,
    );
  });
}

test("a tenant that does not answer", async (t) => {
  const { outputs, tenant, cluster } = await stackFor(t);
  await tenant.close();
  tenant.close = () => Promise.resolve();
  await assert.rejects(verify(bookinfo, outputs, soon), (error: Error) => {
    assert.equal(error.message.split(":").slice(0, 2).join(":"), `the tenant https://127.0.0.1`);
    assert.match(error.message, /does not answer as expected: .*ECONNREFUSED/);
    return true;
  });
  assert.equal(cluster.pods.size, 0);
});

test("a signing key file that cannot be read: nothing is begun", async (t) => {
  const { outputs, cluster } = await stackFor(t);
  await assert.rejects(verify(bookinfo, outputs, { signingKey: "/nowhere/keys.json" }), {
    message: /^the signing key file \/nowhere\/keys\.json cannot be read: ENOENT/,
  });
  assert.deepEqual(cluster.requests, []);
});

for (const [what, authentication, asked] of [
  ["at protected services only", { at: "workload" }, 22],
  ["at the gateway", { at: "gateway" }, 21],
  ["at the gateway, which asks for one", { at: "gateway", required: true }, 22],
  ["of any client's", { clients: "any" }, 20],
] as const) {
  test(`a mesh that checks tokens ${what}: no difference, and as many policies`, async (t) => {
    const stack = await stackFor(t, { authentication: { ...usual, ...authentication } });
    const report = await verifyWithKey(stack);
    assert.deepEqual(named(report.cells, "different"), []);
    assert.deepEqual(countsOf(report), [1264, 0, 0, 0]);
    assert.deepEqual(report.findings, noFindings(asked));
  });
}

test("a gateway that asks nobody for a token, where one is required, differs for all without one", async (t) => {
  const required = { ...usual, at: "gateway", required: true } as const;
  const stack = await stackFor(t, {
    authentication: required,
    checks: { atGateway: true, atServices: "all", required: false },
  });
  const report = await verifyWithKey(stack);
  const different = report.cells.filter(({ verdict }) => verdict === "different");
  assert.ok(different.every(({ vantage }) => vantage.endsWith("through the gateway")));
  // Nobody, a foreign client and four more that carry no token, at five paths; nobody at 28 bypass attempts, and from a
  // page of another origin, also by a preflight, which carries no token of anybody's.
  const without = new Set(
    different
      .map(({ viewer }) => viewer)
      .filter((viewer) => viewer !== "moderator@bookinfo.example"),
  );
  assert.equal(different.length, without.size * 5 + 28 + 2 + 1);
  assert.ok(without.has("anonymous") && without.has("foreign client"));
});

test("a mesh that takes any client's tokens, where these are listed: exactly the foreign ones differ", async (t) => {
  const stack = await stackFor(t, { clients: undefined });
  const report = await verifyWithKey(stack);
  const different = report.cells.filter(({ verdict }) => verdict === "different");
  assert.deepEqual([...new Set(different.map(({ viewer }) => viewer))].sort(), [
    "foreign client",
    "no authorized party",
  ]);
  // Details and reviews through the gateway; six in pods as productpage, and one as reviews.
  assert.equal(different.length, 2 * (2 + 5 + 1));
});

test("services that record: what was refused is in none of their logs, and what was answered is", async (t) => {
  const stack = await stackFor(t, { recording });
  const report = await verifyWithKey(stack);
  assert.deepEqual(countsOf(report), [1264, 0, 0, 0]);
  assert.deepEqual(report.records, {
    services: recording,
    refused: 363,
    received: 0,
    answered: 102,
    missing: {},
    notRead: [],
  });
  const front = report.cells.find(
    ({ viewer, target }) => viewer === "anonymous" && target === "productpage",
  );
  assert.deepEqual(front?.receivedBy, ["productpage"]);
  // Of each container of a service's pods but the sidecar, and of no other's.
  const asked = stack.cluster.requests.filter((line) => line.includes("/log?"));
  assert.equal(asked.length, 6);
  for (const line of asked) {
    assert.match(line, /\/namespaces\/bookinfo\/pods\/[^/]+\/log\?container=app&/);
    assert.match(line, /&limitBytes=16777216&/);
    assert.match(line, /&sinceSeconds=\d\d?$/);
  }
});

test("services that do not record change nothing", async () => {
  const { report } = await ranEnforced();
  const nothing = { services: [], refused: 0, received: 0, answered: 0, missing: {}, notRead: [] };
  assert.deepEqual(report.records, nothing);
  assert.ok(report.cells.every(({ receivedBy }) => receivedBy === undefined));
});

test("a request without an answer has what is wrong with its Service, and no other has", async () => {
  const { report } = await ranEnforced();
  // This cluster has pods, and no Services.
  const faults = report.cells.flatMap(({ observed, fault }) =>
    fault === undefined ? [] : [[fault.words, observed && "error" in observed] as const],
  );
  const missing = (service: string) =>
    `there is no Service bookinfo/${service}; see kubectl -n bookinfo get services`;
  assert.ok(faults.every(([, isWithoutAnswer]) => isWithoutAnswer));
  assert.deepEqual(
    new Set(faults.map(([words]) => words)),
    new Set(
      [...recording, "reviews", "reviews-v1", "reviews-v2", "reviews-v3", "ratings"].map(missing),
    ),
  );
});

test("what details refuses, and productpage gets a copy of: exactly these differ", async (t) => {
  const report = await verifyWithKey(await stackFor(t, { recording, copied: "productpage" }));
  const received = report.cells.filter(({ verdict }) => verdict === "different");
  assert.equal(received.length, report.records.received);
  assert.ok(received.length > 0);
  for (const { service, expected, receivedBy } of received) {
    assert.deepEqual(
      [service, expected.refusal, receivedBy],
      ["details", "access denied", ["productpage"]],
    );
  }
});

test("a log that is written late is waited for", async (t) => {
  const readings = new Map<string, number>();
  const log = (pod: string, lines: readonly string[]) => {
    const reading = (readings.get(pod) ?? 0) + 1;
    readings.set(pod, reading);
    return lines.slice(0, reading < 3 ? 10 : lines.length).join("\n");
  };
  const report = await verifyWithKey(await stackFor(t, { recording, log }));
  assert.deepEqual(report.records.missing, {});
  assert.deepEqual([...new Set(readings.values())], [3]);
});

test("a log that stays incomplete is no difference, and is told", async (t) => {
  const log = (pod: string, lines: readonly string[]) =>
    (pod.startsWith("details") ? lines.slice(0, 1) : lines).join("\n");
  const { outputs, signingKey } = await stackFor(t, { recording, log });
  const options = { signingKey, ...soon, recordsDeadline: 0 };
  const report = await verify(bookinfo, outputs, options);
  assert.deepEqual(countsOf(report), [1264, 0, 0, 0]);
  assert.deepEqual(Object.keys(report.records.missing), ["details"]);
});

test("logs that may not be read are told, and change no verdict", async () => {
  const report = await ranUnread();
  assert.deepEqual(countsOf(report), [1264, 0, 0, 0]);
  assert.deepEqual(report.records.services, []);
  assert.equal(report.records.notRead.length, 6);
  assert.match(
    report.records.notRead[0]?.reason ?? "",
    /^cannot read the log of app in pod \S+: 403 no pods\/log$/,
  );
});
