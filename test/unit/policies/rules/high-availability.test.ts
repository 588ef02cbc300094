/** With `minimumReplicas`, istiod or a gateway with fewer replicas or no PodDisruptionBudget is reported. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { highAvailability } from "../../../../policies/rules/high-availability";
import { type Given, judged, notKnown } from "../judged";

const release = (chart: string, values: unknown): Given => ({
  type: "kubernetes:helm.sh/v3:Release",
  name: chart,
  inputs: { chart, namespace: "mesh", values },
});

const settings = { minimumReplicas: 2 };
const noBudget = "makes no PodDisruptionBudget";
const found = async (...given: Given[]) =>
  (await judged(highAvailability, given, settings)).map(({ where, is, found }) => [
    where,
    is ?? found,
  ]);

test("two of each with a budget pass, by number or by autoscaler", async () => {
  const budget = { podDisruptionBudget: { minAvailable: 1 } };
  const good = [
    release("istiod", { autoscaleEnabled: false, replicaCount: 2 }),
    release("istiod", { autoscaleMin: 2 }),
    release("istiod", { pilot: { autoscaleEnabled: false, replicaCount: 3 } }),
    release("gateway", { autoscaling: { enabled: false }, replicaCount: 2, ...budget }),
    release("gateway", { autoscaling: { minReplicas: 2 }, ...budget }),
    release("other", {}),
  ];
  for (const given of good) assert.deepEqual(await found(given), [], JSON.stringify(given));
});

test("one of each, or two without a budget, are found", async () => {
  assert.deepEqual(await found(release("istiod", { autoscaleEnabled: false, replicaCount: 1 })), [
    ["values.replicaCount of Release istiod", "1"],
  ]);
  assert.deepEqual(await found(release("istiod", {})), [
    ["values.autoscaleMin of Release istiod", "nothing"],
  ]);
  assert.deepEqual(await found(release("istiod", { autoscaleMin: 2, autoscaleMax: 1 })), [
    ["values.autoscaleMax of Release istiod", "1"],
  ]);
  const off = { defaultPodDisruptionBudget: { enabled: false } };
  assert.deepEqual(await found(release("istiod", { autoscaleMin: 2, global: off })), [
    ["values.global.defaultPodDisruptionBudget.enabled of Release istiod", noBudget],
  ]);
  const two = release("gateway", { autoscaling: { enabled: false }, replicaCount: 2 });
  assert.deepEqual(await found(two), [
    ["values.podDisruptionBudget.minAvailable of Release gateway", noBudget],
  ]);
  assert.equal((await found(release("istiod", notKnown))).length > 0, true);
});

test("a budget of the stack's own counts, in the release's namespace", async () => {
  const two = release("gateway", { autoscaling: { enabled: false }, replicaCount: 2 });
  const budget = (namespace: string): Given => ({
    type: "kubernetes:policy/v1:PodDisruptionBudget",
    name: "gateway",
    inputs: { metadata: { name: "gateway", namespace }, spec: { minAvailable: 1 } },
  });
  assert.deepEqual(await found(two, budget("mesh")), []);
  assert.equal((await found(two, budget("other"))).length, 1);
});

test("nothing is asked where the stack is not for production", async () => {
  assert.deepEqual(await judged(highAvailability, [release("istiod", {})]), []);
});
