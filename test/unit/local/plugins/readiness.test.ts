/** A Deployment, DaemonSet or StatefulSet is ready when its controller has seen the change and every pod is new and available. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readinessOf } from "../../../../local/plugins/kubernetes/readiness";
import type { Properties } from "../../../../local/plugins/shared/values";

const seen = { observedGeneration: 2 };
const deployed = { replicas: 2, updatedReplicas: 2, availableReplicas: 2 };
const spread = { desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2 };

const revisions = (currentRevision: string, updateRevision: string) => ({
  currentRevision,
  updateRevision,
});
const condition = (type: string) => ({ type, status: "True", message: `${type}: so it is` });

const waiting: readonly {
  kind: string;
  spec?: Properties;
  status: Properties;
  for: string | undefined;
}[] = [
  { kind: "Deployment", status: { ...seen, ...deployed }, for: undefined },
  {
    kind: "Deployment",
    status: { observedGeneration: 1, ...deployed },
    for: "the Deployment's controller to see the change",
  },
  {
    kind: "Deployment",
    status: { ...seen, ...deployed, availableReplicas: 1 },
    for: "2 of 2 pods are of the new version, 1 available",
  },
  { kind: "DaemonSet", status: { ...seen, ...spread }, for: undefined },
  {
    kind: "DaemonSet",
    status: { observedGeneration: 1, ...spread },
    for: "the DaemonSet's controller to see the change",
  },
  {
    kind: "DaemonSet",
    status: { ...seen, ...spread, updatedNumberScheduled: 1 },
    for: "1 of 2 pods are of the new version, 2 available",
  },
  {
    kind: "StatefulSet",
    status: { ...seen, updatedReplicas: 2, readyReplicas: 2, ...revisions("a", "a") },
    for: undefined,
  },
  {
    kind: "StatefulSet",
    status: { ...seen, updatedReplicas: 1, readyReplicas: 2, ...revisions("a", "b") },
    for: "1 of 2 pods are of the new version, 2 ready",
  },
  {
    kind: "StatefulSet",
    spec: { updateStrategy: { type: "OnDelete" } },
    status: { ...seen, updatedReplicas: 1, readyReplicas: 2, ...revisions("a", "b") },
    for: undefined,
  },
  {
    kind: "StatefulSet",
    spec: { updateStrategy: { rollingUpdate: { partition: 1 } } },
    status: { ...seen, updatedReplicas: 1, readyReplicas: 2, ...revisions("a", "b") },
    for: undefined,
  },
  {
    kind: "Deployment",
    status: { ...seen, replicas: 3, updatedReplicas: 2, availableReplicas: 2 },
    for: "2 of 2 pods are of the new version, 2 available, 1 of an older version",
  },
  {
    kind: "Deployment",
    spec: { paused: true },
    status: { ...seen, ...deployed, updatedReplicas: 0 },
    for: undefined,
  },
  { kind: "Job", status: { conditions: [condition("Complete")] }, for: undefined },
  { kind: "Job", status: {}, for: "the job to complete" },
];

for (const { kind, spec = {}, status, for: reason } of waiting) {
  const what = Object.keys(spec).length > 0 ? ` with ${JSON.stringify(spec)}` : "";
  test(`a ${kind}${what} waits for ${reason ?? "nothing"}`, () => {
    const live = {
      kind,
      metadata: { generation: 2 },
      spec: { replicas: 2, selector: { matchLabels: {} }, ...spec },
      status,
    };
    const expected = reason === undefined ? { state: "ready" } : { state: "waiting", for: reason };
    assert.deepEqual(readinessOf(live), expected);
  });
}

test("a Deployment that made no progress has failed, but not because of an update before", () => {
  const noted = "2026-11-30T12:00:00Z";
  const stuck = {
    ...condition("Progressing"),
    reason: "ProgressDeadlineExceeded",
    lastUpdateTime: noted,
  };
  const live = {
    kind: "Deployment",
    metadata: { generation: 2 },
    spec: { replicas: 2, selector: { matchLabels: {} } },
    status: { ...seen, ...deployed, availableReplicas: 0, conditions: [stuck] },
  };
  const failed = { state: "failed", why: "Progressing: so it is" };
  assert.deepEqual(readinessOf(live), failed);
  assert.deepEqual(readinessOf(live, Date.parse(noted)), failed);
  assert.deepEqual(readinessOf(live, Date.parse(noted) + 1_000), {
    state: "waiting",
    for: "2 of 2 pods are of the new version, 0 available",
  });
});

test("a job that has failed says why", () => {
  const live = { kind: "Job", spec: {}, status: { conditions: [condition("Failed")] } };
  assert.deepEqual(readinessOf(live), { state: "failed", why: "Failed: so it is" });
});
