/**
 * The stand-ins for Pulumi's official provider plug-ins, as executables that the engine can start.
 *
 * They are for machines on which the official plug-ins cannot be downloaded, and are never used silently: the code that
 * writes the launchers says so.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { clone } from "../../lib/clone";
import { UserError } from "../../lib/errors";
import { quoted } from "../../lib/shell";
import { compiledCode, nodeProgram, programArguments } from "../programs";
import { imagesAreThere, startingVariable } from "./kubernetes/starting";
import { sdkVersion } from "./shared/version";

const names = ["auth0", "digitalocean", "kubernetes", "random"] as const;

export type StandInName = (typeof names)[number];

export interface StandIn {
  name: StandInName;
  /** The version of the package's SDK in node_modules, which is also the plug-in's. */
  version: string;
}

/** Every stand-in. */
export const standIns: readonly StandIn[] = names.map((name) => ({
  name,
  version: sdkVersion(name),
}));

/**
 * Writes the executable `pulumi-resource-NAME`, which runs the stand-in under this project's Node.
 * @param directory the folder for it; it is created if it does not exist
 * @param source the stand-in's program. Default: the sandbox's
 * @returns the folder, for `plugins.providers[].path` in the project's settings
 */
export function writePluginLauncher(
  directory: string,
  name: StandInName,
  source = `local/plugins/${name}/main.ts`,
): string {
  return writeLauncher(directory, `resource-${name}`, programArguments(source));
}

/** The plug-in of dynamic resources: Pulumi's own, whose launcher comes only with the official CLI. */
export const dynamicPlugin = "pulumi-nodejs";

/**
 * Writes the executable that runs Pulumi's plug-in of dynamic resources under this project's Node.
 * @param directory as for `writePluginLauncher`
 * @returns the folder
 */
export function writeDynamicLauncher(directory: string): string {
  const program = require.resolve("@pulumi/pulumi/cmd/dynamic-provider", { paths: [clone] });
  return writeLauncher(directory, `resource-${dynamicPlugin}`, [program]);
}

/** Plug-ins that run already. */
export interface RunningPlugins {
  /** The engine's environment variable for it to attach to them. */
  readonly variable: Readonly<Record<string, string>>;
  /** The signal or code by which their process has ended; undefined while it runs. */
  readonly endedBy: () => string | undefined;
  /** Ends them. */
  readonly end: () => void;
}

/**
 * Starts the sandbox's stand-ins in one process, which is loaded while the engine starts. An engine that starts plug-ins
 * itself does so one after the other, and once more for an update after its refresh.
 * @param folder the program's, which the paths of its files are relative to
 * @param environment the process's
 * @param starting where the cluster starts: resolves when it has its images. The plug-in sends no request before that,
 *   and none at all if this is rejected. Default: the cluster answers
 */
export async function startPlugins(
  folder: string,
  environment: NodeJS.ProcessEnv,
  starting?: Promise<unknown>,
): Promise<RunningPlugins> {
  const [program, ...args] = [nodeProgram, ...programArguments("local/plugins/attached/main.ts")];
  const child = spawn(program, args, {
    cwd: folder,
    env: {
      ...environment,
      NODE_COMPILE_CACHE: compiledCode,
      ...(starting && { [startingVariable]: "true" }),
    },
    stdio: ["pipe", "pipe", "inherit"],
    // The terminal's signals are for the command, which lets the engine finish what plug-ins have begun.
    detached: true,
  });
  // It may have ended before that.
  child.stdin.on("error", () => undefined);
  (starting ?? Promise.resolve()).then(
    () => child.stdin.end(imagesAreThere),
    () => child.stdin.end(),
  );
  const ended = once(child, "exit").then(() => {
    throw new UserError("the stand-ins for Pulumi's plug-ins do not start");
  });
  const printed = once(createInterface({ input: child.stdout }), "line") as Promise<[string]>;
  const [ports] = await Promise.race([printed, ended]);
  ended.catch(() => undefined);
  return {
    variable: { PULUMI_DEBUG_PROVIDERS: ports },
    endedBy: () => {
      const { signalCode, exitCode } = child;
      return signalCode ?? (exitCode === null ? undefined : `code ${exitCode}`);
    },
    end: () => {
      child.kill("SIGKILL");
    },
  };
}

/** The engine's name for the runtime of a policy pack that comes with its own launcher. */
export const packRuntime = "istio-auth0";

/** The plug-in that the engine starts for a policy pack with that runtime. */
export const packPlugin = `policy-${packRuntime}`;

/** The file in the launcher's folder that has the id of the policy pack's process. */
export const packProcess = "policies.pid";

/**
 * Writes the executable that runs this project's policy pack under this project's Node. Node's own runtime would
 * compile the pack's sources at each start.
 * @param directory as for `writePluginLauncher`
 * @returns the folder, for `plugins.analyzers[].path` in the project's settings
 */
export function writePackLauncher(directory: string): string {
  const program = programArguments("policies/index.ts");
  return writeLauncher(directory, `analyzer-${packPlugin}`, program, [
    `echo $$ > ${quoted(join(directory, packProcess))}`,
  ]);
}

/** @param first lines of the script that come before the program */
function writeLauncher(
  directory: string,
  name: string,
  program: readonly string[],
  first: readonly string[] = [],
): string {
  const command = [nodeProgram, ...program];
  // The engine starts every plug-in again for each of its runs; cached code halves that time.
  const script = [
    "#!/bin/sh",
    `NODE_COMPILE_CACHE=${quoted(compiledCode)}`,
    "export NODE_COMPILE_CACHE",
    ...first,
    `exec ${command.map(quoted).join(" ")} "$@"`,
    "",
  ].join("\n");
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const executable = join(directory, `pulumi-${name}`);
  writeFileSync(executable, script);
  chmodSync(executable, 0o700);
  return directory;
}
