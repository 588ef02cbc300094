/**
 * Runs groups of files, one run after the other, and prints each run's counts and failures as its last line. Each argument
 * is a run: its groups between spaces, with the files' names between commas. With `--alongside` first, it is run as
 * alongside others.
 */
import { join } from "node:path";
import { runFiles } from "../../runner/files";

async function runAll(runs: readonly string[]): Promise<void> {
  for (const run of runs) {
    const words = run.split(" ");
    const alongside = words[0] === "--alongside";
    const groups = words.slice(Number(alongside)).map((group) => group.split(","));
    const signal = new AbortController().signal;
    const asked = { groups, concurrency: 2, alongside };
    const { count, failures } = await runFiles(join(__dirname, "../../.."), asked, signal);
    console.log(JSON.stringify({ count, failures }));
  }
}

void runAll(process.argv.slice(2));
