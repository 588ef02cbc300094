/**
 * Runs the engine on the sandbox's stack and on an empty program, in turns: `engine.ts up|preview REPEAT FOLDER` in the
 * sandbox's shell. The empty program's project is in the folder. It prints the seconds of each run.
 */
import { stackName, ownProject } from "../../stack/project";
import { UserError } from "../../../lib/errors";
import { exitWith } from "../../../lib/run";
import { clone } from "../../../lib/clone";
import { printOutput } from "../output";
import { runEngine, secondsOfNoOp, type Subject } from "./runs";

async function main(): Promise<number> {
  const [command = "", repeat = "", folder = ""] = process.argv.slice(2);
  if (command !== "up" && command !== "preview") throw new UserError(`no such command: ${command}`);
  // The shell starts in the folder of the sandbox's own project.
  const sandbox: Subject = {
    folder: process.cwd(),
    project: ownProject().name,
    stack: stackName,
    root: clone,
  };
  const empty: Subject = { folder, project: "empty", stack: "empty" };
  const measure = async (subject: Subject) =>
    secondsOfNoOp(await runEngine(command, subject), subject);
  // One run of each that is not counted: it makes the empty stack, and fills the caches.
  await runEngine("up", empty);
  await measure(sandbox);
  const seconds: { stack: number[]; empty: number[] } = { stack: [], empty: [] };
  while (seconds.stack.length < Number(repeat)) {
    seconds.stack.push(await measure(sandbox));
    seconds.empty.push(await measure(empty));
  }
  printOutput(seconds);
  return 0;
}

exitWith(main());
