/** Brings the sandbox up with given settings: tools, node, tenant, plug-ins and stack, and then the table. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Stack } from "@pulumi/pulumi/automation";
import { inotifyAdvice } from "../lib/inotify";
import { newNodeProblems } from "../commands/stack/node-limits";
import { parseOutputs } from "../commands/stack/outputs";
import type { Probes } from "../commands/verify/probes/probes";
import { renderReport, styleFor } from "../commands/verify/report/text";
import { isProven, type Report, verify as verifyStack } from "../commands/verify/verify";
import { isDamaged, isThere, removeRemains } from "./backend";
import { withReasons } from "./complaints";
import {
  checkConfiguration,
  hasGatewayLogin,
  identityOf,
  realmFor,
  sandboxConfiguration,
  type Override,
} from "./configuration";
import { settingsOf, type Configuration } from "./setting-paths";
import { pulumiEnvironment, pulumiHome } from "./environment";
import { EarlyProbes } from "./early-probes";
import { UserError } from "../lib/errors";
import { unlessAborted } from "../lib/poll";
import { Interrupted, interruptible } from "../lib/run";
import type { Layout } from "./layout";
import { kubeconfigPath, nodeService } from "../local/node/node";
import { Containerd } from "../local/node/containerd";
import { ownImageProblems, ownImages, sourcesOf } from "./images/own";
import { podsOf, replaced, requireSources, unusedImages } from "./own-images";
import { choosePlugins, describePlugins, type Plugins } from "../local/plugins/choice";
import { Progress } from "../lib/progress";
import { requireIssuer } from "./provider";
import { remove } from "./remove";
import { requireShortPath, requireSpace } from "./space";
import { type Changes, endEngines, lostInTenant, openStack, ProgramError, update } from "./engine";
import { type NodeWithImages, startNode } from "./start-node";
import {
  alone,
  decide,
  hold,
  knownDecisions,
  provisional,
  unusualPorts,
  type Decisions,
} from "./state";
import { sayStuckPods, stuckPods } from "./stuck-pods";
import { rememberSettings } from "./up-command";
import { ensureTenant, signingKeys, tenantService } from "./tenant-service";
import {
  beginToolchain,
  knowsLogin,
  type BegunToolchain,
  type Toolchain,
} from "../local/toolchain/toolchain";

export interface BringUpOptions {
  /**
   * Whether the tools of every login are made, so that no login needs another node. Default: those that are asked for; a
   * node has the images of all that are there
   */
  readonly everyLogin?: boolean;
  /** Whether to print the table of every place that requests are sent from. Default: false. */
  readonly all?: boolean;
  /** Called where the update or the verification fails, or finds a difference: says what may explain it. Default: nothing. */
  readonly explain?: () => Promise<void>;
}

/**
 * Starts or updates everything, and verifies it: tools, node, tenant, plug-ins, stack, and the table, which it prints.
 * @param set each as `SETTING=VALUE`
 */
export async function bringUp(
  layout: Layout,
  set: readonly string[],
  options: BringUpOptions = {},
): Promise<Report> {
  const { everyLogin = false, all = false, explain } = options;
  const overrides = set.map(readOverride);
  const provisionally = await checkOverrides(layout, overrides);
  const progress = new Progress();
  const login = everyLogin || hasGatewayLogin(provisionally) || (await knowsLogin(layout.cache));
  const tools = await beginToolchain(layout.cache, progress.of("tools"), { login });
  const { toolchain } = tools;
  progress.say("tools", tools.isComplete ? "complete" : "complete but for the Pulumi CLI");
  await endEngines(layout);
  removeRemains(layout);
  if (isDamaged(layout)) {
    progress.say("stack", "the last run was cut off while it wrote its state: starting afresh");
    // The programs that build it put temporary files into the state.
    await tools.pulumi;
    await remove(layout);
  }
  requireShortPath(layout);
  requireSpace(layout);
  for (const problem of limitProblems(layout)) progress.say("machine", problem);
  const before = knownDecisions(layout);
  const decisions = await alone(async () => {
    const chosen = await decide(layout, isBound(layout));
    await hold(chosen);
    return chosen;
  });
  for (const port of unusualPorts(decisions, before)) progress.say("ports", port);
  const configuration = sandboxConfiguration(layout, toolchain, decisions, overrides);
  checkConfiguration(configuration, decisions);
  const isNew = !isThere(layout);
  // What verify's pods need is there already: the last update has finished, and its node runs.
  const wasUp = !isNew && nodeService(layout).pid !== undefined;
  const sources = sourcesOf(settingsOf(configuration));
  const own = ownImages(layout.project.folder, sources);
  own.catch(() => undefined);
  const starting = startNode(layout, toolchain, decisions, configuration, progress.of("node"), own);
  const imported = starting.then((node) => node.imported);
  // The code that waits for them handles their failure; the failure may come before that.
  for (const one of [starting, imported]) one.catch(() => undefined);
  const [{ stack, plugins }] = await Promise.all([
    prepareStack(layout, tools, decisions, configuration, progress.of("plugins")),
    ensureTenant(layout, decisions, progress.of("tenant"), realmFor(configuration, decisions)),
    // On a new node the engine starts in the meantime, and makes objects before their pods can run; on an existing node
    // its own pods start first.
    isNew ? undefined : starting.then(({ ready }) => ready),
  ]);
  await requireIssuer(identityOf(configuration));
  const lost = await lostInTenant(layout, stack);
  if (lost !== undefined) {
    progress.say("stack", `the last run did not learn whether it created ${lost}: starting afresh`);
    await Promise.allSettled([imported]);
    await remove(layout);
    return bringUp(layout, set, options);
  }
  rememberSettings(layout, set);
  // The tenant's objects can be made while a new node starts, and mistakes in the program be found.
  const isStarting = isNew && plugins.kind === "stand-in";
  // Without images of its own, a stack has nothing to wait for but the API server.
  const ownImported = async () => {
    if ((await own).length > 0) await imported;
  };
  const probes = new EarlyProbes(layout.project.application, kubeconfigPath(layout));
  const updating = new AbortController();
  const pods = sayStuckPods(
    starting.then(({ ready }) => ready).then(() => readFile(kubeconfigPath(layout), "utf8")),
    new Containerd(layout, toolchain),
    layout.project.name,
    progress.of("pods"),
    updating.signal,
  );
  try {
    // When interrupted, it removes the pods that it started early. The engine ends with this process.
    const updated = interruptible(async (signal) => {
      if (wasUp) probes.start();
      if (!isNew) progress.say("stack", "comparing with what is there …");
      const work = update(layout, stack, progress.of("stack"), {
        plugins,
        begin: isStarting ? starting : imported,
        starting: isStarting ? ownImported() : undefined,
        done: (type) => {
          probes.made(type);
        },
      });
      const done = await unlessAborted(unlessNodeFails(layout, starting, pods, work), signal);
      // Only now: those of before serve until the program is right, and the update may have replaced some.
      const endPods = await imported;
      await unlessAborted(replaced(podsOf(layout), await own, await endPods()), signal);
      updating.abort();
      await requireSources(podsOf(layout), new Containerd(layout, toolchain), await own);
      progress.say("stack", describeChanges(done.changes));
      for (const line of await unusedImages(podsOf(layout), await own))
        progress.say("images", line);
      return { outputs: done.outputs, ready: await probes.take(isNothing(done.changes)) };
    });
    const explaining = async (error: unknown) => {
      // The policy pack judges only what a program makes. The error is said also where the user ends the explanation.
      if (
        error instanceof UserError &&
        ![Interrupted, ProgramError].some((one) => error instanceof one)
      )
        await explain?.().catch(() => undefined);
      throw error;
    };
    const { outputs, ready } = await updated.catch(explaining);
    const verified = report(outputs, layout, ready, progress.of("verify"));
    const found = await verified.catch(explaining);
    process.stdout.write(renderReport(found, styleFor(process.stdout, all)));
    if (!isProven(found)) await explain?.();
    return found;
  } finally {
    updating.abort();
    await probes.discard();
  }
}

/**
 * What a new node may lack, each with what to do. It is an estimate, so nothing fails because of it: a pod that does
 * not start for that reason is reported later.
 */
function limitProblems(layout: Layout): readonly string[] {
  if (nodeService(layout).pid !== undefined) return [];
  return newNodeProblems(layout.project.application).map(
    (problem) => `${problem}. ${inotifyAdvice}`,
  );
}

/** Milliseconds within which a node that has failed says so, after the update that failed for it. */
const untilNodeFailsMs = 2_000;

/**
 * The result of an update, while the node starts. If the node does not start, or pods would never start, the engine is
 * ended.
 */
async function unlessNodeFails<Result>(
  layout: Layout,
  starting: Promise<NodeWithImages>,
  pods: Promise<void>,
  work: Promise<Result>,
): Promise<Result> {
  const endingEngines = async (error: unknown) => {
    await endEngines(layout);
    throw error;
  };
  const lacking: unknown[] = [];
  pods
    .catch((error: unknown) => {
      // First, as the update may fail by the engine's end before that has returned.
      lacking.push(error);
      return endEngines(layout);
    })
    .catch((error: unknown) => lacking.push(error));
  const ready = starting
    .then(({ ready, imported }) => Promise.all([ready, imported]))
    .catch(endingEngines);
  // The code below waits for it.
  ready.catch(() => undefined);
  const [updated] = await Promise.allSettled([work]);
  if (updated.status === "rejected" && updated.reason instanceof ProgramError) throw updated.reason;
  // One that fails by itself need not wait for the node.
  const isByItself = updated.status === "rejected";
  await (isByItself ? Promise.race([ready, pause(untilNodeFailsMs)]) : ready);
  for (const error of lacking) throw error;
  if (updated.status === "rejected") throw await withPodReasons(layout, updated.reason);
  return updated.value;
}

/** An update's error, with why pods do not start at its end: it was said up to ten minutes ago. */
async function withPodReasons(layout: Layout, error: unknown): Promise<unknown> {
  if (!(error instanceof UserError)) return error;
  const reasons = async () => {
    const pods = podsOf(layout);
    return stuckPods(pods, (await pods.listPodForAllNamespaces()).items, Date.now());
  };
  // Without an API server the update's own error says so.
  return new UserError(withReasons(error.message, await reasons().catch(() => [])));
}

const isNothing = (changes: Changes) => Object.keys(changes).length === 0;

function readOverride(text: string): Override {
  const separator = text.indexOf("=");
  return { path: text.slice(0, separator), value: text.slice(separator + 1) };
}

/**
 * Refuses wrong settings before tools are built, with placeholders for values that come with the tools.
 * @returns the settings, with these placeholders
 * @throws UserError that names every mistake
 */
async function checkOverrides(
  layout: Layout,
  overrides: readonly Override[],
): Promise<Configuration> {
  const decisions = knownDecisions(layout) ?? provisional;
  const charts = join(layout.cache, "charts");
  const configured = (some: readonly Override[]) =>
    sandboxConfiguration(layout, { charts }, decisions, some);
  const mistaken = overrides.map((one) => complaintOf(() => configured([one])));
  const sound = overrides.filter((_, index) => mistaken[index] === undefined);
  const images = await imageProblems(layout, configured(sound));
  const wrong = complaintOf(() => {
    checkConfiguration(configured(sound), decisions, ["istio.charts.folder"], images);
  });
  const complaints = [...mistaken, wrong].filter((one) => one !== undefined);
  if (complaints.length > 0) throw new UserError(complaints.join("\n"));
  return configured(overrides);
}

/** What is wrong with the files that the stack's own images come from, one line for each. */
const imageProblems = ({ project }: Layout, configuration: Configuration) =>
  ownImageProblems(project.folder, sourcesOf(settingsOf(configuration)));

/** The message of a UserError that a function throws, if it throws one. */
function complaintOf(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

/** Whether anything was made with the decided ports: the tenant's is in every token. */
function isBound(layout: Layout): boolean {
  const services = [nodeService(layout), tenantService(layout)];
  return isThere(layout) || services.some(({ pid }) => pid !== undefined);
}

async function prepareStack(
  layout: Layout,
  { toolchain, pulumi }: BegunToolchain,
  decisions: Decisions,
  configuration: Configuration,
  say: (text: string) => void,
): Promise<{ stack: Stack; plugins: Plugins }> {
  const [plugins] = await Promise.all([
    choosePlugins(layout, pulumiHome(layout), {
      environment: pulumiEnvironment(layout, toolchain),
    }),
    pulumi,
  ]);
  say(`${describeEngine(toolchain)}; ${describePlugins(plugins)}`);
  return { stack: await openStack(layout, toolchain, decisions, plugins, configuration), plugins };
}

function describeEngine({ pulumiOrigin }: Toolchain): string {
  return pulumiOrigin === "official"
    ? "the official Pulumi CLI"
    : "the Pulumi CLI built from its source";
}

function describeChanges(changes: Changes): string {
  const made = Object.entries(changes).map(([kind, count]) => `${count} to ${kind}`);
  return isNothing(changes) ? "nothing to change" : `done: ${made.join(", ")}`;
}

/** Verifies the stack with these outputs. When interrupted, it removes its pods first. */
function report(
  outputs: unknown,
  layout: Layout,
  probes: Probes | undefined,
  say: (text: string) => void,
): Promise<Report> {
  const signingKey = signingKeys(layout);
  const { application } = layout.project;
  return interruptible((signal) =>
    verifyStack(application, parseOutputs(application, outputs), {
      signingKey,
      signal,
      progress: say,
      ...(probes && { probes }),
    }),
  );
}
