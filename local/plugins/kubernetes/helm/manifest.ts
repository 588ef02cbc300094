/** The objects of a release: whether they are as Helm made them, and what keeps them from running. */
import { parse } from "yaml";
import { z } from "zod";
import { changesBetween } from "../../shared/difference";
import { isProperties, type Properties } from "../../shared/values";
import type { Cluster, ObjectReference } from "../cluster";
import { liveInputs } from "../comparison";
import { awaitedKinds, awaitReady, podProblems, readinessOf } from "../readiness";
import type { Revision } from "./installed";

const objectSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});

/**
 * The kinds whose objects stay as Helm makes them. Other objects are changed by the programs that use them: istiod puts
 * its certificate into its webhooks, and an autoscaler changes a Deployment's replicas.
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

/** The release's objects of these kinds. No other is parsed: resource definitions take a megabyte. */
function objectsOf(
  { manifest, namespace: own }: Revision,
  kinds: ReadonlySet<string>,
): ReleaseObject[] {
  const documents = manifest.split(/^---.*$/m);
  const wanted = documents.filter((text) => kinds.has(/^kind: *["']?(\w+)/m.exec(text)?.[1] ?? ""));
  return wanted.flatMap((text) => {
    const body: unknown = parse(text);
    const parsed = objectSchema.safeParse(body);
    if (!parsed.success || !isProperties(body)) return [];
    const { apiVersion, kind, metadata } = parsed.data;
    const namespace = clusterScopedKinds.has(kind) ? undefined : (metadata.namespace ?? own);
    return [{ reference: { apiVersion, kind, name: metadata.name, namespace }, body }];
  });
}

/**
 * What is wrong with the release's objects of these kinds, one line each; all are read at the same time.
 * @param absent what the line says of an object that is not there
 * @param judge the lines for an object that is there
 */
async function complaintsAbout(
  cluster: Cluster,
  release: Revision,
  { kinds, absent, signal }: { kinds: ReadonlySet<string>; absent: string; signal: AbortSignal },
  judge: (object: ReleaseObject, live: Properties) => string[] | Promise<string[]>,
): Promise<string[]> {
  const objects = objectsOf(release, kinds);
  const complaints = await Promise.all(
    objects.map(async (object) => {
      const live = await cluster.read(object.reference, signal);
      return live === undefined ? [`${nameOf(object)} ${absent}`] : judge(object, live);
    }),
  );
  return complaints.flat();
}

function nameOf({ reference }: ReleaseObject): string {
  return `${reference.kind} ${reference.name}`;
}

/** The differences of the release's objects from the manifest, one text for each object; empty if there are none. */
export async function driftOf(
  cluster: Cluster,
  release: Revision,
  signal: AbortSignal,
): Promise<string[]> {
  const asked = { kinds: steadyKinds, absent: "is gone", signal };
  return complaintsAbout(cluster, release, asked, (object, live) => {
    const seen = liveInputs(object.body, live, { rewritten: true, added: true });
    const changes = changesBetween(object.body, seen);
    const paths = changes.map(({ path }) => path);
    return paths.length > 0 ? [`${nameOf(object)} differs in ${paths.join(", ")}`] : [];
  });
}

/** Why the release's Deployments do not run, one line for each reason. */
export async function problemsOf(
  cluster: Cluster,
  release: Revision,
  signal: AbortSignal,
): Promise<string[]> {
  const asked = { kinds: new Set(["Deployment"]), absent: "is missing", signal };
  return complaintsAbout(cluster, release, asked, async (object, live) => {
    const readiness = readinessOf(live);
    if (readiness.state === "ready") return [];
    const why = readiness.state === "failed" ? readiness.why : readiness.for;
    const pods = await podProblems(cluster, object.reference, live, signal);
    return [`${nameOf(object)}: ${why}`, ...pods];
  });
}

/**
 * Waits until everything in the release that runs is ready. Helm could wait itself, but it checks only every two
 * seconds, and does not say what keeps a pod from running.
 * @param deadline in milliseconds since the epoch
 * @returns why it is not ready, one line for each reason; empty when it is
 */
export async function awaitRelease(
  cluster: Cluster,
  release: Revision,
  deadline: number,
  signal: AbortSignal,
): Promise<string[]> {
  const asked = { kinds: awaitedKinds, absent: "is missing", signal };
  return complaintsAbout(cluster, release, asked, async (object, live) => {
    const { reasons } = await awaitReady(cluster, object.reference, live, deadline, signal);
    return reasons.map((reason) => `${nameOf(object)}: ${reason}`);
  });
}
