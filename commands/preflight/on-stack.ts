/** Runs the checks of the stack that the command line names, and prints a line for each. */
import { takesStandardOutput, writeOutput } from "../../lib/output-files";
import type { Application } from "../../components/application";
import type { Arguments } from "./arguments";
import { type Result, runCheck } from "./check";
import { checksFor } from "./checks";
import { json, line, summary } from "./report";
import type { Printed } from "./printed";
import { readStack } from "./stack";

/**
 * @param directory the Pulumi project's folder
 * @param asked what Pulumi's command prints of the stack
 * @returns the exit code
 */
export async function preflightStack(
  application: Application,
  directory: string,
  options: Pick<Arguments, "stack" | "files">,
  asked: Promise<Printed>,
): Promise<number> {
  const { files } = options;
  const stack = await readStack(application, directory, options.stack, asked);
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
