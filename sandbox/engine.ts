import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { output } from "@pulumi/pulumi";
import { type EngineEvent, LocalWorkspace, Stack } from "@pulumi/pulumi/automation";
import { z } from "zod";
import { backendFolder, isThere } from "./backend";
import { complaintIn, signalIn, warningIn } from "./complaints";
import { pulumiEnvironment, pulumiHome } from "./environment";
import { secretsOf } from "./configuration";
import type { Configuration } from "./setting-paths";
import { encryptedParts, withEncrypted, workingCopy } from "./working-copy";
import { UserError } from "../lib/errors";
import { readIfThere, writePrivate } from "../lib/files";
import { updating } from "./last-update";
import { type Layout } from "./layout";
import { stackName } from "../commands/stack/project";
import { loadComponents, runProgram } from "../commands/stack/program";
import type { Project } from "../commands/stack/project";
import { writeYaml } from "../commands/stack/pulumi-yaml";
import { projectFileName, readProjectFile } from "../commands/stack/stack-file";
import type { Plugins } from "../local/plugins/choice";
import { inVain } from "../local/plugins/kubernetes/starting";
import { startPlugins } from "../local/plugins/launchers";
import { makePulumiHome } from "../local/pulumi-home";
import { isTrueWithin } from "../lib/poll";
import { end, endTimeoutMs, processIds, readProcess, run } from "../lib/processes";
import type { Decisions } from "./state";
import { commandIn, knowing, loading } from "../local/toolchain/automation";
import type { Toolchain } from "../local/toolchain/toolchain";

function makeFolders(layout: Layout, decisions: Decisions): void {
  makePulumiHome(pulumiHome(layout));
  mkdirSync(backendFolder(layout), { recursive: true, mode: 0o700 });
  writePrivate(join(layout.pulumi, "passphrase"), decisions.passphrase);
}

/** The project's own settings, with the plug-ins to use, for a working folder other than the project's. */
function writeProject(layout: Layout, plugins: Plugins): void {
  const project = {
    ...readProjectFile(layout.project.folder).content,
    main: layout.project.folder,
    plugins: { providers: plugins.providers },
  };
  writePrivate(join(layout.pulumi, projectFileName), writeYaml(project));
}

/** Writes the stack's configuration into Pulumi's working folder. */
async function writeConfiguration(
  layout: Layout,
  decisions: Decisions,
  configuration: Configuration,
  environment: Readonly<Record<string, string>>,
): Promise<void> {
  const working = workingCopy(layout);
  const secrets = secretsOf(configuration, decisions);
  const previous = encryptedParts(readIfThere(working), configuration, Object.keys(secrets));
  const { project, rest, config } = withEncrypted(configuration, previous);
  writePrivate(working, writeYaml({ ...rest, config }));
  if (previous !== undefined) return;
  for (const [path, secret] of Object.entries(secrets)) {
    // Through standard input: every user of the machine may read a command line.
    await run(
      "pulumi",
      ["config", "set", "--path", "--secret", `${project.name}:${path}`, "--stack", stackName],
      { cwd: layout.pulumi, env: { ...process.env, ...environment }, input: secret },
    );
  }
}

/** The stack with its configuration; it is made if it does not exist. The program is index.ts, unchanged. */
export async function openStack(
  layout: Layout,
  toolchain: Toolchain,
  decisions: Decisions,
  plugins: Plugins,
  configuration: Configuration,
): Promise<Stack> {
  makeFolders(layout, decisions);
  writeProject(layout, plugins);
  const environment = pulumiEnvironment(layout, toolchain);
  const workspace = await LocalWorkspace.create({
    program: () => runWhenBegun(layout.project),
    workDir: layout.pulumi,
    pulumiHome: pulumiHome(layout),
    pulumiCommand: loading(commandIn(toolchain.pulumi), loadComponents),
    envVars: {
      ...environment,
      [engineVariable]: layout.pulumi,
      // For the engine and Helm, which run for seconds: they do not need to collect garbage.
      GOGC: "400",
    },
  });
  // Every command names its stack, so one that is there need not be selected.
  const selected = { selectStack: () => Promise.resolve() };
  const stack = isThere(layout)
    ? await Stack.select(stackName, knowing(workspace, selected))
    : await Stack.create(stackName, workspace);
  await writeConfiguration(layout, decisions, configuration, environment);
  return stack;
}

/** What the program of this process has exported, once its values are known. */
let exported: Record<string, unknown> | undefined;

/** What the program waits for before it runs. */
let begin: Promise<unknown> = Promise.resolve();

/** Why an update fails whose program has failed: a mistake in it. */
export class ProgramError extends UserError {
  override readonly name = "ProgramError";
}

/** Called where the program fails; the engine says so only when it has made what the program asked for before. */
let failed: (reason: unknown) => void = () => undefined;

/** Runs the program when it may begin. */
async function runWhenBegun(project: Project): Promise<Record<string, unknown>> {
  await begin;
  const exports = programOutputs(project);
  output(exports).apply((values) => {
    exported = values;
  });
  return exports;
}

function programOutputs(project: Project): Record<string, unknown> {
  try {
    return runProgram(project);
  } catch (error) {
    failed(error);
    throw error;
  }
}

/** Variables that the sandbox's engine and the processes that it starts have, and the user's shell does not. */
const engineVariable = "ISTIO_AUTH0_ENGINE_OF";

/**
 * Ends the processes that a killed command has left: its engine, plug-ins and their Helm continue by themselves, and
 * two engines must not change one stack.
 */
export async function endEngines(layout: Layout): Promise<void> {
  const mark = `${engineVariable}=${layout.pulumi}\0`;
  // Repeated until there are none: one may start another during the search.
  const noneIsLeft = () => {
    const left = processIds().filter((pid) => readProcess(pid, "environ").includes(mark));
    for (const pid of left) end(Number(pid), "SIGKILL");
    return left.length === 0;
  };
  if (!(await isTrueWithin(endTimeoutMs, noneIsLeft))) {
    throw new UserError("what an earlier command left at work does not end");
  }
}

const pendingOperation = z.object({
  type: z.string(),
  resource: z.object({ urn: z.string(), type: z.string() }),
});
const stackExport = z.object({
  deployment: z.object({ pending_operations: z.array(pendingOperation).optional() }),
});

/**
 * The resource that an update was creating in the tenant, if any, when it was killed or got no answer. The tenant may
 * have it, under an unknown id, and would refuse to create it again; Kubernetes' objects are found again by their
 * names.
 */
export async function lostInTenant(layout: Layout, stack: Stack): Promise<string | undefined> {
  const known = readIfThere(updating(layout));
  if (known === undefined || known !== "") return known;
  const { deployment } = stackExport.parse(await stack.exportStack());
  const { pending_operations: pending = [] } = deployment;
  const lost = pending.find(
    ({ type, resource }) => type === "creating" && resource.type.startsWith("auth0:"),
  );
  return lost?.resource.urn.split("::").at(-1);
}

/** What an update did, by kind of change: `{ create: 40 }`. */
export type Changes = Readonly<Record<string, number>>;

/** The engine's operations after which a resource is up to date; a refresh only reads the resource. */
const leaves: ReadonlySet<string> = new Set(["same", "create", "update", "create-replacement"]);

export interface UpdateOptions {
  readonly plugins: Pick<Plugins, "kind">;
  /** The engine starts at once, and the program when this resolves. */
  readonly begin: Promise<unknown>;
  /**
   * Where the cluster may not answer yet when the program starts: resolves when it has its images. The plug-in, a
   * stand-in, waits for both, unless the program fails. Default: the cluster answers
   */
  readonly starting?: Promise<unknown> | undefined;
  /** Called with the type of each resource that is up to date. */
  readonly done: (type: string) => void;
}

/** Compares the state with the cluster and the tenant, runs the program, and makes what differs. */
export async function update(
  layout: Layout,
  stack: Stack,
  say: (text: string) => void,
  options: UpdateOptions,
): Promise<{ changes: Changes; outputs: Record<string, unknown> }> {
  const { done } = options;
  begin = options.begin;
  // The program gets its failure, which may come before the engine runs the program.
  begin.catch(() => undefined);
  const mistakes: unknown[] = [];
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => undefined);
  failed = (reason) => {
    mistakes.push(reason);
    failure.reject(new Error(inVain));
  };
  const variables = stack.workspace.envVars;
  const errors: string[] = [];
  let lost: string | undefined;
  let changes: Changes = {};
  const plugins =
    options.plugins.kind === "stand-in"
      ? await startPlugins(
          layout.project.folder,
          { ...process.env, ...variables },
          options.starting && Promise.race([options.starting, failure.promise]),
        )
      : undefined;
  Object.assign(variables, plugins?.variable);
  writePrivate(updating(layout), "");
  try {
    // An update ends by asking the CLI for these, with three runs of it; the program knows the outputs.
    const known = { outputs: () => Promise.resolve({}), info: () => Promise.resolve(undefined) };
    await knowing(stack, known).up({
      refresh: true,
      color: "never",
      suppressOutputs: true,
      onEvent: (event) => {
        const line = resourceLine(event);
        if (line !== undefined) say(line);
        const { diagnosticEvent, summaryEvent, resOutputsEvent } = event;
        const { op = "", type = "" } = resOutputsEvent?.metadata ?? {};
        if (leaves.has(op)) done(type);
        lost ??= failedInTenant(event);
        const warning = warningIn(diagnosticEvent);
        if (warning !== undefined) say(`warning: ${warning}`);
        const complaint = complaintIn(diagnosticEvent);
        if (complaint !== undefined && !complaint.includes(inVain)) errors.push(complaint);
        if (summaryEvent !== undefined) changes = madeChanges(summaryEvent.resourceChanges);
      },
    });
    if (exported === undefined) throw new Error("the program has no outputs after its update");
    return { changes, outputs: exported };
  } catch (error) {
    const endedBy = plugins?.endedBy();
    // The engine then says only which connection it has lost, or nothing.
    if (endedBy !== undefined)
      throw new UserError(
        `the stand-ins for Pulumi's plug-ins ended by ${endedBy} during the update: try again`,
      );
    const signal = signalIn(error);
    if (signal !== undefined) errors.push(`the Pulumi engine was ended by ${signal}: try again`);
    if (errors.length === 0) throw error;
    const message = [...new Set(errors)].join("\n");
    throw mistakes.length > 0 ? new ProgramError(message) : new UserError(message);
  } finally {
    plugins?.end();
    if (lost === undefined) rmSync(updating(layout), { force: true });
    else writePrivate(updating(layout), lost);
  }
}

/** A resource that could not be created in the tenant, which may have it nevertheless: only the answer may be lost. */
function failedInTenant({ resOpFailedEvent }: EngineEvent): string | undefined {
  const { op, type = "", urn = "" } = resOpFailedEvent?.metadata ?? {};
  return op === "create" && type.startsWith("auth0:") ? urn.split("::").at(-1) : undefined;
}

const past: Readonly<Record<string, string>> = {
  create: "created",
  update: "updated",
  delete: "deleted",
  replace: "replaced",
  "create-replacement": "created anew",
  "delete-replaced": "deleted the old",
};

/** The beginning of the types of this project's components. */
const componentTypes = "istio-auth0:";

/** The line that says what was done to a resource, if anything. Components are only names for their parts. */
function resourceLine({ resOutputsEvent }: EngineEvent): string | undefined {
  const metadata = resOutputsEvent?.metadata;
  const done = metadata && past[metadata.op];
  if (metadata === undefined || done === undefined || metadata.type.startsWith(componentTypes))
    return undefined;
  if (metadata.type === "pulumi:pulumi:Stack") return undefined;
  return `${done} ${metadata.type} ${metadata.urn.split("::").at(-1) ?? ""}`;
}

function madeChanges(counts: Readonly<Record<string, number>>): Changes {
  return Object.fromEntries(Object.entries(counts).filter(([kind]) => kind !== "same"));
}
