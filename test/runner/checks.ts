/** The programs that judge the sources; each check counts as one test. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { programArguments } from "../../local/programs";
import { told, type Count } from "./count";
import { failure, wrong } from "./sources/codes";

/** Where what has passed is kept. */
const cache = "node_modules/.cache";

/**
 * Runs every check. Files are left out that have passed, and have not changed since, nor what they import.
 * @param signal ends them
 */
export async function checkSources(root: string, signal: AbortSignal): Promise<readonly Count[]> {
  const run = (program: string, args: readonly string[]) => exitOf(root, program, args, signal);
  const counts = await Promise.all([
    run(process.execPath, [
      ...programArguments("test/runner/sources/main.ts"),
      join(root, cache),
    ]).then((code) => {
      const passes = (bit: number) => code !== null && (code & (failure | bit)) === 0;
      return [told("types", passes(wrong.types)), told("lint", passes(wrong.lint))];
    }),
    run(join(root, "node_modules/.bin/prettier"), [
      "--check",
      "--log-level=warn",
      "--cache",
      "--cache-strategy=content",
      `--cache-location=${cache}/prettier.json`,
      ".",
    ]).then((code) => [told("format", code === 0)]),
  ]);
  return counts.flat();
}

/** @returns the exit code of a program; null where a signal has ended it */
async function exitOf(
  root: string,
  program: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<number | null> {
  const child = spawn(program, args, {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    signal,
  });
  return new Promise((resolve, reject) => {
    child.on("error", (error) => {
      if (signal.aborted) resolve(null);
      else reject(error);
    });
    child.on("close", resolve);
  });
}
