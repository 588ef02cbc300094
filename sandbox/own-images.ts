/** The stack's own images on the running node: only what has changed is imported, and only its pods start again. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CoreV1Api, type V1Pod } from "@kubernetes/client-node";
import { z } from "zod";
import { loadCluster, type Plain } from "../commands/stack/cluster";
import { askedContainers, isReady } from "../commands/stack/pods";
import { messageOf, UserError } from "../lib/errors";
import { parseJson, readIfThere, writePrivate } from "../lib/files";
import { pollUntil } from "../lib/poll";
import { fullName } from "../local/images/reference";
import type { Containerd } from "../local/node/containerd";
import { kubeconfigPath } from "../local/node/node";
import type { OwnImage } from "./images/own";
import type { Layout } from "./layout";
import type { Questions } from "./pod-reasons";
import { isOver, nameOf, unreadyPods } from "./stuck-pods";

type Pod = Plain<V1Pod>;

/** How long pods may take to run with a new image, in milliseconds. */
const timeoutMs = 120_000;

/** Milliseconds between two looks at them. */
const intervalMs = 500;

/** Seconds that a pod has to end: less than usual, as nothing on a sandbox is kept. */
const gracePeriodSeconds = 5;

/** What the node has imported: each image's digest by its name. */
const known = z.record(z.string(), z.string()).catch({});

const record = (layout: Layout) => join(layout.node, "own-images.json");

/** The node's pods, as they are asked for. */
export type Pods = Pick<CoreV1Api, "listPodForAllNamespaces" | "deleteNamespacedPod">;

/** The pods of the sandbox's node, whose API server answers. */
export const podsOf = (layout: Layout): Pods & Questions =>
  loadCluster(readFileSync(kubeconfigPath(layout), "utf8")).makeApiClient(CoreV1Api);

/**
 * Ends the pods that started with an image of before: what manages them starts others.
 * @returns the ids of those pods
 */
export type EndPods = () => Promise<readonly string[]>;

/**
 * Gives the node the images that it lacks or has with other content, and removes those that are no longer the stack's.
 * @throws UserError if an image cannot be imported
 */
export async function importOwnImages(
  layout: Layout,
  node: Pick<Containerd, "ready" | "names" | "contents" | "import" | "remove">,
  images: readonly OwnImage[],
  pods: Pods,
  say: (text: string) => void,
): Promise<EndPods> {
  const before = known.parse(parseJson(readIfThere(record(layout)) ?? ""));
  const dropped = Object.keys(before).filter((name) => images.every((one) => one.name !== name));
  if (images.length === 0 && dropped.length === 0) return () => Promise.resolve([]);
  await node.ready();
  const there = await node.names();
  await node.remove(dropped.filter((name) => there.has(name)));
  const changed = images.filter(({ name, digest }) => before[name] !== digest || !there.has(name));
  // After an interruption, the next run imports these again, also where their sources are as before.
  const unchanged = images.filter((one) => !changed.includes(one));
  if (changed.length > 0) noteImages(layout, unchanged);
  for (const { name, bytes } of changed) {
    try {
      // containerd takes a second for each 50 MB. What no image has any more, it may remove in the meantime.
      await node.import(bytes(await node.contents())).catch(() => node.import(bytes()));
    } catch (error) {
      throw new UserError(`cannot give the node the image ${name}: ${messageOf(error)}`);
    }
    say(`imported ${name}`);
  }
  const importedAt = new Date();
  return async () => {
    const ended = await endPods(pods, new Set(changed.map(({ name }) => name)), importedAt, say);
    // Only now: after an interruption the pods are ended by the next run.
    noteImages(layout, images);
    return ended;
  };
}

function noteImages(layout: Layout, images: readonly OwnImage[]): void {
  const digests = Object.fromEntries(images.map(({ name, digest }) => [name, digest]));
  writePrivate(record(layout), JSON.stringify(digests, undefined, 2));
}

/** The full names of a pod's images. */
export const imagesOf = (pod: Pod): readonly string[] =>
  askedContainers(pod).flatMap(({ image }) => (image === undefined ? [] : [fullName(image)]));

async function endPods(
  pods: Pods,
  names: ReadonlySet<string>,
  importedAt: Date,
  say: (text: string) => void,
): Promise<readonly string[]> {
  if (names.size === 0) return [];
  const { items } = await pods.listPodForAllNamespaces();
  // Kubernetes notes whole seconds. Without a time it has not been noted yet.
  const isOld = ({ status }: Pod) => (status?.startTime ?? importedAt) <= importedAt;
  const running = items.filter(
    (pod) => !isOver(pod) && isOld(pod) && imagesOf(pod).some((one) => names.has(one)),
  );
  const isManaged = ({ metadata }: Pod) =>
    metadata?.ownerReferences?.some(({ controller }) => controller) ?? false;
  for (const pod of running.filter((one) => !isManaged(one)))
    say(`${nameOf(pod)} keeps its image of before, as nothing would start it again: make it anew`);
  const managed = running.filter(isManaged);
  for (const { metadata } of managed) {
    const [name, namespace] = [metadata?.name ?? "", metadata?.namespace ?? ""];
    await pods.deleteNamespacedPod({ name, namespace, gracePeriodSeconds });
  }
  for (const pod of managed) say(`starts ${nameOf(pod)} again, with its new image`);
  return managed.map(({ metadata }) => metadata?.uid ?? "");
}

/**
 * Waits until the ended pods are gone, and each pod with one of the images is ready.
 * @param ended the ids of pods
 * @throws UserError that names each pod that does not start
 */
export async function replaced(
  pods: Pods & Questions,
  images: readonly Pick<OwnImage, "name">[],
  ended: readonly string[],
): Promise<void> {
  if (ended.length === 0) return;
  const names = new Set(images.map(({ name }) => name));
  let found: readonly Pod[] = [];
  const isDone = async () => {
    const { items } = await pods.listPodForAllNamespaces();
    found = items.filter((pod) => imagesOf(pod).some((one) => names.has(one)));
    const isOld = found.some(({ metadata }) => ended.includes(metadata?.uid ?? ""));
    return (!isOld && found.every((pod) => isReady(pod) || isOver(pod))) || undefined;
  };
  if ((await pollUntil(isDone, { timeoutMs, intervalMs })) === true) return;
  const lines = await unreadyPods(pods, found, Date.now());
  throw new UserError(lines.join("\n") || "pods that run an image of before do not end");
}

/**
 * @throws UserError that names each image that a pod runs and the node has no longer, such as one whose source is now
 *   under another name: the pod would not start again
 */
export async function requireSources(
  pods: Pick<Pods, "listPodForAllNamespaces">,
  node: Pick<Containerd, "names">,
  images: readonly Pick<OwnImage, "name">[],
): Promise<void> {
  if (images.length === 0) return;
  const [{ items }, names] = await Promise.all([pods.listPodForAllNamespaces(), node.names()]);
  const lacking = new Map<string, string>();
  for (const pod of items.filter((one) => !isOver(one)))
    for (const image of imagesOf(pod))
      if (!names.has(image) && !image.includes("@")) lacking.set(image, nameOf(pod));
  if (lacking.size === 0) return;
  const lines = [...lacking].map(
    ([image, pod]) =>
      `${pod} runs ${image}, which sandbox.images does not have any more: it would not start again`,
  );
  throw new UserError([...lines, ...(await unusedImages(pods, images))].join("\n"));
}

/** The stack's own images that no pod runs, each in one line. */
export async function unusedImages(
  pods: Pick<Pods, "listPodForAllNamespaces">,
  images: readonly Pick<OwnImage, "name">[],
): Promise<readonly string[]> {
  if (images.length === 0) return [];
  const { items } = await pods.listPodForAllNamespaces();
  const used = new Set(items.flatMap(imagesOf));
  return images
    .filter(({ name }) => !used.has(name))
    .map(({ name }) => `sandbox.images: no pod runs ${name}`);
}
