/** When an object is ready for the resources that depend on it, and why it is not. */
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { textAt } from "../shared/inputs";
import type { Properties } from "../shared/values";
import type { Cluster, ObjectReference } from "./cluster";

const pauseMilliseconds = 250;

const condition = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().optional(),
  message: z.string().optional(),
  lastUpdateTime: z.coerce.date().optional(),
});

const conditions = z.array(condition).default([]);

const controlledSchema = z.object({
  metadata: z.object({ generation: z.number().default(0) }),
  status: z.object({ observedGeneration: z.number().default(0) }).prefault({}),
});

const deploymentSchema = z.object({
  spec: z.object({
    replicas: z.number().default(1),
    paused: z.boolean().default(false),
    selector: z.object({ matchLabels: z.record(z.string(), z.string()).default({}) }),
  }),
  status: z
    .object({
      replicas: z.number().default(0),
      updatedReplicas: z.number().default(0),
      availableReplicas: z.number().default(0),
      conditions,
    })
    .prefault({}),
});

const statefulSetSchema = z.object({
  spec: z.object({
    replicas: z.number().default(1),
    updateStrategy: z
      .object({
        type: z.string().default("RollingUpdate"),
        rollingUpdate: z.object({ partition: z.number().default(0) }).prefault({}),
      })
      .prefault({}),
  }),
  status: z
    .object({
      updatedReplicas: z.number().default(0),
      readyReplicas: z.number().default(0),
      currentRevision: z.string().optional(),
      updateRevision: z.string().optional(),
    })
    .prefault({}),
});

const jobSchema = z.object({
  spec: z.object({ suspend: z.boolean().default(false) }),
  status: z.object({ conditions }).prefault({}),
});

const daemonSetSchema = z.object({
  status: z
    .object({
      desiredNumberScheduled: z.number().default(0),
      updatedNumberScheduled: z.number().default(0),
      numberAvailable: z.number().default(0),
    })
    .prefault({}),
});

const namespaceSchema = z.object({
  status: z.object({ phase: z.string().optional(), conditions }).prefault({}),
});

const serviceSchema = z.object({
  spec: z.object({ type: z.string().optional() }),
  status: z
    .object({ loadBalancer: z.object({ ingress: z.array(z.unknown()).default([]) }).prefault({}) })
    .prefault({}),
});

const containerStatuses = z
  .array(
    z.object({
      name: z.string(),
      state: z
        .object({
          waiting: z
            .object({ reason: z.string().optional(), message: z.string().optional() })
            .optional(),
        })
        .prefault({}),
    }),
  )
  .default([]);

const podSchema = z.object({
  metadata: z.object({ name: z.string() }),
  status: z
    .object({ conditions, initContainerStatuses: containerStatuses, containerStatuses })
    .prefault({}),
});

export type Readiness =
  { state: "ready" } | { state: "waiting"; for: string } | { state: "failed"; why: string };

const ready: Readiness = { state: "ready" };

/** @param since milliseconds, as of `Date.now`: a failure that was noted before is not final */
type OfKind = (live: Properties, since: number) => Readiness;

const readinessByKind: Readonly<Record<string, OfKind>> = {
  DaemonSet: onceSeen(daemonSetReadiness),
  Deployment: onceSeen(deploymentReadiness),
  StatefulSet: onceSeen(statefulSetReadiness),
  Job: jobReadiness,
  Namespace: (live) => {
    const { phase } = namespaceSchema.parse(live).status;
    return phase === "Active" ? ready : { state: "waiting", for: "the namespace to become active" };
  },
  // Unlike the official plug-in, a Service does not wait for pods: its Deployment does.
  Service: (live) => {
    const { spec, status } = serviceSchema.parse(live);
    return spec.type !== "LoadBalancer" || status.loadBalancer.ingress.length > 0
      ? ready
      : { state: "waiting", for: "the load balancer's address" };
  },
};

/** The kinds that have to be ready before a chart's release is; Helm itself waits for jobs where it is to. */
export const awaitedKinds: ReadonlySet<string> = new Set(
  Object.keys(readinessByKind).filter((kind) => kind !== "Job"),
);

/**
 * The state of an object.
 * @param since milliseconds, as of `Date.now`: a failure that was noted before is not final. Default: each is
 */
export function readinessOf(live: Properties, since = 0): Readiness {
  return readinessByKind[textAt(live, "kind")]?.(live, since) ?? ready;
}

/** Only what the object's controller has reported after the last change is read. */
function onceSeen(readiness: OfKind): OfKind {
  return (live, since) => {
    const { metadata, status } = controlledSchema.parse(live);
    return status.observedGeneration < metadata.generation
      ? { state: "waiting", for: `the ${textAt(live, "kind")}'s controller to see the change` }
      : readiness(live, since);
  };
}

function deploymentReadiness(live: Properties, since: number): Readiness {
  const { spec, status } = deploymentSchema.parse(live);
  // Its controller does nothing until it is resumed.
  if (spec.paused) return ready;
  const stuck = status.conditions.find(
    ({ reason, lastUpdateTime }) =>
      reason === "ProgressDeadlineExceeded" && (lastUpdateTime?.getTime() ?? since) >= since,
  );
  if (stuck) return { state: "failed", why: stuck.message ?? "the rollout made no progress" };
  const { replicas, updatedReplicas, availableReplicas } = status;
  const done =
    updatedReplicas === spec.replicas &&
    replicas === spec.replicas &&
    availableReplicas === spec.replicas;
  if (done) return ready;
  const counts = `${updatedReplicas} of ${spec.replicas} pods are of the new version, ${availableReplicas} available`;
  const old = replicas - updatedReplicas;
  return { state: "waiting", for: old > 0 ? `${counts}, ${old} of an older version` : counts };
}

function statefulSetReadiness(live: Properties): Readiness {
  const { spec, status } = statefulSetSchema.parse(live);
  const { updatedReplicas, readyReplicas, currentRevision, updateRevision } = status;
  const { type, rollingUpdate } = spec.updateStrategy;
  // Pods of an older version stay where they are to be updated by hand, or not all.
  const isPartial = type === "OnDelete" || rollingUpdate.partition > 0;
  if (readyReplicas === spec.replicas && (isPartial || currentRevision === updateRevision))
    return ready;
  const counts = `${updatedReplicas} of ${spec.replicas} pods are of the new version, ${readyReplicas} ready`;
  return { state: "waiting", for: counts };
}

function jobReadiness(live: Properties): Readiness {
  const { spec, status } = jobSchema.parse(live);
  const has = (type: string) =>
    status.conditions.find((one) => one.type === type && one.status === "True");
  const failed = has("Failed");
  if (failed) return { state: "failed", why: failed.message ?? "the job failed" };
  return spec.suspend || has("Complete") ? ready : { state: "waiting", for: "the job to complete" };
}

function daemonSetReadiness(live: Properties): Readiness {
  const { status } = daemonSetSchema.parse(live);
  const {
    desiredNumberScheduled: wanted,
    updatedNumberScheduled: updated,
    numberAvailable,
  } = status;
  if (updated === wanted && numberAvailable === wanted) return ready;
  const counts = `${updated} of ${wanted} pods are of the new version, ${numberAvailable} available`;
  return { state: "waiting", for: counts };
}

/**
 * Waits until the object is ready.
 * @param deadline in milliseconds since the epoch
 * @returns the ready object, or the last state of it with the reasons why it is not ready
 */
export async function awaitReady(
  cluster: Cluster,
  reference: ObjectReference,
  applied: Properties,
  deadline: number,
  signal: AbortSignal,
): Promise<{ live: Properties; reasons: string[] }> {
  let live = applied;
  // Kubernetes notes whole seconds.
  const since = Math.floor(Date.now() / 1000) * 1000;
  for (;;) {
    const readiness = readinessOf(live, since);
    if (readiness.state === "ready") return { live, reasons: [] };
    if (readiness.state === "failed" || Date.now() > deadline) {
      const reason =
        readiness.state === "failed" ? readiness.why : `timed out waiting: ${readiness.for}`;
      return { live, reasons: [reason, ...(await podProblems(cluster, reference, live, signal))] };
    }
    try {
      await delay(pauseMilliseconds, undefined, { signal });
    } catch {
      return { live, reasons: ["the wait was cancelled"] };
    }
    const found = await cluster.read(reference, signal);
    if (found === undefined) return { live, reasons: ["it was deleted while being waited for"] };
    live = found;
  }
}

/** Why an object that was made before is not ready, for which the official plug-in looks when it reads it, too. */
export async function whyUnready(
  cluster: Cluster,
  reference: ObjectReference,
  live: Properties,
  signal: AbortSignal,
): Promise<string[]> {
  // A namespace is asked only when it is made. A Job that has failed stays so.
  const readiness = ["Namespace", "Job"].includes(reference.kind) ? ready : readinessOf(live);
  if (readiness.state === "ready") return [];
  const reason = readiness.state === "failed" ? readiness.why : readiness.for;
  return [reason, ...(await podProblems(cluster, reference, live, signal))];
}

/** What keeps the pods of a Deployment from running, one line each. */
export async function podProblems(
  cluster: Cluster,
  { kind, namespace }: ObjectReference,
  live: Properties,
  signal: AbortSignal,
): Promise<string[]> {
  if (kind !== "Deployment" || namespace === undefined) return [];
  const { matchLabels } = deploymentSchema.parse(live).spec.selector;
  const pods = await cluster.list("v1", "Pod", namespace, matchLabels, signal);
  return z.array(podSchema).parse(pods).flatMap(problemsOfPod);
}

function problemsOfPod({ metadata, status }: z.infer<typeof podSchema>): string[] {
  const containers = [...status.initContainerStatuses, ...status.containerStatuses];
  const waiting = containers.flatMap(({ name, state }) =>
    state.waiting === undefined
      ? []
      : [`container ${name}: ${said(state.waiting.reason, state.waiting.message)}`],
  );
  const unmet = status.conditions
    .filter(({ type, status: met }) => met === "False" && type === "PodScheduled")
    .map(({ reason, message }) => said(reason, message));
  return [...unmet, ...waiting].map((problem) => `pod ${metadata.name}: ${problem}`);
}

function said(reason = "waiting", message: string | undefined): string {
  return message === undefined || message === "" ? reason : `${reason}: ${message}`;
}

/**
 * Waits until the object is gone.
 * @throws Error at the deadline, with what the object says about its removal
 */
export async function awaitGone(
  cluster: Cluster,
  reference: ObjectReference,
  deadline: number,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const live = await cluster.read(reference, signal);
    if (live === undefined) return;
    if (Date.now() > deadline) {
      const blocking = namespaceSchema
        .parse({ status: live.status ?? {} })
        .status.conditions.filter(({ status }) => status === "True")
        .map(({ reason, message }) => said(reason, message));
      const why = blocking.length > 0 ? `: ${blocking.join("; ")}` : "";
      throw new Error(`timed out waiting for ${reference.kind} ${reference.name} to go${why}`);
    }
    await delay(pauseMilliseconds, undefined, { signal });
  }
}
