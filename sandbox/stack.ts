import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { output } from "@pulumi/pulumi";
import { LocalWorkspace, PulumiCommand, Stack, type EngineEvent } from "@pulumi/pulumi/automation";
import { parse, stringify } from "yaml";
import { z } from "zod";
import {
  encryptedParts,
  project,
  secretPath,
  stackName,
  withEncrypted,
  workingCopy,
  type Configuration,
} from "./configuration";
import { Failure } from "./failure";
import { readIfThere, writePrivate } from "./files";
import { clone, type Layout } from "./layout";
import { kubeconfigPath } from "./node/node";
import type { Plugins } from "./plugins/choice";
import { commandLines, end, readProcess, run } from "./processes";
import type { Decisions } from "./state";
import type { Toolchain } from "./toolchain/toolchain";

/** Pulumi's own folder, where official plug-ins go: any clone may use them again. */
const home = (layout: Layout) => join(layout.cache, "pulumi-home");

/** The environment of every Pulumi command on the sandbox's stack. Nothing of it is in the user's own Pulumi home. */
export function pulumiEnvironment(
  layout: Layout,
  toolchain: Pick<Toolchain, "path">,
): Record<string, string> {
  return {
    PATH: [...toolchain.path, process.env.PATH ?? ""].join(":"),
    PULUMI_HOME: home(layout),
    PULUMI_BACKEND_URL: `file://${join(layout.pulumi, "backend")}`,
    PULUMI_CONFIG_PASSPHRASE_FILE: join(layout.pulumi, "passphrase"),
    PULUMI_STACK: stackName,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    KUBECONFIG: kubeconfigPath(layout),
    KUBECACHEDIR: join(layout.state, "kubectl"),
    HELM_CACHE_HOME: join(layout.state, "helm"),
    HELM_CONFIG_HOME: join(layout.state, "helm"),
    HELM_DATA_HOME: join(layout.state, "helm"),
  };
}

function makeFolders(layout: Layout, decisions: Decisions): void {
  for (const folder of [home(layout), join(layout.pulumi, "backend")]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
  writePrivate(join(layout.pulumi, "passphrase"), decisions.passphrase);
}

/** The project's own settings, for a working folder that is not the project's, with the plug-ins to be used. */
function writeProject(layout: Layout, plugins: Plugins): void {
  const settings = z
    .record(z.string(), z.unknown())
    .parse(parse(readFileSync(join(clone, "Pulumi.yaml"), "utf8")));
  const project = { ...settings, main: clone, plugins: { providers: plugins.standIns } };
  writePrivate(join(layout.pulumi, "Pulumi.yaml"), stringify(project));
}

/** Writes the stack's configuration into Pulumi's working folder. */
async function writeConfiguration(
  layout: Layout,
  decisions: Decisions,
  configuration: Configuration,
): Promise<void> {
  const working = workingCopy(layout);
  const previous = encryptedParts(readIfThere(working));
  writePrivate(working, stringify(withEncrypted(configuration, previous)));
  if (previous !== undefined) return;
  // Through standard input: every user of the machine may read a command line.
  await run(
    "pulumi",
    ["config", "set", "--path", "--secret", `${project}:${secretPath}`, "--stack", stackName],
    {
      cwd: layout.pulumi,
      input: decisions.managementSecret,
    },
  );
}

/** The stack with its configuration, made where it does not exist. The program is index.ts, unchanged. */
export async function openStack(
  layout: Layout,
  toolchain: Toolchain,
  decisions: Decisions,
  plugins: Plugins,
  configuration: Configuration,
): Promise<Stack> {
  makeFolders(layout, decisions);
  writeProject(layout, plugins);
  const envVars = pulumiEnvironment(layout, toolchain);
  const workspace = await LocalWorkspace.create({
    program: runProgram,
    workDir: layout.pulumi,
    pulumiHome: envVars.PULUMI_HOME,
    pulumiCommand: await PulumiCommand.get({ root: toolchain.pulumi }),
    envVars,
  });
  // Every command names its stack, so one that is there need not be selected: that is a run of the CLI.
  if (isThere(layout)) workspace.selectStack = () => Promise.resolve();
  const stack = await Stack.createOrSelect(stackName, workspace);
  await writeConfiguration(layout, decisions, configuration);
  return stack;
}

/** Whether the stack was made: Pulumi's file backend has its state. */
export const isThere = (layout: Layout): boolean =>
  existsSync(join(layout.pulumi, "backend/.pulumi/stacks", project, `${stackName}.json`));

/** Where it keeps the locks of those who change the stack. */
const locksFolder = (layout: Layout) =>
  join(layout.pulumi, "backend/.pulumi/locks/organization", project, stackName);

/** What the program of this process has exported, once its values are known. */
let exported: Record<string, unknown> | undefined;

/** index.ts runs when it is loaded; what it exports is the stack's outputs. */
function runProgram(): Promise<Record<string, unknown>> {
  // Not before it is asked for: loading it is running it.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const exports = require("../index") as Record<string, unknown>;
  output(exports).apply((values) => {
    exported = values;
  });
  return Promise.resolve(exports);
}

/**
 * Ends the engine of a command that was killed: it goes on by itself, and two must not change one stack. Its
 * plug-ins end with it.
 */
export function endEngines(layout: Layout): void {
  const backend = `PULUMI_BACKEND_URL=file://${join(layout.pulumi, "backend")}\0`;
  for (const { pid, line } of commandLines()) {
    // The Automation API's runs are told where their program is; a person's in the shell are not.
    if (line.includes("\0--client=") && readProcess(pid, "environ").includes(backend)) {
      end(pid, "SIGKILL");
    }
  }
}

/** Is there while an update runs, and after one that was killed. */
const updating = (layout: Layout) => join(layout.pulumi, "updating");

const pendingOperation = z.object({
  type: z.string(),
  resource: z.object({ urn: z.string(), type: z.string() }),
});
const stackExport = z.object({
  deployment: z.object({ pending_operations: z.array(pendingOperation).optional() }),
});

/**
 * What a killed update was creating in the tenant, if anything. The tenant may have it, under an id that
 * nobody knows, and would refuse to create it again; what Kubernetes has is found again by its name.
 */
export async function lostInTenant(layout: Layout, stack: Stack): Promise<string | undefined> {
  if (!existsSync(updating(layout))) return undefined;
  const { deployment } = stackExport.parse(await stack.exportStack());
  const { pending_operations: pending = [] } = deployment;
  const lost = pending.find(
    ({ type, resource }) => type === "creating" && resource.type.startsWith("auth0:"),
  );
  return lost?.resource.urn.split("::").at(-1);
}

/** What an update did, by kind of change: `{ create: 40 }`. */
export type Changes = Readonly<Record<string, number>>;

/**
 * Compares the state with the world, runs the program, and makes what differs. Pulumi's own lock of a killed
 * run is cleared first: the sandbox's lock holds other commands off, and `endEngines` has ended what was left.
 */
export async function update(
  layout: Layout,
  stack: Stack,
  say: (text: string) => void,
): Promise<{ changes: Changes; outputs: Record<string, unknown> }> {
  const errors: string[] = [];
  let changes: Changes = {};
  if (isLocked(layout)) await stack.cancel().catch(() => undefined);
  // An update ends by asking the CLI for these, with three runs of it; the program knows the outputs.
  stack.outputs = () => Promise.resolve({});
  stack.info = () => Promise.resolve(undefined);
  writePrivate(updating(layout), "");
  try {
    await stack.up({
      refresh: true,
      color: "never",
      suppressOutputs: true,
      onEvent: (event) => {
        const line = resourceLine(event);
        if (line !== undefined) say(line);
        const { diagnosticEvent, summaryEvent } = event;
        // The engine ends every failure with this; it says nothing of its own.
        const message = diagnosticEvent?.message.trim();
        if (diagnosticEvent?.severity === "error" && message && message !== "update failed") {
          errors.push(message);
        }
        if (summaryEvent !== undefined) changes = madeChanges(summaryEvent.resourceChanges);
      },
    });
    if (exported === undefined) throw new Error("the program has no outputs after its update");
    return { changes, outputs: exported };
  } catch (error) {
    if (errors.length === 0) throw error;
    throw new Failure([...new Set(errors)].join("\n"));
  } finally {
    rmSync(updating(layout), { force: true });
  }
}

/** Whether somebody holds Pulumi's lock of the stack, or was killed while holding it. */
function isLocked(layout: Layout): boolean {
  const folder = locksFolder(layout);
  return existsSync(folder) && readdirSync(folder).length > 0;
}

const past: Readonly<Record<string, string>> = {
  create: "created",
  update: "updated",
  delete: "deleted",
  replace: "replaced",
  "create-replacement": "created anew",
  "delete-replaced": "deleted the old",
};

/** The line that says what was done to a resource, if anything was. Components are only names for their parts. */
function resourceLine({ resOutputsEvent }: EngineEvent): string | undefined {
  const metadata = resOutputsEvent?.metadata;
  const done = metadata && past[metadata.op];
  if (metadata === undefined || done === undefined || metadata.type.startsWith(`${project}:`))
    return undefined;
  if (metadata.type === "pulumi:pulumi:Stack") return undefined;
  return `${done} ${metadata.type} ${metadata.urn.split("::").at(-1) ?? ""}`;
}

function madeChanges(counts: Readonly<Record<string, number>>): Changes {
  return Object.fromEntries(Object.entries(counts).filter(([kind]) => kind !== "same"));
}
