import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { JudgedCell } from "../../verify/judge";
import { verify } from "../../verify/verify";
import type { Report } from "../../verify/verify";
import { startStack } from "./support/stack";
import type { Stack, StackOptions } from "./support/stack";

async function stackFor(t: TestContext, options?: StackOptions): Promise<Stack> {
  const stack = await startStack(options);
  t.after(() => stack.close());
  return stack;
}

/** Soon enough for a mesh in the same process. */
const soon = { settleDeadline: 1_000, gatewayDeadline: 1_000 };

const verifyWithKey = ({ outputs, signingKey }: Stack) => verify(outputs, { signingKey, ...soon });

const named = (cells: readonly JudgedCell[], verdict: string) =>
  cells
    .filter((cell) => cell.verdict === verdict)
    .map(({ vantage, viewer, target }) => `${vantage}, ${viewer}, ${target}`);

function countsOf({ summary }: Report) {
  const { cells, differences, unproven, notTried } = summary;
  return [cells, differences, unproven, notTried];
}

test("a mesh that enforces the table: 584 cells, no difference, and nothing is left", async (t) => {
  const stack = await stackFor(t);
  const lines: string[] = [];
  const { outputs, signingKey } = stack;
  const report = await verify(outputs, {
    signingKey,
    ...soon,
    progress: (line) => lines.push(line),
  });
  assert.deepEqual(countsOf(report), [584, 0, 0, 0]);
  assert.equal(stack.cluster.pods.size, 0);
  assert.equal(stack.cluster.services.size, 0);
  assert.equal(stack.cluster.created.length, 7);
  assert.deepEqual(lines, [
    "Signing in as every viewer and starting the probe pods …",
    "Waiting until the policies have reached every sidecar …",
    "Sending 584 requests …",
  ]);
  // Neither a token nor a password, in any cell.
  assert.ok(!/eyJ|[num]-pass|n\+pass|[cr]-secret/.test(JSON.stringify(report)));
});

test("without the tenant's key, what needs it is not tried and never passed", async (t) => {
  const { outputs } = await stackFor(t);
  const report = await verify(outputs, soon);
  // Three of eleven rows: forged but valid, expired, wrong audience.
  assert.deepEqual(countsOf(report), [584, 0, 0, 159]);
  const viewers = report.cells
    .filter((cell) => cell.verdict === "not tried")
    .map((cell) => cell.viewer);
  assert.deepEqual([...new Set(viewers)], ["forged but valid", "expired token", "wrong audience"]);
});

test("the policy of details deleted: the cells that changed, and no others", async (t) => {
  const stack = await stackFor(t);
  stack.mesh.policies.delete("details");
  const report = await verifyWithKey(stack);
  const holders = [
    "user@bookinfo.example",
    "moderator@bookinfo.example",
    "catalogue (machine)",
    "reporting (machine)",
    "forged but valid",
  ];
  assert.deepEqual(named(report.cells, "different"), [
    ...holders.map((viewer) => `through the gateway, ${viewer}, details`),
    ...holders.map((viewer) => `from a pod as productpage, ${viewer}, details`),
  ]);
  const unproven = report.cells.filter(({ verdict }) => verdict === "unproven");
  assert.deepEqual(new Set(unproven.map(({ target }) => target)), new Set(["details"]));
  // Every other refusal of details lost its control: 6 of 11 twice, all 11 from five other pods.
  assert.equal(unproven.length, 6 + 6 + 5 * 11);
});

test("the audience not checked: the wrong-audience cells, and no others", async (t) => {
  const report = await verifyWithKey(await stackFor(t, { audienceChecked: false }));
  assert.deepEqual(
    named(report.cells, "different"),
    report.cells
      .filter(({ viewer, expected }) => viewer === "wrong audience" && expected.status === 403)
      .map(({ vantage, viewer, target }) => `${vantage}, ${viewer}, ${target}`),
  );
  assert.deepEqual(countsOf(report), [584, 45, 0, 0]);
});

test("plain text let in: every cell from outside the mesh, and no others", async (t) => {
  const report = await verifyWithKey(await stackFor(t, { strict: false }));
  const outside = report.cells.filter(({ vantage }) => vantage === "from a pod outside the mesh");
  assert.equal(outside.length, 8 * 11);
  assert.ok(outside.every(({ verdict }) => verdict === "different"));
  assert.deepEqual(countsOf(report), [584, 88, 0, 0]);
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
  // Seven viewers from five pods of the mesh.
  assert.equal(different.length, 7 * 5);
  assert.deepEqual(countsOf(report), [584, 35, 0, 0]);
});

test("a policy that lets another caller in shows from that caller's pod alone", async (t) => {
  const stack = await stackFor(t);
  stack.mesh.policies.set("ratings", {
    callers: ["bookinfo-reviews", "default"],
    permission: "read:book-reviews",
  });
  const report = await verifyWithKey(stack);
  assert.deepEqual(named(report.cells, "different"), [
    "from a stranger's pod, moderator@bookinfo.example, ratings",
    "from a stranger's pod, reporting (machine), ratings",
    "from a stranger's pod, forged but valid, ratings",
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
  const report = await verify(outputs, {
    signingKey,
    progress: (line) => {
      if (line.startsWith("Waiting")) {
        setTimeout(() => stack.mesh.policies.set("details", details), 300);
      }
    },
  });
  assert.deepEqual(countsOf(report), [584, 0, 0, 0]);
});

test("a wrong password: one line, and the probe pods are removed", async (t) => {
  const { outputs, cluster } = await stackFor(t);
  const userPasswords = { ...outputs.userPasswords, "user@bookinfo.example": "wrong" };
  await assert.rejects(verify({ ...outputs, userPasswords }, soon), {
    message: `sign-in of user@bookinfo.example failed: Wrong email or password. (status 400, ${outputs.issuer}login)`,
  });
  assert.equal(cluster.pods.size, 0);
});

test("a machine's wrong secret: the tenant's own error", async (t) => {
  const { outputs, cluster } = await stackFor(t);
  const clientSecrets = { web: "web-secret", machines: { catalogue: "wrong", reporting: "wrong" } };
  await assert.rejects(verify({ ...outputs, clientSecrets }, soon), {
    message: "the token of machine catalogue failed: access_denied: Unauthorized",
  });
  assert.equal(cluster.pods.size, 0);
});

test("an audience that the tenant does not know", async (t) => {
  const { outputs } = await stackFor(t);
  await assert.rejects(verify({ ...outputs, audience: "https://nothing.example" }, soon), {
    message: `sign-in of nobody@bookinfo.example failed: Service not found (status 403, ${outputs.issuer}authorize)`,
  });
});

test("a gateway that does not answer: one line, before any pod is made", async (t) => {
  const { outputs, mesh, cluster } = await stackFor(t);
  await mesh.close();
  mesh.close = () => Promise.resolve();
  await assert.rejects(verify(outputs, soon), {
    message: `the gateway ${outputs.gatewayUrl} does not answer (ECONNREFUSED). Is the stack up, and gateway.url its address?`,
  });
  assert.deepEqual(cluster.created, []);
});

test("a tenant that does not answer", async (t) => {
  const { outputs, tenant, cluster } = await stackFor(t);
  await tenant.close();
  tenant.close = () => Promise.resolve();
  await assert.rejects(verify(outputs, soon), (error: Error) => {
    assert.equal(error.message.split(":").slice(0, 2).join(":"), `the tenant https://127.0.0.1`);
    assert.match(error.message, /does not answer as expected: .*ECONNREFUSED/);
    return true;
  });
  assert.equal(cluster.pods.size, 0);
});

test("a signing key file that cannot be read: nothing is begun", async (t) => {
  const { outputs, cluster } = await stackFor(t);
  await assert.rejects(verify(outputs, { signingKey: "/nowhere/keys.json" }), {
    message: /^the signing key file \/nowhere\/keys\.json cannot be read: ENOENT/,
  });
  assert.deepEqual(cluster.requests, []);
});
