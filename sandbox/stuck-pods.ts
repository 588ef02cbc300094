/**
 * While an update waits for pods: reports each pod that does not start, with its reason, and what the node lacks. A pod
 * whose image the node lacks, whose image lacks its command, that an admission policy refuses, or that answers its
 * startup probe with 404, would never start. One that ends again and again may start later, such as when the database
 * that it needs answers.
 */
import { setTimeout as pause } from "node:timers/promises";
import {
  AppsV1Api,
  CoreV1Api,
  type V1Deployment,
  type V1DeploymentCondition,
  type V1Pod,
} from "@kubernetes/client-node";
import { guide } from "../lib/clone";
import { firstLine, UserError } from "../lib/errors";
import { inotifyAdvice } from "../lib/inotify";
import { fullName } from "../local/images/reference";
import type { Containerd } from "../local/node/containerd";
import { loadCluster, type Plain } from "../commands/stack/cluster";
import { runningNodeProblems } from "../commands/stack/node-limits";
import { askedContainers, containersOf, endOf, isReady, isStuck } from "../commands/stack/pods";
import { runLabel } from "../commands/verify/probes/probe-pod";
import { isSlow, type Questions, reasonOf, wrongAnswer } from "./pod-reasons";

type Pod = Plain<V1Pod>;
type Condition = Plain<V1DeploymentCondition>;

/** Milliseconds between two checks. */
const interval = 5_000;

/** An update waits for ten minutes, and goes on where it was ended. */
const meanwhile = "Once you know why, end this command (Ctrl-C), correct it, and run it again.";

/** Milliseconds after which a pod that is not ready is reported. */
const usual = 60_000;

/**
 * Milliseconds that an update has to replace what was there before: a pod that lacks an image that is named otherwise
 * now, or a Deployment whose pods have other labels now.
 */
const untilReplaced = 30_000;

/**
 * Reports each pod that does not start, once for each reason, until the signal is aborted.
 * @param cluster the kubeconfig's content, when the API server answers. If it does not, nothing is reported
 * @param node whose images the pods need
 * @param project the name with which the stack's settings begin
 * @param say takes one line
 * @throws UserError that names each image that a pod needs and the node lacks, each command that a container runs and its
 *   image lacks, each Deployment whose pods an admission policy refuses, and each probe that is answered wrongly for good
 */
export async function sayStuckPods(
  cluster: Promise<string>,
  node: Pick<Containerd, "names">,
  project: string,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const kubeconfig = await cluster.catch(() => undefined);
  if (kubeconfig === undefined) return;
  const config = loadCluster(kubeconfig);
  const [api, apps] = [config.makeApiClient(CoreV1Api), config.makeApiClient(AppsV1Api)];
  const began = Date.now();
  const said = new Set<string>();
  while (!signal.aborted) {
    // The update itself reports an API server that does not answer.
    const { items } = await api.listPodForAllNamespaces().catch(() => ({ items: [] }));
    const own = unreplaced(items).filter(({ metadata }) =>
      isOfUpdate(metadata?.creationTimestamp, began, Date.now()),
    );
    const { items: deployments } = await apps
      .listDeploymentForAllNamespaces()
      .catch(() => ({ items: [] }));
    const never = [
      ...(own.some((pod) => unpulled(pod).length > 0)
        ? missingImages(own, await node.names(), project)
        : []),
      ...missingCommands(own),
      ...withoutPods(
        deployments,
        (condition) =>
          isByPolicy(condition) && isOfUpdate(condition.lastTransitionTime, began, Date.now()),
      ),
      ...(await wrongAnswers(api, own).catch(() => [])),
    ];
    if (never.length > 0) throw new UserError(never.join("\n"));
    const stuck = [...(await stuckPods(api, own, Date.now())), ...withoutPods(deployments)];
    for (const text of stuck.length > 0 ? [...stuck, ...lacking()] : [])
      if (isNews(text, said)) for (const line of text.split("\n")) say(line);
    if (stuck.length > 0 && Date.now() - began > untilReplaced && isNews(meanwhile, said))
      say(meanwhile);
    await pause(interval, undefined, { signal }).catch(() => undefined);
  }
}

/**
 * Whether a reason has not been said.
 * @param said the reasons before it, to which it is added
 */
export function isNews(text: string, said: Set<string>): boolean {
  // Numbers are times, such as that until the next attempt, amounts in use, or the name of one attempt. A container that ends
  // again and again also runs and has just ended in between, and the end of its log differs each time.
  const reason = firstLine(text, Infinity)
    .replace(/CrashLoopBackOff: back-off \w+: | --previous/g, "")
    .replace(/\b[0-9a-f]{64}\b|\d+/g, "");
  const { size } = said;
  return said.add(reason).size > size;
}

/**
 * Whether what began at a time is of the update: it began after it, or the update has had time to replace it.
 * @param began when the update began, and now: milliseconds, as of `Date.now`
 */
export function isOfUpdate(since: Date | undefined, began: number, now: number): boolean {
  // Kubernetes notes whole seconds.
  const isNew = (since?.getTime() ?? began) >= began - 1_000;
  return isNew || now - began > untilReplaced;
}

/**
 * The pods but those that their Deployment replaces by ones of a newer template: it keeps them until those are ready,
 * which may take longer than an update has to replace what was there.
 */
export function unreplaced(pods: readonly Pod[]): readonly Pod[] {
  const found = pods.map((pod) => {
    const { namespace = "", labels, creationTimestamp, ownerReferences = [] } = pod.metadata ?? {};
    const hash = labels?.["pod-template-hash"];
    const set = ownerReferences.find(({ controller }) => controller)?.name ?? "";
    const deployment = hash && `${namespace}/${set.slice(0, -hash.length)}`;
    return { pod, hash, deployment, since: creationTimestamp?.getTime() ?? 0 };
  });
  const isReplaced = ({ hash, deployment, since }: (typeof found)[number]) =>
    deployment !== undefined &&
    found.some((one) => one.deployment === deployment && one.hash !== hash && one.since > since);
  return found.filter((one) => !isReplaced(one)).map(({ pod }) => pod);
}

/**
 * Whether an admission policy refuses the pods. It decides by the pod alone, so it refuses each attempt; a quota may have
 * room later, and a webhook may answer later.
 */
export const isByPolicy = ({ message = "" }: Condition) =>
  /ValidatingAdmissionPolicy '[^']*' with binding '[^']*' denied request/.test(message);

/**
 * The Deployments whose pods are refused, such as by the namespace's admission policy, each in one line.
 * @param isMeant which refusals. Default: all
 */
export function withoutPods(
  deployments: readonly Plain<V1Deployment>[],
  isMeant: (condition: Condition) => boolean = () => true,
): readonly string[] {
  return deployments.flatMap((deployment) =>
    (deployment.status?.conditions ?? [])
      .filter(({ type, status: is }) => type === "ReplicaFailure" && is === "True")
      .filter(isMeant)
      .map(({ message }) => `${nameOf(deployment)} gets no pods: ${firstLine(message ?? "", 400)}`),
  );
}

/** An object's namespace and name. */
export const nameOf = ({ metadata }: Pick<Pod, "metadata">) =>
  `${metadata?.namespace ?? ""}/${metadata?.name ?? ""}`;

/** What the node lacks, each in one line with what to do. */
const lacking = () => runningNodeProblems().map((problem) => `${problem}. ${inotifyAdvice}`);

/**
 * The pods that do not start, each in one line, and indented ones.
 * @param now milliseconds, as of `Date.now`
 */
export const stuckPods = (api: Questions, pods: readonly Pod[], now: number) =>
  unreadyPods(
    api,
    unreplaced(pods)
      .filter((pod) => !isVerifys(pod))
      .filter((pod) => isStuck(pod) || isSlow(pod, now) || isLate(pod, now)),
    now,
  );

/** Whether `verify` has made a pod: it waits for its pods itself, and those of an ended run stay for a while. */
const isVerifys = ({ metadata }: Pod) => metadata?.labels?.[runLabel] !== undefined;

/** Those of the pods that are not ready, each in one line, and indented ones. */
export function unreadyPods(
  api: Questions,
  pods: readonly Pod[],
  now: number,
): Promise<readonly string[]> {
  const unready = pods.filter((pod) => !isReady(pod) && !isOver(pod));
  return Promise.all(unready.map(async (pod) => `${nameOf(pod)} ${await reasonOf(api, pod, now)}`));
}

/** Waiting states of a container whose image is asked of a registry, which the node does not reach. */
const pulling = ["ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull"];

/** The images that a pod's containers wait for, as the pod names them. */
function unpulled(pod: Pod): readonly string[] {
  const waiting = containersOf(pod)
    .filter(({ state }) => pulling.includes(state?.waiting?.reason ?? ""))
    .map(({ name }) => name);
  return askedContainers(pod).flatMap(({ name, image = "" }) =>
    waiting.includes(name) ? [image] : [],
  );
}

/**
 * The images that pods wait for and the node lacks, each in one line that says what to write.
 * @param names the full names of the node's images
 * @param project the name with which the stack's settings begin
 */
export function missingImages(
  pods: readonly Pod[],
  names: ReadonlySet<string>,
  project: string,
): readonly string[] {
  const waiting = new Map<string, string>();
  for (const pod of pods.filter((one) => !isOver(one)))
    for (const image of unpulled(pod))
      if (!names.has(fullName(image)) && !waiting.has(image)) waiting.set(image, nameOf(pod));
  return [...waiting].map(
    ([image, pod]) =>
      `${pod} needs the image ${image}, which the node neither has nor can pull: correct its name, or write where it comes from into Pulumi.sandbox.yaml, such as ${project}:sandbox: { images: { "${image}": image.tar } } (${guide("docs/sandbox.md")}, "Your own images")`,
  );
}

/** How often a container has to have failed to run its command: the first failure may be the node's. */
const attempts = 3;

/** The runtime's reason for not running a command that the image does not have, or not as a program. */
const notACommand =
  /exec: "([^"]+)": (?:executable file not found in \$PATH|stat .*: no such file or directory|permission denied)$/;

/**
 * The commands that containers are to run and that their images do not have, each in one line. What a volume has may
 * come later.
 */
export function missingCommands(pods: readonly Pod[]): readonly string[] {
  return pods
    .filter((pod) => !isOver(pod))
    .flatMap((pod) =>
      containersOf(pod).flatMap((status) => {
        const { reason, message = "" } = endOf(status) ?? {};
        const [why, command = ""] = notACommand.exec(message) ?? [];
        if (reason !== "StartError" || status.restartCount < attempts - 1) return [];
        if (why === undefined || mayBeMounted(pod, status.name, command)) return [];
        return [
          `${nameOf(pod)} never starts, as the image of its container ${status.name} cannot run its command, ${why}: correct the command or the image`,
        ];
      }),
    );
}

/** The pods that answer their startup probe in a way that waiting does not change, each in one line. */
async function wrongAnswers(api: Questions, pods: readonly Pod[]): Promise<readonly string[]> {
  const found = await Promise.all(
    pods
      .filter((pod) => !isOver(pod))
      .map(async (pod) => [nameOf(pod), await wrongAnswer(api, pod)]),
  );
  return found.flatMap(([name, why]) => (why === undefined ? [] : [`${name} ${why}`]));
}

/** Where a command without a folder is looked up, if the container does not say. */
const usualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Whether a command may be in a volume: it is one, below one, or below a folder that only the image names. */
function mayBeMounted(pod: Pod, container: string, command: string): boolean {
  const found = askedContainers(pod).find(({ name }) => name === container);
  const path = found?.env?.find(({ name }) => name === "PATH")?.value ?? usualPath;
  const places = command.includes("/")
    ? [command]
    : path.split(":").map((folder) => `${folder}/${command}`);
  const mounts = (found?.volumeMounts ?? []).map(({ mountPath }) => mountPath.replace(/\/+$/, ""));
  return places.some(
    (place) =>
      !place.startsWith("/") || mounts.some((mount) => `${place}/`.startsWith(`${mount}/`)),
  );
}

/** Whether a pod has ended, or is to end. */
export const isOver = ({ metadata, status }: Pod) =>
  metadata?.deletionTimestamp !== undefined ||
  ["Succeeded", "Failed"].includes(status?.phase ?? "");

const isLate = ({ metadata }: Pod, now: number) =>
  now - (metadata?.creationTimestamp?.getTime() ?? now) > usual;
