/**
 * Runs the engine on the sandbox's stack and on an empty program, in turns: `engine.ts up|preview REPEAT FOLDER`
 * in the sandbox's shell. The empty program's project is in the folder. It prints the seconds of each run.
 */
import { stackName } from "../../sandbox/configuration";
import { exitWith, Failure } from "../../sandbox/failure";
import { run } from "../../sandbox/processes";
import { printOutput } from "../output";
import { changeIn } from "./summary";

const commands = {
  up: ["up", "--yes", "--skip-preview"],
  preview: ["preview"],
} as const;

type Command = keyof typeof commands;

const emptyStack = "empty";

/** Where the sandbox's own project is: its shell starts there. */
const sandboxProject = process.cwd();

/** The seconds of one run. @throws Failure when it would change anything: then it was not what is measured */
async function runEngine(command: Command, project: string, stack: string): Promise<number> {
  const began = performance.now();
  const where = ["--cwd", project, "--stack", stack];
  const said = await run("pulumi", [
    ...commands[command],
    ...where,
    "--non-interactive",
    "--color=never",
  ]);
  const seconds = (performance.now() - began) / 1000;
  const change = changeIn(said);
  if (change !== undefined)
    throw new Failure(`pulumi ${command} of ${stack} is no no-op: ${change}`);
  return seconds;
}

async function main(): Promise<number> {
  const [command = "", repeat = "", empty = ""] = process.argv.slice(2);
  if (command !== "up" && command !== "preview") throw new Failure(`no such command: ${command}`);
  await run("pulumi", [
    "stack",
    "select",
    emptyStack,
    "--create",
    "--cwd",
    empty,
    "--non-interactive",
  ]);
  // One run each that does not count: the empty stack's first one makes the stack, and caches fill.
  await run("pulumi", [
    "up",
    "--yes",
    "--skip-preview",
    "--cwd",
    empty,
    "--stack",
    emptyStack,
    "--non-interactive",
  ]);
  await runEngine(command, sandboxProject, stackName);
  const stack: number[] = [];
  const beside: number[] = [];
  while (stack.length < Number(repeat)) {
    stack.push(await runEngine(command, sandboxProject, stackName));
    beside.push(await runEngine(command, empty, emptyStack));
  }
  printOutput({ stack, empty: beside });
  return 0;
}

exitWith(main());
