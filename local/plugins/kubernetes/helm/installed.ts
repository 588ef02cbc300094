/** Releases as Helm keeps them. They are read without it: one request takes less than a start of its program. */
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { z } from "zod";
import type { Cluster } from "../cluster";
import { helm } from "./command";

/** What Helm prints of a release that it has made, and keeps of each revision. */
const recordSchema = z
  .object({
    name: z.string(),
    namespace: z.string(),
    version: z.number(),
    info: z.object({ status: z.string() }),
    chart: z.object({
      metadata: z.object({
        name: z.string(),
        version: z.string(),
        appVersion: z.string().default(""),
      }),
    }),
    config: z.record(z.string(), z.json()).nullish(),
    manifest: z.string().default(""),
  })
  .transform(({ version: revision, info, chart: { metadata }, config, ...release }) => ({
    ...release,
    revision,
    status: info.status,
    /** The chart's name and version, as one word. */
    chart: `${metadata.name}-${metadata.version}`,
    appVersion: metadata.appVersion,
    /** The values that it was given, without the chart's own. */
    values: config ?? {},
  }));

/** One revision of a release; `manifest` has its objects as YAML documents. */
export type Revision = z.infer<typeof recordSchema>;

/** The Secret of a revision: in base64, as the data of any, its record as base64 of gzipped JSON. */
const secretSchema = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    labels: z.object({ version: z.coerce.number(), status: z.string() }),
  }),
  data: z.object({ release: z.string() }),
});

type Secret = z.infer<typeof secretSchema>;

export interface ReleaseName {
  name: string;
  namespace: string;
}

/**
 * The Secrets of the release's revisions, from the first that Helm has kept.
 * Source: https://helm.sh/docs/topics/advanced/#storage-backends
 * @param labels only those with these labels
 */
async function secretsOf(
  cluster: Cluster,
  { name, namespace }: ReleaseName,
  signal: AbortSignal,
  labels: Readonly<Record<string, string>> = {},
): Promise<readonly Secret[]> {
  const asked = { owner: "helm", name, ...labels };
  const found = await cluster.list("v1", "Secret", namespace, asked, signal);
  const secrets = found.map((secret) => {
    const parsed = secretSchema.safeParse(secret);
    if (!parsed.success) throw new UnknownSecretError(secret);
    return parsed.data;
  });
  return secrets.sort((one, other) => revisionOf(one) - revisionOf(other));
}

const revisionOf = ({ metadata }: Secret) => metadata.labels.version;

class UnknownSecretError extends Error {
  constructor(secret: { metadata?: unknown }) {
    const { name, namespace } = z
      .object({ name: z.string(), namespace: z.string() })
      .parse(secret.metadata);
    super(
      `the Secret ${name} in ${namespace} has Helm's labels, and is not as Helm keeps a release; look at it: kubectl -n ${namespace} describe secret ${name}`,
    );
  }
}

/**
 * The release's last revision, in any state.
 * @param labels only a release with these labels
 */
export async function findRelease(
  cluster: Cluster,
  reference: ReleaseName,
  signal: AbortSignal,
  labels?: Readonly<Record<string, string>>,
): Promise<Revision | undefined> {
  const secret = (await secretsOf(cluster, reference, signal, labels)).at(-1);
  if (secret === undefined) return undefined;
  const packed = Buffer.from(Buffer.from(secret.data.release, "base64").toString(), "base64");
  try {
    return madeBy((await promisify(gunzip)(packed)).toString());
  } catch {
    throw new UnknownSecretError(secret);
  }
}

/** The revision that `helm upgrade --output json` reports. */
export function madeBy(printed: string): Revision {
  return recordSchema.parse(JSON.parse(printed));
}

/**
 * Brings a release that a killed run left in an intermediate state into a state from which Helm continues; it refuses
 * any other command.
 */
export async function recover(
  cluster: Cluster,
  { status, ...release }: Revision,
  signal: AbortSignal,
): Promise<void> {
  if (status === "uninstalling") await uninstall(cluster, release, signal);
  else if (status.startsWith("pending-")) await takeBack(cluster, release, signal);
}

/**
 * Undoes a release's last revision: a first installation is uninstalled, an upgrade is rolled back.
 * @returns what was done, in words
 */
export async function takeBack(
  cluster: Cluster,
  { name, namespace }: ReleaseName,
  signal: AbortSignal,
): Promise<string> {
  const good = (await secretsOf(cluster, { name, namespace }, signal))
    .slice(0, -1)
    .filter(({ metadata: { labels } }) => ["deployed", "superseded"].includes(labels.status));
  const last = Math.max(0, ...good.map(revisionOf));
  if (last === 0) {
    await uninstall(cluster, { name, namespace }, signal);
    return "it was taken out again";
  }
  await helm(cluster.settings, { words: ["rollback", name, String(last)], namespace, signal });
  return `it was taken back to revision ${last}`;
}

async function uninstall(
  { settings }: Cluster,
  { name, namespace }: ReleaseName,
  signal: AbortSignal,
): Promise<void> {
  await helm(settings, { words: ["uninstall", name, "--wait"], namespace, signal });
}
