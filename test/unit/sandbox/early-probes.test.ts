/** Verify's probe pods are started once while the engine works, and removed if something was changed after that. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { application as bookinfo } from "../../../application";
import { EarlyProbes } from "../../../sandbox/early-probes";
import { isTrueWithin } from "../../../lib/poll";
import type { Probes } from "../../../commands/verify/probes/probes";
import { podsToProbeFrom } from "../../../commands/verify/plan/vantages";
import { startCluster, type Cluster } from "../commands/verify/support/cluster";
import { temporaryFolder } from "../local/images/reading";

const account = "kubernetes:core/v1:ServiceAccount";

/** A cluster that takes pods, or refuses them, and the path of its kubeconfig. */
async function setUp(t: TestContext, refusal?: string): Promise<{ fake: Cluster; file: string }> {
  const fake = await startCluster({
    run: (_pod, [, ...args]) => spawn(process.execPath, args, { stdio: "pipe" }),
    refuse: () => refusal,
  });
  t.after(() => fake.close());
  const file = join(temporaryFolder(), "kubeconfig");
  writeFileSync(file, fake.kubeconfig);
  return { fake, file };
}

const all = podsToProbeFrom(bookinfo).length;

/** How many probers there are, once all of them are ready. */
async function readyOf(probes: Probes | undefined): Promise<number> {
  const coming = probes === undefined ? [] : [...probes.probers.values()];
  return (await Promise.all(coming)).length;
}

test("the pods are started with the last service account, once", async (t) => {
  const { fake, file } = await setUp(t);
  const early = new EarlyProbes(bookinfo, file);
  const made = (types: readonly string[]) => {
    for (const type of types) early.made(type);
  };
  made([account, "kubernetes:core/v1:Service", account, account]);
  assert.deepEqual(fake.requests, []);
  made([account, account]);
  const probes = await early.take(false);
  assert.equal(await readyOf(probes), all);
  assert.equal(fake.created.length, all);
  await early.discard();
  assert.equal(fake.pods.size, 0);
});

test("pods that were started before anything was looked at are used where nothing was changed", async (t) => {
  const { fake, file } = await setUp(t);
  const early = new EarlyProbes(bookinfo, file);
  early.start();
  for (let count = 0; count < 4; count += 1) early.made(account);
  const probes = await early.take(true);
  assert.equal(await readyOf(probes), all);
  assert.equal(fake.created.length, all);
  await early.discard();
});

test("and are removed where something was", async (t) => {
  const { fake, file } = await setUp(t);
  const early = new EarlyProbes(bookinfo, file);
  early.start();
  assert.equal(await early.take(false), undefined);
  assert.equal(fake.pods.size, 0);
});

test("pods that cannot be started are none, and no error", async (t) => {
  const { fake, file } = await setUp(t, "serviceaccount not found");
  const early = new EarlyProbes(bookinfo, file);
  early.start();
  const refused = () =>
    fake.requests.filter((line) => line.startsWith("POST") && line.endsWith("/pods")).length ===
    all;
  assert.ok(await isTrueWithin(10_000, refused));
  // The last answer has to arrive, too.
  assert.ok(await isTrueWithin(10_000, async () => (await early.take(true)) === undefined));
});

test("where there is no cluster yet nothing is started", async () => {
  const early = new EarlyProbes(bookinfo, join(temporaryFolder(), "kubeconfig"));
  early.start();
  assert.equal(await early.take(true), undefined);
  await early.discard();
});

test("a cluster that has gone is no error when they are removed", async (t) => {
  const { fake, file } = await setUp(t);
  const early = new EarlyProbes(bookinfo, file);
  early.start();
  const probes = await early.take(true);
  await readyOf(probes);
  await fake.close();
  fake.close = () => Promise.resolve();
  await early.discard();
  assert.equal(await early.take(true), undefined);
});
