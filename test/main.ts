/**
 * `npm test`: types, style, every unit test, and where the machine allows it the sandbox from end to end: the main
 * job, faults, and the machine before and after. `npm test -- --all` adds every mode and kills at random moments, which
 * take longest.
 */
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { join, relative } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { parseArgs } from "node:util";
import { exitWith, Failure } from "../sandbox/failure";
import { layout } from "../sandbox/layout";
import { machineProblem } from "../sandbox/machine";
import { Progress } from "../sandbox/progress";
import { ensurePulumi, ensureToolchain } from "../sandbox/toolchain/toolchain";
import { messageOf } from "../stack/errors";
import { lintWorkflows } from "./actionlint";
import { told, type Count } from "./count";
import { testGo } from "./go";
import { loaderArguments } from "./node";

const usage = `Usage: npm test [-- --all]

Checks types, style and every unit, and, as root on Linux, the sandbox from end to end: about three quarters of an hour
on two cores. The last line says how many tests passed and failed; the exit code is 1 where one failed.

  --all    every mode of the sandbox, and kills at random moments, too
  --help   this text

One file alone: node_modules/node/bin/node --import tsx --test FILE
`;

const root = join(__dirname, "..");

/** The tests that boot the sandbox: they take minutes, a whole machine's cores, and Linux as root. */
const endToEnd = "test/end-to-end/**/*.test.ts";
/** Only with `--all`. */
const longest = ["all-modes", "kill"].map((name) => join(root, `test/end-to-end/${name}.test.ts`));

/** How long one file may take, in milliseconds: a test that hangs is to fail. */
const timeout = 30 * 60_000;

/** A program that judges the sources; it counts as one test. */
interface Check {
  readonly what: string;
  readonly command: readonly [string, ...string[]];
}

const checks: readonly Check[] = [
  { what: "types", command: ["tsc", "--noEmit"] },
  { what: "lint", command: ["eslint", "--max-warnings=0", "."] },
  { what: "format", command: ["prettier", "--check", "--log-level=warn", "."] },
];

function check({ what, command: [program, ...args] }: Check): Count {
  const { status } = spawnSync(join(root, "node_modules/.bin", program), args, {
    cwd: root,
    stdio: "inherit",
  });
  return told(what, status === 0);
}

/** Runs test files, each in a process of its own, and prints what each test says. */
function test(files: readonly string[], concurrency: number): Promise<Count> {
  const events = run({
    files: [...files],
    cwd: root,
    concurrency,
    execArgv: loaderArguments,
    timeout,
  });
  return new Promise((resolve, reject) => {
    events.on("test:summary", ({ file, counts }) => {
      if (file !== undefined) return;
      resolve({
        passed: counts.passed,
        failed: counts.tests - counts.passed - counts.skipped - counts.todo,
        skipped: counts.skipped + counts.todo,
      });
    });
    events.on("error", reject);
    events.compose(spec).pipe(process.stdout, { end: false });
  });
}

const filesOf = (pattern: string) =>
  globSync(pattern, { cwd: root })
    .map((file) => join(root, file))
    .sort();

function leaveOut(files: readonly string[], reason: string): void {
  if (files.length === 0) return;
  console.log(`left out: ${files.map((file) => relative(root, file)).join(", ")}: ${reason}`);
}

/**
 * The folder of the real engine, which the plug-ins', previews' and policies' tests run.
 * @param everything whether the sandbox is tested as well: its tools are made before any test's time runs
 */
async function ensureEngine(everything: boolean): Promise<string> {
  const { cache } = layout();
  const say = new Progress().of("tools");
  return everything ? (await ensureToolchain(cache, say)).pulumi : ensurePulumi(cache, say);
}

function readArguments(): { readonly all: boolean; readonly help: boolean } {
  const options = { all: { type: "boolean" }, help: { type: "boolean" } } as const;
  try {
    const { all = false, help = false } = parseArgs({ options }).values;
    return { all, help };
  } catch (error) {
    throw new Failure(`${messageOf(error)} (see npm test -- --help)`);
  }
}

async function main(): Promise<number> {
  const { all, help } = readArguments();
  if (help) {
    process.stdout.write(usage);
    return 0;
  }
  const slow = filesOf(endToEnd);
  const quick = filesOf("test/**/*.test.ts").filter((file) => !slow.includes(file));
  const chosen = slow.filter((file) => all || !longest.includes(file));
  const counts = checks.map(check);
  const problem = machineProblem();
  process.env.PULUMI_CLI = join(await ensureEngine(problem === undefined), "bin", "pulumi");
  counts.push(...lintWorkflows(), ...testGo());
  counts.push(await test(quick, 2));
  if (problem === undefined) counts.push(await test(chosen, 1));
  leaveOut(problem === undefined ? [] : chosen, problem ?? "");
  leaveOut(
    slow.filter((file) => !chosen.includes(file)),
    "npm test -- --all runs them too",
  );
  const sum = (count: (one: Count) => number) =>
    counts.reduce((total, one) => total + count(one), 0);
  const failed = sum((one) => one.failed);
  const skipped = sum((one) => one.skipped);
  const leftOut = skipped === 0 ? "" : `, ${skipped} left out by themselves`;
  console.log(`${sum((one) => one.passed)} passed, ${failed} failed${leftOut}`);
  return failed === 0 ? 0 : 1;
}

exitWith(main());
