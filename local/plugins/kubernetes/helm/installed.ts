/** Releases as they are in the cluster. */
import { z } from "zod";
import type { Properties } from "../../shared/values";
import type { Cluster } from "../cluster";
import { helm } from "./command";

const listSchema = z.array(
  z.object({
    name: z.string(),
    namespace: z.string(),
    revision: z.coerce.number(),
    status: z.string(),
    /** The chart's name and version, as one word. */
    chart: z.string(),
    app_version: z.string(),
  }),
);

export type InstalledRelease = z.infer<typeof listSchema>[number];

/** What Helm prints about a release that it has just made. */
const madeSchema = z
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
    manifest: z.string(),
  })
  .transform(({ name, namespace, version: revision, info: { status }, chart, manifest }) => {
    const { metadata } = chart;
    const release: InstalledRelease = {
      name,
      namespace,
      revision,
      status,
      chart: `${metadata.name}-${metadata.version}`,
      app_version: metadata.appVersion,
    };
    return { release, manifest };
  });

const historySchema = z.array(z.object({ revision: z.number(), status: z.string() }));
const valuesSchema = z.record(z.string(), z.json()).nullable();

export interface ReleaseName {
  name: string;
  namespace: string;
}

/**
 * The release's last revision, in any state.
 * @param label as KEY=VALUE: only a release with this label
 */
export async function findRelease(
  { settings }: Cluster,
  { name, namespace }: ReleaseName,
  signal: AbortSignal,
  label?: string,
): Promise<InstalledRelease | undefined> {
  const filter = `^${name.replaceAll(".", "\\.")}$`;
  const labelled = label === undefined ? [] : ["--selector", label];
  const words = ["list", "--all", "--filter", filter, "--output", "json", ...labelled];
  const printed = await helm(settings, { words, namespace, signal });
  return listSchema.parse(JSON.parse(printed)).find((release) => release.name === name);
}

/** The release that `helm upgrade --output json` reports, and its objects as YAML documents. */
export function madeBy(printed: string): { release: InstalledRelease; manifest: string } {
  return madeSchema.parse(JSON.parse(printed));
}

/** The values that the release was given, without the chart's own. */
export async function valuesOf(
  { settings }: Cluster,
  { name, namespace }: ReleaseName,
  signal: AbortSignal,
): Promise<Properties> {
  const words = ["get", "values", name, "--output", "json"];
  const printed = await helm(settings, { words, namespace, signal });
  return valuesSchema.parse(JSON.parse(printed)) ?? {};
}

/** The objects of the release, as YAML documents. */
export async function manifestOf(
  { settings }: Cluster,
  { name, namespace }: ReleaseName,
  signal: AbortSignal,
): Promise<string> {
  return helm(settings, { words: ["get", "manifest", name], namespace, signal });
}

/**
 * Brings a release that a killed run left in an intermediate state into a state from which Helm continues; it refuses
 * any other command.
 */
export async function recover(
  cluster: Cluster,
  { status, ...release }: InstalledRelease,
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
  const { settings } = cluster;
  const words = ["history", name, "--output", "json"];
  const printed = await helm(settings, { words, namespace, signal });
  const good = historySchema
    .parse(JSON.parse(printed))
    .slice(0, -1)
    .filter(({ status }) => ["deployed", "superseded"].includes(status));
  const last = Math.max(0, ...good.map(({ revision }) => revision));
  if (last === 0) {
    await uninstall(cluster, { name, namespace }, signal);
    return "it was taken out again";
  }
  await helm(settings, { words: ["rollback", name, String(last)], namespace, signal });
  return `it was taken back to revision ${last}`;
}

async function uninstall(
  { settings }: Cluster,
  { name, namespace }: ReleaseName,
  signal: AbortSignal,
): Promise<void> {
  await helm(settings, { words: ["uninstall", name, "--wait"], namespace, signal });
}
