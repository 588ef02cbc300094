import { run } from "node:test";
import { spec } from "node:test/reporters";
import { builtArguments, buildTests } from "./build";
import type { Count } from "./count";
import type { Duration } from "./slowest";

/** How long one file may take, in milliseconds: a test that hangs is to fail. */
const timeout = 30 * 60_000;

export interface Ran {
  readonly count: Count;
  readonly durations: readonly Duration[];
}

/**
 * Runs test files, each in a process of its own, and prints what each test says.
 * @param files their paths in the clone, in the order in which they begin
 * @param concurrency how many at a time
 * @param signal ends what runs, by SIGTERM, and begins nothing more; what was begun is waited for
 */
export async function runFiles(
  root: string,
  files: readonly string[],
  concurrency: number,
  signal: AbortSignal,
): Promise<Ran> {
  if (files.length === 0) return { count: { passed: 0, failed: 0, skipped: 0 }, durations: [] };
  const tests = await buildTests(files);
  try {
    return await runBuilt(
      root,
      new Map(tests.built.map((path, at) => [path, files[at] ?? path])),
      concurrency,
      signal,
    );
  } finally {
    tests.remove();
  }
}

/** @param files by the built file, the source's path in the clone */
function runBuilt(
  root: string,
  files: ReadonlyMap<string, string>,
  concurrency: number,
  signal: AbortSignal,
): Promise<Ran> {
  const events = run({
    files: [...files.keys()],
    cwd: root,
    concurrency,
    execArgv: [...builtArguments],
    timeout,
    signal,
  });
  const durations: Duration[] = [];
  return new Promise((resolve, reject) => {
    events.on("test:summary", ({ file, counts, duration_ms: milliseconds }) => {
      if (file !== undefined) {
        durations.push({ file: files.get(file) ?? file, milliseconds });
        return;
      }
      const { tests, passed, skipped, todo } = counts;
      const count = { passed, failed: tests - passed - skipped - todo, skipped: skipped + todo };
      resolve({ count, durations });
    });
    events.on("error", reject);
    events.compose(spec).pipe(process.stdout, { end: false });
  });
}
