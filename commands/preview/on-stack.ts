/** Plans what a stack would be, by the real engine, from nothing, and reports it. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { rules } from "../../policies/rules";
import { UserError } from "../../lib/errors";
import { Redactor } from "../../lib/redaction";
import { clone } from "../../lib/clone";
import { cacheFolder } from "../../local/layout";
import { standIns } from "../../local/plugins/launchers";
import { ensurePulumi, knownHelm } from "../../local/toolchain/toolchain";
import type { Project } from "../stack/project";
import type { Arguments, ReportFile } from "./arguments";
import { acceptPlan, type Check, checkPlan, compareAccess, complaintOf } from "./check";
import type { Preview } from "./engine";
import { previewApart } from "./engine-process";
import { makeFolder, removeAbandoned } from "./folder";
import { renderFailure, renderMarkdown } from "./markdown";
import { takesStandardOutput, writeOutput } from "../../lib/output-files";
import { choiceFile } from "./policies/choice";
import { writePack } from "./policies/pack";
import { attempt, prepare, type Prepared } from "./prepared";
import { ProgressLine } from "../../lib/progress-line";
import { requireOfficial, writeProject } from "./project";
import { renderPlan } from "./render";
import { judgedBy, jsonOf, jsonOfFailure, type Report } from "./report";

/** All that the engine and the program learn of the user's shell: no account, cluster or proxy is among it. */
const inherited = ["HOME", "LANG", "NODE_COMPILE_CACHE", "PATH", "TSX_DISABLE_CACHE", "USER"];

const inheritedEnvironment = () =>
  Object.fromEntries(
    inherited.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );

/** The stand-in of a chart's plug-in asks Helm for its objects: the user's own, or the sandbox's. */
function withHelm(): { readonly PATH?: string } {
  const folder = knownHelm(cacheFolder());
  return folder === undefined ? {} : { PATH: [process.env.PATH ?? "", folder].join(":") };
}

async function previewOf(
  project: Project,
  stack: string,
  { configuration, pack: asked, official }: Prepared,
  output: NodeJS.WriteStream,
  signal: AbortSignal,
): Promise<Preview> {
  const progress = new ProgressLine(`previewing ${stack}`);
  const pulumi = await ensurePulumi(cacheFolder(), (text) => {
    progress.say(text);
  });
  removeAbandoned();
  const folder = makeFolder();
  try {
    const previewed = writeProject(project.folder, stack, configuration, folder, official);
    const pack = writePack(clone, asked, join(folder, "policies"));
    const task = {
      project: previewed,
      program: { place: project.place },
      pulumi,
      pack,
      configuration: asked,
      secrets: configuration.secrets,
    };
    return await previewApart(task, {
      env: { ...inheritedEnvironment(), ...withHelm(), ...previewed.environment },
      output,
      onProgress: (resources) => {
        progress.update(`${resources} resources`);
      },
      signal,
    });
  } finally {
    progress.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Reports which parts of this plan are not the stack's own. */
function tellDifferences(
  stack: string,
  { configuration: { placeholders, environments }, pack, official }: Prepared,
): void {
  const say = (text: string) => {
    console.error(text);
  };
  say(
    official === undefined
      ? `plug-ins: this project's stand-ins (${standIns.map(({ name }) => name).join(", ")})`
      : `plug-ins: official (${official.map(({ name, version }) => `${name} ${version}`).join(", ")})`,
  );
  if (placeholders.length > 0) {
    say(`a preview has placeholders for these: ${placeholders.join(", ")}`);
  }
  if (environments.length > 0) {
    say(`a preview reads no Pulumi ESC environment: left out ${environments.join(", ")}`);
  }
  const disabled = Object.keys(pack).filter((name) => pack[name]?.level === "disabled");
  if (disabled.length > 0) say(`${choiceFile(stack)} disables ${disabled.sort().join(", ")}`);
}

/**
 * Reports the result of the check.
 * @throws UserError if the plan is not the reviewed one
 */
function tellCheck(check: Check, stack: string): void {
  const complaint = complaintOf(check, stack);
  if (complaint === undefined) {
    console.error(`${check.file}: as planned`);
    return;
  }
  if (check.difference.length > 0) console.error(check.difference.join("\n"));
  throw new UserError(complaint);
}

async function writeReport(
  files: readonly ReportFile[],
  content: Readonly<Record<ReportFile["option"], () => string>>,
): Promise<void> {
  for (const file of files) await writeOutput(file, content[file.option]());
}

/** @returns the exit code */
export async function previewStack(
  { diff, graph, official, against }: Arguments,
  project: Project,
  stack: string,
  files: readonly ReportFile[],
  signal: AbortSignal,
) {
  const taken = takesStandardOutput(files);
  const output = taken ? process.stderr : process.stdout;
  const report = await reportOf(
    project,
    stack,
    { checks: graph === "check", official, against },
    // Where standard output is taken, what the stack's program prints would be in the middle of the report.
    output,
    signal,
  ).catch(async (error: unknown) => {
    if (error instanceof UserError && !signal.aborted) await reportFailure(stack, files, error);
    throw error;
  });
  const { plan, violations, check } = report;
  output.write(renderPlan(report, { diff }));
  await writeReport(files, { json: () => jsonOf(report), markdown: () => renderMarkdown(report) });
  if (graph === "accept") acceptPlan(project, plan);
  if (check !== undefined) tellCheck(check, stack);
  return violations.some(({ level }) => level === "mandatory") ? 1 : 0;
}

async function reportOf(
  project: Project,
  stack: string,
  { checks, official, against }: Pick<Arguments, "official" | "against"> & { checks: boolean },
  output: NodeJS.WriteStream,
  signal: AbortSignal,
): Promise<Report> {
  const read = prepare(project, stack);
  const prepared = official ? { ...read, official: await requireOfficial() } : read;
  tellDifferences(stack, prepared);
  const preview = await previewOf(project, stack, prepared, output, signal);
  const { hide } = new Redactor(prepared.configuration.secrets);
  const check = checks ? checkPlan(project, preview.plan, hide) : undefined;
  const access = attempt(() => compareAccess(project, preview.plan, against, hide));
  if (access.complaint !== undefined) {
    if (against !== undefined) throw new UserError(access.complaint);
    // Such as one with the conflict of a merge, which --accept may be about to write anew.
    console.error(access.complaint);
  }
  return { ...preview, rules: judgedBy(rules, prepared.pack), access: access.result, check };
}

/** Writes why there is no plan, in place of the plan. */
function reportFailure(
  stack: string,
  files: readonly ReportFile[],
  { message }: UserError,
): Promise<void> {
  const errors = message.split("\n").map((line) => line.trim());
  return writeReport(files, {
    json: () => jsonOfFailure(stack, errors),
    markdown: () => renderFailure(stack, errors),
  });
}
