/** Runs the checks of the stack that the command line names, and prints a line for each. */
import { takesStandardOutput, writeOutput } from "../../lib/output-files";
import type { Project } from "../stack/project";
import type { Arguments } from "./arguments";
import { type Result, runCheck } from "./check";
import { checksFor } from "./checks";
import { json, line, summary } from "./report";
import { readStack } from "./stack";

/** @returns the exit code */
export async function preflightStack(project: Project, options: Arguments): Promise<number> {
  const { files } = options;
  const stack = await readStack(
    project.application,
    options.directory ?? project.folder,
    options.stack,
  );
  const checks = checksFor(stack);
  const stream = takesStandardOutput(files) ? process.stderr : process.stdout;
  const columns = {
    width: Math.max(...checks.map(({ name }) => name.length)),
    colour: stream.isTTY && stream.hasColors(),
  };
  // All run at the same time; each line is printed when those before it are.
  const running = checks.map((check) => runCheck(check));
  const results: Result[] = [];
  for (const each of running) {
    const result = shown(await each, stack.secrets.hide);
    results.push(result);
    stream.write(line(result, columns));
  }
  stream.write(`\n${summary(results)}`);
  for (const file of files) await writeOutput(file, json(options.stack, results));
  return results.some(({ state }) => state === "failed") ? 1 : 0;
}

/** Without secrets, which any program may have repeated. */
function shown({ advice, ...result }: Result, hide: (text: string) => string): Result {
  const safe = { ...result, found: hide(result.found) };
  return advice === undefined ? safe : { ...safe, advice: hide(advice) };
}
