/**
 * Runs what pull-request.yml runs, as it would be run there: `node scripts/run.mjs test/unit/workflows/run-by-hand.ts [JOB
 * [VALUE]]`, for all its jobs, for one, or for the one of its matrix with that value. Each has a fresh clone of what is
 * committed, and an environment with nothing of the shell's but PATH and HOME.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../../../lib/errors";
import { exitWith } from "../../../lib/run";
import { filled, instancesOf, root, workflowOf, type Job, type Step } from "./workflow";

const workflow = "pull-request.yml";

/** What has a step run where an earlier one has failed. */
const runsAnyway = "${{ !cancelled() }}";

/** The files by which a step tells GitHub something. */
const told = ["GITHUB_STEP_SUMMARY", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT"];

type Values = Readonly<Record<string, string>>;

interface Run {
  readonly title: string;
  readonly job: Job;
  readonly values: Values;
}

/** @throws UserError where there is no such job */
function runsOf([name, value]: readonly string[]): readonly Run[] {
  const { jobs } = workflowOf(workflow);
  const runs = Object.entries(jobs)
    .filter(([job]) => name === undefined || job === name)
    .flatMap(([title, job]) =>
      instancesOf(job)
        .filter((values) => value === undefined || Object.values(values).includes(value))
        .map((values) => ({ title: [title, ...Object.values(values)].join(" "), job, values })),
    );
  if (runs.length > 0) return runs;
  throw new UserError(
    `${workflow} has no job ${[name, value].join(" ").trim()}: there are ${Object.keys(jobs).join(", ")}`,
  );
}

/** The folders of the person's PATH; run.mjs has put this clone's own Node before them. */
const path = (process.env.PATH ?? "")
  .split(":")
  .filter((folder) => !folder.startsWith(join(root, "node_modules")))
  .join(":");

/** @returns whether every step has passed */
function perform({ title, job, values }: Run): boolean {
  const folder = mkdtempSync(join(tmpdir(), "istio-auth0-run-by-hand-"));
  try {
    const clone = join(folder, "clone");
    const { status } = spawnSync("git", ["clone", "--quiet", root, clone], { stdio: "inherit" });
    if (status !== 0) throw new UserError(`cannot clone ${root} into ${clone}`);
    const files = Object.fromEntries(told.map((name) => [name, join(folder, name)]));
    for (const file of Object.values(files)) writeFileSync(file, "");
    mkdirSync(join(folder, "temp"));
    const environment = {
      ...files,
      PATH: path,
      HOME: process.env.HOME,
      CI: "true",
      GITHUB_WORKSPACE: clone,
      RUNNER_TEMP: join(folder, "temp"),
    };
    const passes = job.steps.reduce((passed, step) => {
      if (!passed && step.if !== runsAnyway) return false;
      return runStep(step, { title, values, clone, folder, environment }) && passed;
    }, true);
    process.stdout.write(readFileSync(join(folder, "GITHUB_STEP_SUMMARY"), "utf8"));
    return passes;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Place {
  readonly title: string;
  readonly values: Values;
  readonly clone: string;
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** @returns whether it has passed; what only GitHub can run has */
function runStep({ run, uses, env }: Step, place: Place): boolean {
  if (run === undefined) {
    console.log(`${place.title}: left to GitHub: ${uses ?? ""}`);
    return true;
  }
  const script = filled(run, place.values).trim();
  console.log(`${place.title}: ${script}`);
  const file = join(place.folder, "step.sh");
  writeFileSync(file, script);
  const given = Object.entries(env ?? {}).map(
    ([name, text]) => [name, filled(text, place.values)] as const,
  );
  // As GitHub does for `shell: bash`.
  const { status } = spawnSync("bash", ["--noprofile", "--norc", "-eo", "pipefail", file], {
    cwd: place.clone,
    env: { ...place.environment, ...Object.fromEntries(given) },
    stdio: ["ignore", "inherit", "inherit"],
  });
  console.log(`${place.title}: exited with ${status ?? "a signal"}`);
  return status === 0;
}

function main(): Promise<number> {
  const failed = runsOf(process.argv.slice(2)).find((run) => !perform(run));
  if (failed !== undefined) console.log(`${failed.title}: failed`);
  return Promise.resolve(failed === undefined ? 0 : 1);
}

exitWith(Promise.resolve().then(main));
