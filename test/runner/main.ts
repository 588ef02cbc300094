/**
 * `npm test`: types, style, every unit test, and where the machine allows it the sandbox from end to end: the main
 * job, faults, and the machine before and after. Some of it alone: units, named files, what a change concerns.
 */
import { globSync } from "node:fs";
import { join, relative } from "node:path";
import { UserError } from "../../lib/errors";
import { codeOf, endingSignals, exitWith } from "../../lib/run";
import { cacheFolder } from "../../local/layout";
import { machineProblem } from "../../sandbox/machine";
import { everyOne, isTrueWithin } from "../../lib/poll";
import { Progress } from "../../lib/progress";
import { ensurePulumi, ensureToolchain } from "../../local/toolchain/toolchain";
import { lintWorkflows } from "./actionlint";
import { help, readArguments, type Arguments } from "./arguments";
import { checkSources } from "./checks";
import { describeCounts, isPassed, type Count } from "./count";
import { changedFiles, concernedBy, trackedFiles } from "./changed";
import { renderFailures } from "./failures";
import { runFiles, type Ran, type Run } from "./files";
import { testGo } from "./go";
import { type Part, renderParts } from "./parts";
import { renderSlowest } from "./slowest";

const root = join(__dirname, "../..");

/** The tests that run the real Pulumi engine: each of its runs takes seconds. */
const engine = "test/engine/";
/** The tests that boot the sandbox: they take minutes, a whole machine's cores, and Linux as root. */
const endToEnd = "test/e2e/";
const endToEndFile = (name: string) => `${endToEnd}${name}.test.ts`;
/** The unit tests that take longest, or wait for most of it: each has a process of its own, and they begin first. */
const longUnits = [
  "commands/verify/verify",
  "commands/verify/main",
  "policies/mutation",
  "commands/command-line/main",
  "commands/preflight/main",
  "components/cluster/kind/provider",
  "commands/verify/findings/tenant/tenant",
  "commands/explain/main",
  "index",
  "scripts/run",
  "lib/run",
].map((name) => `test/unit/${name}.test.ts`);
/** How many of the other unit tests share a process: most of what one takes is to load the libraries and the sources. */
const groupSize = 32;
/** How many processes run unit tests: each waits for a fifth of its time, for a program or a connection. */
const unitLanes = 4;
/** Only with `--all`, or by name. */
const longest = ["all-modes", "kill"].map(endToEndFile);
/** The files that use one sandbox, one after the other (shared.ts). */
const sharing = [
  ["login", "browser"],
  ["doors", "authentication", "traffic", "modes", "oidc"],
].map((names) => names.map(endToEndFile));
/** The others that take longest. */
const longFirst = ["sandbox", "others", "tutorial", "robustness", "https"].map(endToEndFile);
/** They run two sandboxes themselves, or compare the whole machine. */
const alone = ["host", "all-modes", "kill"].map(endToEndFile);
/** Milliseconds that tests may take to remove their sandboxes when they are ended. */
const longestEnd = 120_000;

const tests = globSync("test/**/*.test.ts", { cwd: root }).sort();
const isEndToEnd = (file: string) => file.startsWith(endToEnd);
const quick = tests.filter((file) => !isEndToEnd(file));
const units = quick.filter((file) => !file.startsWith(engine));
const isUnit = (file: string) => units.includes(file);

/** What is run: in this order, the sources' checks first. */
interface Plan {
  /** Types, style, workflows, Go. */
  readonly checks: boolean;
  readonly files: readonly string[];
  /** What is not run, with the reason. */
  readonly leftOut: readonly (readonly [files: readonly string[], reason: string])[];
}

function planned({ files, unit, changed, all }: Arguments): Plan {
  if (files.length > 0) return { checks: false, files: named(files), leftOut: [] };
  if (changed) return plannedForChange();
  if (unit) return { checks: true, files: units, leftOut: [] };
  const left = all ? [] : longest;
  return {
    checks: true,
    files: tests.filter((file) => !left.includes(file)),
    leftOut: [[left, "npm test -- --all runs them too"]],
  };
}

/** @throws UserError naming every file that is no test */
function named(files: readonly string[]): readonly string[] {
  const paths = files.map((file) => relative(root, file));
  const wrong = paths.filter((path) => !tests.includes(path));
  if (wrong.length > 0) {
    throw new UserError(
      wrong.map((path) => `${path}: expected a file test/**/*.test.ts`).join("\n"),
    );
  }
  return tests.filter((file) => paths.includes(file));
}

function plannedForChange(): Plan {
  const changed = changedFiles(root);
  const all = trackedFiles(root);
  const concerned = concernedBy(root, changed, all);
  const endToEndChange = concernedBy(root, changed.filter(isEndToEnd), all);
  const files = [
    ...quick.filter((file) => concerned === "everything" || concerned.has(file)),
    ...tests.filter(
      (file) => isEndToEnd(file) && endToEndChange !== "everything" && endToEndChange.has(file),
    ),
  ];
  console.log(
    `${changed.length} changed files concern ${files.length} of ${tests.length} test files`,
  );
  return { checks: changed.length > 0, files, leftOut: [] };
}

/**
 * The folder of the real engine, which the plug-ins', previews' and policies' tests run.
 * @param everything whether the sandbox is tested as well: its tools are made before any test's time runs
 */
async function ensureEngine(everything: boolean): Promise<string> {
  const cache = cacheFolder();
  const say = new Progress().of("tools");
  return everything ? (await ensureToolchain(cache, say)).pulumi : ensurePulumi(cache, say);
}

const each = (files: readonly string[]) => files.map((file) => [file]);

/** The unit tests as they are run: the longest each in a process of its own, and the others in groups. */
function inGroups(files: readonly string[]): readonly (readonly string[])[] {
  const long = longUnits.filter((file) => files.includes(file));
  const others = files.filter((file) => !long.includes(file));
  const number = Math.ceil(others.length / groupSize);
  const shared = Array.from({ length: number }, (_, group) =>
    others.filter((_file, at) => at % number === group),
  );
  return [...each(long), ...shared];
}

/**
 * The groups of end-to-end files in turns, of which two run at a time: more sandboxes than two do not get along on a
 * machine as it comes. Those that run alone come first, as they leave a core to the engine's tests; then those that take
 * longest.
 */
function turns(files: readonly string[]): readonly Run["groups"][] {
  const isAlone = (file: string) => alone.includes(file);
  const first = [...sharing, ...each(longFirst)];
  const others = files.filter((file) => !isAlone(file) && !first.flat().includes(file));
  const chosen = first.map((group) => group.filter((file) => files.includes(file)));
  return [
    ...files.filter(isAlone).map((file) => [[file]]),
    [...chosen.filter((group) => group.length > 0), ...each(others)],
  ];
}

/** Ends when told to: what runs is ended, and has taken away what it made. */
function interruptions(): AbortSignal {
  const controller = new AbortController();
  for (const signal of endingSignals) {
    process.on(signal, () => {
      process.exitCode = codeOf(signal);
      controller.abort();
    });
  }
  return controller.signal;
}

/** Node reports a file's end as soon as it has told its process to end. */
async function childrenEnd(): Promise<void> {
  const isOver = () => !process.getActiveResourcesInfo().includes("ProcessWrap");
  await isTrueWithin(longestEnd, isOver);
}

async function main(): Promise<number> {
  const chosen = readArguments(process.argv.slice(2));
  if (chosen.help) {
    process.stdout.write(help);
    return 0;
  }
  const { checks, files, leftOut } = planned(chosen);
  const problem = machineProblem();
  const slow = files.filter(isEndToEnd);
  const booted = problem === undefined ? slow : [];
  const parts: Part[] = [];
  const began = performance.now();
  const timed = async <Result>(name: string, work: () => Result): Promise<Awaited<Result>> => {
    const start = performance.now();
    const result = await work();
    parts.push({ name, milliseconds: performance.now() - start });
    return result;
  };
  const counts: Count[] = [];
  if (files.some((file) => !isUnit(file))) {
    const tools = await timed("tools", () => ensureEngine(booted.length > 0));
    process.env.PULUMI_CLI = join(tools, "bin", "pulumi");
  }
  const signal = interruptions();
  // The longest takes one core: the units use the others in the meantime.
  const checking = checks ? timed("checks alongside", () => checkSources(root, signal)) : undefined;
  // It is awaited below.
  checking?.catch(() => undefined);
  if (checks) counts.push(...(await timed("checks", () => [...lintWorkflows(), ...testGo()])));
  const ran: Ran[] = [];
  const go = async (part: string, { groups, ...how }: Run) => {
    if (groups.length === 0 || signal.aborted) return;
    ran.push(await timed(part, () => runFiles(root, { groups, ...how }, signal)));
  };
  const engines = each(files.filter((file) => file.startsWith(engine)));
  await go("units", { groups: inGroups(files.filter(isUnit)), concurrency: unitLanes });
  counts.push(...((await checking) ?? []));
  if (booted.length === 0) await go("engine", { groups: engines, concurrency: 2 });
  else {
    const inTurns = async () => {
      for (const groups of turns(booted)) await go("end to end", { groups, concurrency: 2 });
    };
    // What is left of two cores is little, but the engine's tests end before the sandboxes' and cost no turn of their own.
    // They are waited for also where an engine's test cannot be built.
    await everyOne([
      inTurns(),
      go("engine alongside", { groups: engines, concurrency: 1, alongside: true }),
    ]);
  }
  if (signal.aborted) await childrenEnd();
  counts.push(...ran.map(({ count }) => count));
  const notRun = [...leftOut, ...(problem === undefined ? [] : [[slow, problem] as const])];
  for (const [some, reason] of notRun) {
    if (some.length > 0) console.log(`left out: ${some.join(", ")}: ${reason}`);
  }
  // Node lists those of one run at its end.
  if (ran.length > 1) process.stdout.write(renderFailures(ran.flatMap(({ failures }) => failures)));
  process.stdout.write(renderSlowest(ran.flatMap(({ durations }) => durations)));
  process.stdout.write(renderParts(parts, performance.now() - began));
  console.log(describeCounts(counts));
  if (signal.aborted) return Number(process.exitCode);
  return isPassed(counts) ? 0 : 1;
}

exitWith(main());
