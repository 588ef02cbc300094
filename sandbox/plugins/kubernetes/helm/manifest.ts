/** The objects inside a release: whether they are as Helm made them, and what keeps them from running. */
import { parse } from "yaml";
import { z } from "zod";
import { changesBetween } from "../../shared/difference";
import { isProperties, type Properties } from "../../shared/values";
import type { Cluster, ObjectReference } from "../cluster";
import { liveInputs } from "../comparison";
import { awaitedKinds, awaitReady, podProblems, readinessOf } from "../readiness";
import { manifestOf, type ReleaseName } from "./installed";

const objectSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});

/**
 * The kinds whose objects stay as Helm makes them. Others are rewritten by whoever they are for:
 * istiod puts its certificate into its webhooks, and an autoscaler counts a Deployment's replicas.
 */
const steadyKinds: ReadonlySet<string> = new Set([
  "ClusterRole",
  "ClusterRoleBinding",
  "ConfigMap",
  "Deployment",
  "PodDisruptionBudget",
  "Role",
  "RoleBinding",
  "Service",
  "ServiceAccount",
]);

const clusterScopedKinds: ReadonlySet<string> = new Set(["ClusterRole", "ClusterRoleBinding"]);

interface ReleaseObject {
  reference: ObjectReference;
  body: Properties;
}

/** The release's objects of these kinds. No other is parsed: definitions of resources take a megabyte. */
async function objectsOf(
  cluster: Cluster,
  release: ReleaseName,
  kinds: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<ReleaseObject[]> {
  const documents = (await manifestOf(cluster, release, signal)).split(/^---.*$/m);
  const wanted = documents.filter((text) => kinds.has(/^kind: *["']?(\w+)/m.exec(text)?.[1] ?? ""));
  return wanted.flatMap((text) => {
    const body: unknown = parse(text);
    const parsed = objectSchema.safeParse(body);
    if (!parsed.success || !isProperties(body)) return [];
    const { apiVersion, kind, metadata } = parsed.data;
    const namespace = clusterScopedKinds.has(kind)
      ? undefined
      : (metadata.namespace ?? release.namespace);
    return [{ reference: { apiVersion, kind, name: metadata.name, namespace }, body }];
  });
}

/** What was changed by hand in the release's objects, one text for each object; empty if nothing was. */
export async function driftOf(
  cluster: Cluster,
  release: ReleaseName,
  signal: AbortSignal,
): Promise<string[]> {
  const objects = await objectsOf(cluster, release, steadyKinds, signal);
  const drifts = await Promise.all(
    objects.map(async ({ reference, body }) => {
      const live = await cluster.read(reference, signal);
      const label = `${reference.kind} ${reference.name}`;
      if (live === undefined) return [`${label} is gone`];
      const changes = changesBetween(body, liveInputs(body, live, true));
      const paths = changes.map(({ path }) => path);
      return paths.length > 0 ? [`${label} differs in ${paths.join(", ")}`] : [];
    }),
  );
  return drifts.flat();
}

/** Why the release's Deployments do not run, one line for each reason. */
export async function problemsOf(
  cluster: Cluster,
  release: ReleaseName,
  signal: AbortSignal,
): Promise<string[]> {
  const deployments = await objectsOf(cluster, release, new Set(["Deployment"]), signal);
  const problems = await Promise.all(
    deployments.map(async ({ reference }) => {
      const live = await cluster.read(reference, signal);
      if (live === undefined) return [`Deployment ${reference.name} is missing`];
      const readiness = readinessOf(live);
      if (readiness.state === "ready") return [];
      const why = readiness.state === "failed" ? readiness.why : readiness.for;
      const pods = await podProblems(cluster, reference, live, signal);
      return [`Deployment ${reference.name}: ${why}`, ...pods];
    }),
  );
  return problems.flat();
}

/**
 * Waits until everything of the release that runs is ready. Helm would do so itself, but looks every two seconds
 * only, and does not say what keeps a pod from running.
 * @param deadline in milliseconds since the epoch
 * @returns why it is not ready, one line for each reason; empty when it is
 */
export async function awaitRelease(
  cluster: Cluster,
  release: ReleaseName,
  deadline: number,
  signal: AbortSignal,
): Promise<string[]> {
  const objects = await objectsOf(cluster, release, awaitedKinds, signal);
  const problems = await Promise.all(
    objects.map(async ({ reference }) => {
      const live = await cluster.read(reference, signal);
      if (live === undefined) return [`${reference.kind} ${reference.name} is missing`];
      const { reasons } = await awaitReady(cluster, reference, live, deadline, signal);
      return reasons.map((reason) => `${reference.kind} ${reference.name}: ${reason}`);
    }),
  );
  return problems.flat();
}
