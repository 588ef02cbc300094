/** `istio-auth0 sandbox`: the whole system on this machine, without a cloud, an account or Docker. */
import { existsSync } from "node:fs";
import { readArguments as readPreflight } from "../commands/preflight/arguments";
import { UserError } from "../lib/errors";
import { exitWith } from "../lib/run";
import { upVariable } from "../commands/stack/last-update";
import { projectNamed, sandboxCommand, stackName, tableProblem } from "../commands/stack/project";
import { ownFolder } from "../lib/clone";
import { readArguments } from "./arguments";
import { kubeconfigPath } from "../local/node/node";
import { layout, type Layout } from "./layout";
import { machineProblem, runWith, type Needs } from "./machine";
import { explainingFullDisk } from "./space";
import { signingKeys } from "./tenant-service";
import { settingsIn, upCommandWith } from "./up-command";

const commands: Readonly<Record<string, Needs & { readonly table: boolean }>> = {
  up: { lock: true, tenant: true, table: true },
  down: { lock: true, tenant: false, table: false },
  status: { lock: false, tenant: false, table: false },
  shell: { lock: false, tenant: true, table: false },
};

/** The project's own programs that are about the sandbox's stack here, with what each is given. */
const programs: Readonly<
  Record<string, (layout: Layout, args: readonly string[]) => readonly string[]>
> = {
  verify: (layout, args) => [
    ...onStack(layout),
    ...["--signing-key", signingKeys(layout), "--kubeconfig", kubeconfigPath(layout)],
    ...args,
  ],
  explain: (layout, args) => [...onStack(layout), ...args],
  token: (layout, args) => [...onStack(layout), ...args],
  preflight: preflightArguments,
};

const onStack = ({ pulumi }: Layout) => ["--cwd", pulumi, "--stack", stackName];

/** Its stack may be named. */
function preflightArguments({ pulumi }: Layout, args: readonly string[]): readonly string[] {
  const { stack, directory, files, project } = readPreflight(args, stackName);
  if (stack !== stackName)
    throw new UserError(`the sandbox's stack is ${stackName}, and not ${stack}`);
  return [
    ...[stackName, "--cwd", directory ?? pulumi],
    ...files.flatMap(({ path }) => ["--json", path]),
    ...(project === undefined ? [] : ["--project", project]),
  ];
}

/** What such a program needs. */
const reading: Needs = { lock: false, tenant: true };

/** `verify --all-modes` is no look at the sandbox, but changes it. */
const changing: Needs = { lock: true, tenant: true };

async function main(): Promise<number> {
  // Only their owner may read what the sandbox and its processes write.
  process.umask(0o077);
  const { name, args, project: named, allModes } = readArguments(process.argv.slice(2));
  const problem = machineProblem();
  if (problem !== undefined) throw new UserError(problem);
  const chosen = projectNamed(named);
  // Before anything is started; those that need no table work with a wrong one.
  const wrong = commands[name]?.table === false ? undefined : tableProblem(chosen);
  if (wrong !== undefined) throw new UserError(wrong);
  const places = layout(process.env, ownFolder, chosen);
  const start = sandboxCommand(chosen);
  if (name !== "up" && name !== "down" && !allModes && !existsSync(places.state)) {
    throw new UserError(`this project has no sandbox: start it with "${start}"`);
  }
  const argumentsOf = allModes ? undefined : programs[name];
  if (argumentsOf !== undefined) {
    const given = argumentsOf(places, args);
    const { runningEnvironment } = await import("./environment.js");
    const environment = await runningEnvironment(places);
    return runWith(reading, places, `commands/${name}/main.ts`, given, environment);
  }
  const needs = allModes ? changing : commands[name];
  if (needs === undefined) throw new UserError(`${name} is no command of the sandbox`);
  const program = allModes ? ["allModes"] : [name, ...args];
  return runWith(needs, places, "sandbox/entered.ts", [chosen.place, ...program], {
    [upVariable]: upCommandWith(name === "up" ? settingsIn(args) : [], chosen),
  });
}

/** The same; a full disk is reported in one line. */
async function run(): Promise<number> {
  return explainingFullDisk(main(), layout());
}

exitWith(run());
