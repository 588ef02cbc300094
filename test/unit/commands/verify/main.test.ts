/** `verify` prints the table and its findings, shows no token, removes its pods, and exits with 1 on a difference. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { build } from "esbuild";
import { argumentsFor } from "../../../support/node";
import { temporaryFolder } from "../../local/images/reading";
import { startCluster } from "./support/cluster";
import { fakePulumi } from "./support/pulumi";
import type { FakePulumi } from "./support/pulumi";
import { startStack } from "./support/stack";
import type { Stack } from "./support/stack";

const program = argumentsFor("commands/verify/main.ts");
let pulumi: FakePulumi;
let stack: Stack;

before(async () => {
  pulumi = await fakePulumi();
  stack = await startStack();
});

after(async () => {
  await stack.close();
  await pulumi.remove();
});

function start(...options: string[]): ChildProcess {
  return spawn(process.execPath, [...program, ...options], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      PATH: [pulumi.directory, process.env.PATH].join(delimiter),
      FORCE_COLOR: "1",
    },
  });
}

async function ended(child: ChildProcess) {
  assert.ok(child.stdout && child.stderr);
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit") as Promise<[number | null]>,
  ]);
  return { out, err, code };
}

const run = (...options: string[]) => ended(start(...options));

test("--help", async () => {
  const { out, err, code } = await run("--help");
  assert.deepEqual([err, code], ["", 0]);
  assert.ok(out.startsWith("Usage: istio-auth0 verify [options]"));
  assert.match(out, /^ {2}--all {2,}\S/m);
  assert.deepEqual(
    out.split("\n").filter((line) => line.length > 100),
    [],
  );
});

test("it loads no SDK of Pulumi's: it reads what a stack is made of, and makes nothing", async () => {
  const { metafile } = await build({
    absWorkingDir: join(__dirname, "../../../.."),
    entryPoints: ["commands/verify/main.ts"],
    bundle: true,
    packages: "external",
    external: ["../../examples/*"],
    metafile: true,
    write: false,
  });
  const loaded = Object.entries(metafile.inputs).flatMap(([file, { imports }]) =>
    imports.map(({ path }) => `${path} by ${file}`),
  );
  assert.ok(loaded.some((each) => each.startsWith("@kubernetes/client-node by ")));
  assert.deepEqual(
    loaded.filter((each) => each.startsWith("@pulumi/")),
    [],
  );
});

/** The table of a mesh that is as it should be, and what Pulumi was asked for. More than one test judges it. */
async function runTable() {
  await pulumi.prints(stack.outputs);
  const ran = await run("--stack", "sandbox", "--signing-key", stack.signingKey);
  return { ...ran, asked: await pulumi.asked() };
}
let table: ReturnType<typeof runTable> | undefined;
const ranTable = () => (table ??= runTable());

test("the table on a pipe: plain, complete, without a token, exit 0", async () => {
  const { out, err, code, asked: said } = await ranTable();
  assert.equal(err.trimEnd().split("\n").length, 2, err);
  assert.equal(out.trimEnd().split("\n").at(-1), "1264 cells, 0 differences, 0 not tried");
  assert.equal(code, 0);
  assert.ok(!(out + err).includes("\u001b"), "no colours");
  assert.ok(!(out + err).includes("eyJ"), "no token");
  const [directory, ...asked] = said;
  assert.equal(directory, join(__dirname, "../../../.."));
  assert.equal(asked.at(-1), "--stack=sandbox");
});

/** The table of every place, with probe pods that start early and cannot be removed. More than one test judges it. */
async function runAll() {
  const cluster = await startCluster({
    ...stack.clusterOptions,
    before: (asked) => {
      if (/^DELETE .*\/pods\?/.test(asked)) throw new Error("no answer");
    },
  });
  const file = join(temporaryFolder(), "kubeconfig");
  writeFileSync(file, cluster.kubeconfig);
  await pulumi.prints({ ...stack.outputs, kubeconfig: cluster.kubeconfig });
  const ran = await run("--signing-key", stack.signingKey, "--kubeconfig", file, "--all");
  await cluster.close();
  return ran;
}
let whole: ReturnType<typeof runAll> | undefined;
const ranAll = () => (whole ??= runAll());

test("--all: the table of every place that requests are sent from, as well", async () => {
  const { out: short } = await ranTable();
  const { out: all, code } = await ranAll();
  const [first] = short.split("\n\n");
  assert.ok(first);
  assert.ok(all.startsWith(first), all.slice(0, 2000));
  assert.equal(code, 0);
  const titles = /^(From (a pod|a stranger)|As a workload)/gm;
  assert.deepEqual([short.match(titles), all.match(titles)?.length], [null, 7]);
  assert.match(short, /^ {2}from a pod as productpage +47 +8 +256 {2}as expected$/m);
});

test("a difference: exit 1, its cause first, and with --all a line that names it", async (t) => {
  await pulumi.prints(stack.outputs);
  const { policies } = stack.mesh;
  const ratings = policies.get("ratings");
  assert.ok(ratings);
  t.after(() => policies.set("ratings", ratings));
  policies.set("ratings", [
    ...ratings,
    { callers: ["bookinfo/default"], permission: "read:book-reviews", methods: ["PUT"] },
  ]);
  const { out, err, code } = await run("--all", "--wait", "0");
  assert.equal(code, 1);
  assert.ok(!err.includes("Not as expected yet"), err);
  assert.deepEqual(out.split("\n").slice(0, 7), [
    "What differs, by cause",
    "  Not permitted, but let in: ratings (1 cell)",
    "    expected: 403 RBAC: access denied",
    "    got:      200",
    "    asked:    bypass attempts, from a stranger's pod: moderator@bookinfo.example → PUT ratings",
    "              /ratings/0",
    "",
  ]);
  assert.deepEqual(
    out
      .replaceAll("\n    ", " ")
      .split("\n")
      .filter((line) => line.startsWith("different:")),
    [
      `different: bypass attempts, from a stranger's pod, moderator@bookinfo.example → PUT ratings /ratings/0: expected 403 RBAC: access denied, got 200 {"service":"ratings"}`,
    ],
  );
});

test("nothing differs but a policy, which no request shows: exit 1, and a line that names it", async (t) => {
  // Without a spec, as a cluster may have it.
  const extra = { metadata: { name: "extra", namespace: "bookinfo" } };
  const cluster = await startCluster({
    ...stack.clusterOptions,
    policies: { ...stack.clusterOptions.policies, envoyfilters: [extra] },
  });
  t.after(() => cluster.close());
  await pulumi.prints({ ...stack.outputs, kubeconfig: cluster.kubeconfig });
  const { out, err, code } = await run("--signing-key", stack.signingKey);
  assert.equal(code, 1, err);
  const lines = out.trimEnd().split("\n");
  assert.deepEqual(lines.slice(0, 5), [
    "What the stack does not explain",
    "  EnvoyFilter bookinfo/extra",
    "    found: it counts for what the stack protects, and the stack does not ask for it",
    "    fix:   kubectl -n bookinfo delete envoyfilter extra",
    "",
  ]);
  assert.equal(lines.at(-1), "1264 cells, 0 differences, 1 finding, 0 not tried");
});

test("one line and exit 1: a stack that is not up yet", async () => {
  await pulumi.prints({ gatewayUrl: "http://localhost:8080" });
  const { out, err, code } = await run();
  assert.deepEqual([out, code], ["", 1]);
  assert.match(
    err,
    /^error: the outputs of the selected stack are not complete: its last update did not finish, or was another program's\. Run `pulumi up` and try again\. Missing: issuer, .*\n$/,
  );
  assert.equal(err.trimEnd().split("\n").length, 1);
});

test("one line and exit 1: an unknown option", async () => {
  assert.deepEqual(await run("--stak", "x"), {
    out: "",
    err: "error: unknown option '--stak' (Did you mean --stack?). See istio-auth0 verify --help.\n",
    code: 1,
  });
});

test("one line and exit 1, and nothing is asked: a report that has no folder", async () => {
  await pulumi.does("exit 9");
  assert.deepEqual(await run("--html", "/nowhere/report.html"), {
    out: "",
    err: "error: --html /nowhere/report.html cannot be written: there is no folder /nowhere\n",
    code: 1,
  });
});

test("one line and exit 1: a folder that is not there", async () => {
  assert.deepEqual(await run("--cwd", "/nowhere", "--stack", "x"), {
    out: "",
    err: "error: cannot read the outputs of stack x: there is no folder /nowhere\n",
    code: 1,
  });
});

test("one line and exit 1: a cluster that does not answer", async () => {
  const cluster = await startCluster({ run: (pod) => stack.mesh.run(pod) });
  await cluster.close();
  await pulumi.prints({ ...stack.outputs, kubeconfig: cluster.kubeconfig });
  const { out, err, code } = await run();
  assert.deepEqual([out, code], ["", 1]);
  assert.match(
    err,
    /^error: the cluster http:\/\/127\.0\.0\.1:\d+ does not answer \(.*ECONNREFUSED.*\)\. Is it up, and does the stack's kubeconfig reach it\?\n$/,
  );
});

test("without a stack to take, it says so and runs the sandbox's, with its exit code", async () => {
  await pulumi.does('echo "error: no stack selected" >&2; exit 255');
  // The sandbox refuses this option in its own words, wherever these tests run.
  const { out, err, code } = await run("--sign-in", "browser");
  assert.deepEqual([out, code], ["", 1]);
  const lines = err.split("\n");
  assert.equal(
    lines[0],
    "This is about the sandbox's stack: no other is named, and none is selected",
  );
  assert.match(lines[1] ?? "", /^error: /);
});

test("a report on standard output: the table is on standard error", async () => {
  await pulumi.prints(stack.outputs);
  const { out, err, code } = await run("--signing-key", stack.signingKey, "--json", "-");
  assert.equal((JSON.parse(out) as { version: number }).version, 5);
  assert.equal(err.trimEnd().split("\n").at(-1), "1264 cells, 0 differences, 0 not tried");
  assert.equal(code, 0);
});

test("probe pods that start early and cannot be removed are said once", async () => {
  const { err, code } = await ranAll();
  assert.equal(code, 0, err);
  const [, , ...rest] = err.trimEnd().split("\n");
  assert.equal(rest.length, 1, err);
  assert.match(
    rest.join(),
    /^Probe pods may be left for ten minutes, and what they share until the next run: /,
  );
});

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  test(`${signal} while the probe pods start: they are removed, exit ${code}`, async (t) => {
    const cluster = await startCluster({
      run: (pod) => stack.mesh.run(pod),
      status: () => ({ phase: "Pending" }),
    });
    t.after(() => cluster.close());
    await pulumi.prints({ ...stack.outputs, kubeconfig: cluster.kubeconfig });
    const child = start();
    const end = ended(child);
    const deadline = Date.now() + 60_000;
    while (cluster.pods.size < 2 && Date.now() < deadline) await pause(20);
    assert.equal(cluster.pods.size, 2);
    child.kill(signal);
    const { err, code: exit } = await end;
    assert.equal(err.trimEnd().split("\n").at(-1), `error: ended by ${signal}`);
    assert.equal(exit, code);
    assert.equal(cluster.pods.size, 0);
  });
}
