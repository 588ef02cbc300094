/** `npm run verify -- --kubeconfig FILE`: the probe pods start while the stack's outputs are read. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test, type TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { argumentsFor } from "../../../support/node";
import { temporaryFolder } from "../../local/images/reading";
import { startCluster } from "./support/cluster";
import { fakePulumi } from "./support/pulumi";
import type { FakePulumi } from "./support/pulumi";
import { startStack } from "./support/stack";
import type { Stack } from "./support/stack";

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

/** Verifies with a kubeconfig's file. Pulumi reads what it prints from a pipe, and so waits for this test. */
async function begin(kubeconfig: string, ...options: string[]) {
  const folder = temporaryFolder();
  const file = join(folder, "kubeconfig");
  const pipe = join(folder, "outputs");
  await writeFile(file, kubeconfig, { mode: 0o600 });
  execFileSync("mkfifo", [pipe]);
  await pulumi.does(
    `answer="$(cat '${pipe}')"; [ -n "$answer" ] || { echo 'error: no such stack' >&2; exit 255; }; printf %s "$answer"`,
  );
  const child = spawn(
    process.execPath,
    [...argumentsFor("commands/verify/main.ts"), "--kubeconfig", file, ...options],
    {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, PATH: [pulumi.directory, process.env.PATH].join(delimiter) },
    },
  );
  const end = Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit") as Promise<[number | null]>,
  ]);
  return {
    file,
    /** Has Pulumi answer; nothing is a failure. */
    answer: (outputs: string) => writeFile(pipe, outputs),
    ended: async () => {
      const [out, err, [code]] = await end;
      return { out, err, code };
    },
  };
}

/** A cluster whose pods never become ready, and that counts those that were made. */
async function cluster(t: TestContext) {
  const started = await startCluster({
    run: (pod) => stack.mesh.run(pod),
    status: () => ({ phase: "Pending" }),
  });
  t.after(() => started.close());
  return started;
}

async function podsAreMade(created: readonly unknown[], count: number): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (created.length < count && Date.now() < deadline) await pause(20);
  assert.equal(created.length, count);
}

test("the pods are made before Pulumi answers, used, and removed", async () => {
  const { kubeconfig, created, pods } = stack.cluster;
  const { answer, ended } = await begin(kubeconfig, "--signing-key", stack.signingKey);
  await podsAreMade(created, 2);
  await answer(JSON.stringify(stack.outputs));
  const { out, code } = await ended();
  assert.equal(out.trimEnd().split("\n").at(-1), "1264 cells, 0 differences, 0 not tried");
  assert.deepEqual([code, created.length, pods.size], [0, 2, 0]);
});

test("Pulumi fails: one line, exit 1, and the pods are removed", async (t) => {
  const { kubeconfig, created, pods } = await cluster(t);
  const { answer, ended } = await begin(kubeconfig, "--stack", "other");
  await podsAreMade(created, 2);
  await answer("");
  assert.deepEqual(await ended(), {
    out: "",
    err: "error: cannot read the outputs of stack other: no such stack\n",
    code: 1,
  });
  assert.equal(pods.size, 0);
});

test("a file of another cluster: one line that names both, exit 1, and the pods are removed", async (t) => {
  const { kubeconfig, created, pods } = await cluster(t);
  const { file, answer, ended } = await begin(kubeconfig);
  await podsAreMade(created, 2);
  await answer(JSON.stringify(stack.outputs));
  const serverOf = (config: string) => /http:\/\/[^"]*/.exec(config)?.[0] ?? "";
  const servers = [serverOf(kubeconfig), serverOf(stack.outputs.kubeconfig)];
  assert.deepEqual(await ended(), {
    out: "",
    err: `error: --kubeconfig ${file} is of the cluster ${servers[0]}, and the stack is on ${servers[1]}\n`,
    code: 1,
  });
  assert.equal(pods.size, 0);
});

test("where people sign in first no pod is made early: it would not live long enough", async (t) => {
  const { kubeconfig, created } = await cluster(t);
  const { answer, ended } = await begin(kubeconfig, "--sign-in", "browser");
  await answer(JSON.stringify(stack.outputs));
  const { err, code } = await ended();
  assert.match(err, /^error: no terminal to ask on/);
  assert.deepEqual([code, created.length], [1, 0]);
});

for (const [what, option, message] of [
  ["that is no kubeconfig", [], /^error: --kubeconfig \S+ is not a kubeconfig\n$/],
  [
    "that is not there",
    ["--kubeconfig", "/nowhere"],
    /^error: --kubeconfig \/nowhere: the file cannot be read: ENOENT.*\n$/,
  ],
] as const) {
  test(`one line and exit 1: a file ${what}`, async () => {
    const { answer, ended } = await begin("{", ...option);
    await answer("");
    const { out, err, code } = await ended();
    assert.match(err, message);
    assert.deepEqual([out, code], ["", 1]);
  });
}
