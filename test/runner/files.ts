/** Runs test files, each group in a process of its own, and counts their tests and how long each file took. */
import { text } from "node:stream/consumers";
import { run, type EventData } from "node:test";
import { spec } from "node:test/reporters";
import { builtArguments, buildTests } from "./build";
import type { Count } from "./count";
import { FailureLog, type Failure } from "./failures";
import type { Duration } from "./slowest";

/** Has a process, and all that it starts, leave the cores to others that want them. */
const givesWay = `--import=data:text/javascript,${encodeURIComponent('import { getPriority, setPriority } from "node:os"; setPriority(Math.min(getPriority() + 5, 19));')}`;

/** How long one file may take, in milliseconds: a test that hangs is to fail. */
const timeout = 30 * 60_000;

export interface Ran {
  readonly count: Count;
  readonly durations: readonly Duration[];
  readonly failures: readonly Failure[];
}

const nothing: Ran = { count: { passed: 0, failed: 0, skipped: 0 }, durations: [], failures: [] };

/** Which files are run, and how. */
export interface Run {
  /** Their paths in the clone: each group in a process of its own, in the order in which they begin. */
  readonly groups: readonly (readonly string[])[];
  /** How many groups at a time. */
  readonly concurrency: number;
  /** Whether others run at the same time: they come first on the cores, and what these tests say is printed at their end. */
  readonly alongside?: boolean;
}

/**
 * Runs test files, and prints what each test says.
 * @param signal ends what runs, by SIGTERM, and begins nothing more; what was begun is waited for
 */
export async function runFiles(
  root: string,
  { groups, concurrency, alongside = false }: Run,
  signal: AbortSignal,
): Promise<Ran> {
  if (groups.length === 0) return nothing;
  const tests = await buildTests(groups);
  try {
    const ran = await runBuilt(root, tests.built, { concurrency, alongside }, signal);
    return signal.aborted ? ran : withLost(ran, groups.flat());
  } finally {
    tests.remove();
  }
}

/** A file that has not ended is a failure: something has ended its process. */
function withLost({ count, durations, failures }: Ran, files: readonly string[]): Ran {
  const ended = new Set(durations.map(({ file }) => file));
  const lost = files.filter((file) => !ended.has(file));
  for (const file of lost) console.log(`✖ ${file} has not ended`);
  return {
    count: { ...count, failed: count.failed + lost.length },
    durations,
    failures: [...failures, ...lost.map((file) => ({ names: [file], message: "has not ended" }))],
  };
}

/** @param built the built groups, in the order in which they begin */
function runBuilt(
  root: string,
  built: readonly string[],
  { concurrency, alongside }: Required<Omit<Run, "groups">>,
  signal: AbortSignal,
): Promise<Ran> {
  const events = run({
    files: [...built],
    cwd: root,
    concurrency,
    execArgv: [...builtArguments, ...(alongside ? [givesWay] : [])],
    timeout,
    signal,
  });
  const said = events.compose(spec);
  const told = alongside
    ? text(said).then((whole) => process.stdout.write(whole))
    : Promise.resolve();
  if (!alongside) said.pipe(process.stdout, { end: false });
  const durations: Duration[] = [];
  const log = new FailureLog();
  const note = ({ name, nesting, details }: EventData.TestPass | EventData.TestFail) => {
    // The outermost is the file: a group's file says so (build.ts).
    if (nesting === 0) durations.push({ file: name, milliseconds: details.duration_ms });
  };
  return new Promise((resolve, reject) => {
    events.on("test:pass", note);
    events.on("test:fail", (event) => {
      note(event);
      log.add(event);
    });
    events.on("test:summary", ({ file, counts, success }) => {
      if (file !== undefined) return;
      const { tests, passed, skipped, todo } = counts;
      const failed = tests - passed - skipped - todo;
      // A suite that fails by itself is no test: its file could not be loaded, or a hook of it has failed.
      const count = { passed, failed: Math.max(failed, Number(!success)), skipped: skipped + todo };
      resolve(told.then(() => ({ count, durations, failures: log.failures })));
    });
    events.on("error", reject);
  });
}
