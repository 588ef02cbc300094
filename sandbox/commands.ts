import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Stack } from "@pulumi/pulumi/automation";
import { parseOutputs } from "../stack/outputs";
import type { Probes } from "../verify/probes";
import { renderReport } from "../verify/report/text";
import { isProven, verify as verifyStack } from "../verify/verify";
import {
  checkConfiguration,
  hasGatewayLogin,
  identityOf,
  knownAddresses,
  realmFor,
  sandboxConfiguration,
  stackName,
  type Configuration,
  type Override,
} from "./configuration";
import { EarlyProbes } from "./early-probes";
import { Failure } from "./failure";
import { removeWhole } from "./files";
import { type Layout } from "./layout";
import { kubeconfigPath, nodeService, stopNode, type StartedNode } from "./node/node";
import { choosePlugins, type Plugins } from "./plugins/choice";
import { foreground } from "./processes";
import { requireIssuer } from "./provider";
import { programArguments } from "./programs";
import { Progress } from "./progress";
import { requireSpace } from "./space";
import {
  endEngines,
  isDamaged,
  isThere,
  lostInTenant,
  openStack,
  pulumiEnvironment,
  update,
  type Changes,
} from "./stack";
import { startNode } from "./start-node";
import { alone, decide, knownDecisions, provisional, type Decisions } from "./state";
import { ensureTenant, signingKeys, tenantService } from "./tenant-service";
import { ensureLoginTools, ensureToolchain, type Toolchain } from "./toolchain/toolchain";

/**
 * Brings everything up, or up to date, and verifies it: tools, node, tenant, plug-ins, stack, table.
 * @returns the exit code: 0 when the mesh enforces what the table says, 1 when it does not
 */
export async function up(layout: Layout, set: readonly string[]): Promise<number> {
  const overrides = set.map(readOverride);
  const provisionally = checkOverrides(layout, overrides);
  const progress = new Progress();
  const [tools, login] = await Promise.all([
    ensureToolchain(layout.cache, progress.of("tools")),
    hasGatewayLogin(provisionally)
      ? ensureLoginTools(layout.cache, progress.of("tools"))
      : undefined,
  ]);
  const toolchain = { ...tools, login };
  progress.say("tools", "complete");
  Object.assign(process.env, pulumiEnvironment(layout, toolchain));
  await endEngines(layout);
  if (isDamaged(layout)) {
    progress.say("stack", "the last run was cut off while it wrote its state: starting afresh");
    await remove(layout);
  }
  requireSpace(layout);
  const decisions = await alone(() => decide(layout, isBound(layout)));
  const configuration = sandboxConfiguration(layout, toolchain, decisions, overrides);
  checkConfiguration(configuration, decisions);
  const isNew = !isThere(layout);
  // What verify's pods need is there already: the last update has ended, and its node runs.
  const wasUp = !isNew && nodeService(layout).pid !== undefined;
  const starting = startNode(layout, toolchain, decisions, configuration, progress.of("node"));
  // Whoever waits for it hears of its failure; until then it may come.
  starting.catch(() => undefined);
  const [stack] = await Promise.all([
    prepareStack(layout, toolchain, decisions, configuration, progress.of("plugins")),
    ensureTenant(layout, decisions, progress.of("tenant"), realmFor(configuration, decisions)),
    // On a new node the engine starts meanwhile, and objects are made before their pods can run; an old one's own
    // pods come first.
    isNew ? undefined : starting.then(({ ready }) => ready),
  ]);
  await requireIssuer(identityOf(configuration));
  const lost = await lostInTenant(layout, stack);
  if (lost !== undefined) {
    progress.say("stack", `the last run was cut off while it created ${lost}: starting afresh`);
    await remove(layout);
    return up(layout, set);
  }
  const probes = new EarlyProbes(layout.project.application, kubeconfigPath(layout));
  if (wasUp) probes.start();
  try {
    const work = update(layout, stack, progress.of("stack"), {
      begin: starting,
      done: (type) => {
        probes.made(type);
      },
    });
    const { changes, outputs } = await unlessNodeFails(layout, starting, work);
    progress.say("stack", describeChanges(changes));
    const ready = await probes.take(isNothing(changes));
    const code = await report(outputs, layout, ready, progress.of("verify"));
    process.stdout.write(addresses(layout));
    return code;
  } finally {
    await probes.discard();
  }
}

/** What an update gives, where the node comes up meanwhile. Where it does not, the engine's work is ended. */
async function unlessNodeFails<Result>(
  layout: Layout,
  starting: Promise<StartedNode>,
  work: Promise<Result>,
): Promise<Result> {
  const ready = starting
    .then((node) => node.ready)
    .catch(async (error: unknown) => {
      await endEngines(layout);
      throw error;
    });
  const [up, updated] = await Promise.allSettled([ready, work]);
  if (up.status === "rejected") throw up.reason;
  if (updated.status === "rejected") throw updated.reason;
  return updated.value;
}

const isNothing = (changes: Changes) => Object.keys(changes).length === 0;

function readOverride(text: string): Override {
  const separator = text.indexOf("=");
  return { path: text.slice(0, separator), value: text.slice(separator + 1) };
}

/**
 * Refuses wrong settings before tools are built, with stand-ins for what only comes with the tools.
 * @returns the settings, with these stand-ins
 * @throws Failure naming every mistake
 */
function checkOverrides(layout: Layout, overrides: readonly Override[]): Configuration {
  const decisions = knownDecisions(layout) ?? provisional;
  const charts = join(layout.cache, "charts");
  const configured = (some: readonly Override[]) =>
    sandboxConfiguration(layout, { charts }, decisions, some);
  const mistaken = overrides.map((one) => complaintOf(() => configured([one])));
  const sound = overrides.filter((_, index) => mistaken[index] === undefined);
  const wrong = complaintOf(() => {
    checkConfiguration(configured(sound), decisions, ["istio.charts.folder"]);
  });
  const complaints = [...mistaken, wrong].filter((one) => one !== undefined);
  if (complaints.length > 0) throw new Failure(complaints.join("\n"));
  return configured(overrides);
}

/** What a Failure says that comes of doing something, if one does. */
function complaintOf(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof Failure) return error.message;
    throw error;
  }
}

/** Whether anything was made with the ports that were decided: the tenant's is in every token. */
function isBound(layout: Layout): boolean {
  const services = [nodeService(layout), tenantService(layout)];
  return isThere(layout) || services.some(({ pid }) => pid !== undefined);
}

async function prepareStack(
  layout: Layout,
  toolchain: Toolchain,
  decisions: Decisions,
  configuration: Configuration,
  say: (text: string) => void,
): Promise<Stack> {
  const plugins = await choosePlugins(layout);
  say(describePlugins(toolchain, plugins));
  return openStack(layout, toolchain, decisions, plugins, configuration);
}

function describePlugins({ pulumiOrigin }: Toolchain, { official, standIns }: Plugins): string {
  const engine =
    pulumiOrigin === "official"
      ? "the official Pulumi CLI"
      : "the Pulumi CLI built from its source";
  const names = (list: readonly string[]) => list.join(", ");
  return standIns.length === 0
    ? `${engine}; official: ${names(official)}`
    : `${engine}; stand-ins, since Pulumi's downloads cannot be reached: ${names(standIns.map(({ name }) => name))}`;
}

function describeChanges(changes: Changes): string {
  const made = Object.entries(changes).map(([kind, count]) => `${count} to ${kind}`);
  return isNothing(changes) ? "nothing to change" : `done: ${made.join(", ")}`;
}

/** Verifies the stack with these outputs and prints the table. Interrupted, it removes its pods first. */
async function report(
  outputs: unknown,
  layout: Layout,
  probes: Probes | undefined,
  say: (text: string) => void,
): Promise<number> {
  const interruption = new AbortController();
  const interrupt = (signal: NodeJS.Signals) => {
    interruption.abort(new Failure(`ended by ${signal}`));
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.once(signal, interrupt);
  const { signal } = interruption;
  const signingKey = signingKeys(layout);
  const { application } = layout.project;
  const options = { signingKey, signal, progress: say, ...(probes && { probes }) };
  const found = await verifyStack(application, parseOutputs(application, outputs), options);
  for (const one of signals) process.off(one, interrupt);
  const colour = process.stdout.isTTY && process.stdout.hasColors();
  process.stdout.write(renderReport(found, { colour }));
  return isProven(found) ? 0 : 1;
}

/** `verify`: the project's own program of that name, on the sandbox's stack. */
export function verify(layout: Layout, args: readonly string[]): Promise<number> {
  return onStack(layout, "verify", ["--signing-key", signingKeys(layout), ...args]);
}

/** `explain`: the project's own program of that name, on the sandbox's stack. */
export function explain(layout: Layout, args: readonly string[]): Promise<number> {
  return onStack(layout, "explain", args);
}

async function onStack(layout: Layout, name: string, args: readonly string[]): Promise<number> {
  await existing(layout);
  const choice = ["--cwd", layout.pulumi, "--stack", stackName];
  const program = [...programArguments(`${name}/main.ts`), ...choice, ...args];
  // npm starts every script in the project's folder; files are named from where the person is.
  return foreground(process.execPath, program, { cwd: process.env.INIT_CWD ?? process.cwd() });
}

/** Ends everything and removes what it had made; the decisions and what /etc/hosts says stay. */
async function remove(layout: Layout): Promise<void> {
  await endEngines(layout);
  await Promise.all([stopNode(layout), tenantService(layout).stop()]);
  // The tenant's first: what only the stack knows of is made anew, but what only the tenant has is in the way.
  const tenant = ["state.json", "sessions.json"].map((file) => join(layout.tenant, file));
  [...tenant, layout.pulumi, layout.node].forEach(removeWhole);
}

/** Ends everything and removes all of it but the cache. */
export async function down(layout: Layout): Promise<number> {
  const progress = new Progress();
  await remove(layout);
  rmSync(layout.state, { recursive: true, force: true });
  // Last of all: until here the lock holds others off.
  rmSync(layout.lock, { force: true });
  progress.say("down", `nothing is left but tools and images in ${layout.cache}`);
  return 0;
}

/** Says what runs, and where. Exit code 0 when all of it does. */
export function status(layout: Layout): Promise<number> {
  const services = [nodeService(layout), tenantService(layout)];
  for (const { name, pid } of services) {
    console.log(
      `${name.padEnd(12)}${pid === undefined ? "does not run" : `runs (process ${pid})`}`,
    );
  }
  process.stdout.write(addresses(layout));
  return Promise.resolve(services.every(({ pid }) => pid !== undefined) ? 0 : 1);
}

/** A shell, or the commands on standard input, with kubectl, helm and pulumi set for the sandbox. */
export async function shell(layout: Layout): Promise<number> {
  await existing(layout);
  const interactive = process.stdin.isTTY;
  const program = interactive ? (process.env.SHELL ?? "/bin/sh") : "/bin/sh";
  if (interactive)
    console.error("kubectl, helm and pulumi are set for the sandbox; leave with exit.");
  return foreground(program, [], { cwd: layout.pulumi });
}

/** Checks that a sandbox is up, and gives this process and its children the environment of its tools. */
async function existing(layout: Layout): Promise<void> {
  if (nodeService(layout).pid === undefined || !existsSync(kubeconfigPath(layout))) {
    throw new Failure('no sandbox runs for this clone: start it with "npm run sandbox"');
  }
  const toolchain = await ensureToolchain(layout.cache, new Progress().of("tools"));
  Object.assign(process.env, pulumiEnvironment(layout, toolchain));
}

/** Where everything is, as far as it has been set up. */
function addresses(layout: Layout): string {
  const { gateway, tenant } = knownAddresses(layout);
  const { title, home } = layout.project.application;
  const { place } = layout.project;
  const chosen = place === "" ? "" : ` --project ${place}`;
  const password = "pulumi stack output userPasswords --show-secrets";
  const lines = [
    [title, gateway && `${gateway}${home}`],
    ["Tenant", tenant],
    ["Kubeconfig", kubeconfigPath(layout)],
    ["Passwords", `echo '${password}' | npm run -s sandbox -- shell${chosen}`],
    ["Clean up", `npm run sandbox -- down${chosen}`],
  ];
  const known = lines.filter(([, value]) => value !== undefined);
  return `\n${known.map(([name = "", value = ""]) => `${name.padEnd(12)}${value}`).join("\n")}\n`;
}
