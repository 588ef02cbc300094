/** `npm run preview`: what a stack would be, by the real engine, from nothing. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { exitWith, Failure } from "../sandbox/failure";
import { clone, layout } from "../sandbox/layout";
import { standIns } from "../sandbox/plugins/launchers";
import { ensurePulumi } from "../sandbox/toolchain/toolchain";
import { type Arguments, help, readArguments } from "./arguments";
import { type PreviewConfiguration, previewConfiguration, stacksOf } from "./configuration";
import { previewProject } from "./engine";
import { graphDifference, graphFile, graphOf, graphPath } from "./graph";
import type { Plan } from "./plan";
import { ProgressLine } from "./progress";
import { writeProject } from "./project";
import { renderPlan } from "./render";

/** All that the engine and the program learn of the user's shell: no account, cluster or proxy is among it. */
const inherited: ReadonlySet<string> = new Set([
  "HOME",
  "LANG",
  "NODE_COMPILE_CACHE",
  "PATH",
  "TSX_DISABLE_CACHE",
  "USER",
]);

/** index.ts runs when it is loaded; what it exports is the stack's outputs. */
function runProgram(): Record<string, unknown> {
  // Not before it is asked for: loading it is running it.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require("../index") as Record<string, unknown>;
}

async function planOf(
  stack: string,
  configuration: PreviewConfiguration,
  signal: AbortSignal,
): Promise<Plan> {
  const progress = new ProgressLine(`previewing ${stack}`);
  const pulumi = await ensurePulumi(layout().cache, (text) => {
    progress.say(text);
  });
  const folder = mkdtempSync(join(tmpdir(), "istio-auth0-preview-"));
  try {
    const project = writeProject(clone, stack, configuration, folder);
    for (const name of Object.keys(process.env)) {
      if (!inherited.has(name)) Reflect.deleteProperty(process.env, name);
    }
    Object.assign(process.env, project.environment);
    return await previewProject(project, {
      pulumi,
      program: runProgram,
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

/** Says what is not the stack's own in this plan. */
function tellDifferences({ placeholders, environments }: PreviewConfiguration): void {
  const say = (text: string) => {
    console.error(text);
  };
  say(`plug-ins: this project's stand-ins (${standIns.map(({ name }) => name).join(", ")})`);
  if (placeholders.length > 0) {
    say(`a preview asks nobody for these, and has placeholders: ${placeholders.join(", ")}`);
  }
  if (environments.length > 0) {
    say(`a preview reads no Pulumi ESC environment: left out ${environments.join(", ")}`);
  }
}

/** @returns whether the graph is as it should be */
function treatGraph(plan: Plan, treatment: Arguments["graph"]): boolean {
  if (treatment === undefined) return true;
  const { stack } = plan;
  const path = graphPath(stack);
  const planned = graphOf(plan);
  const reviewed = existsSync(path) ? readFileSync(path, "utf8") : undefined;
  if (treatment === "accept") {
    mkdirSync(dirname(path), { recursive: true });
    if (reviewed !== planned) writeFileSync(path, planned);
    console.error(`${graphFile(stack)}: ${reviewed === planned ? "as it was" : "written"}`);
    return true;
  }
  const accept = `npm run preview -- ${stack} --accept`;
  if (reviewed === undefined) {
    throw new Failure(`there is no ${graphFile(stack)}: ${accept} writes it`);
  }
  const difference = graphDifference(reviewed, planned);
  if (difference.length === 0) {
    console.error(`${graphFile(stack)}: as planned`);
    return true;
  }
  console.error(difference.join("\n"));
  throw new Failure(
    `the plan of ${stack} is not the one in ${graphFile(stack)}: see above, and if it should be so: ${accept}`,
  );
}

function jsonOf({ stack, counts, resources, outputs, diagnostics }: Plan): string {
  return `${JSON.stringify({ stack, counts, resources, outputs, diagnostics }, undefined, 2)}\n`;
}

/** What ends the preview: what was made is removed then. */
function interruptions(): { readonly signal: AbortSignal; code?: number } {
  const controller = new AbortController();
  const interrupted: { readonly signal: AbortSignal; code?: number } = {
    signal: controller.signal,
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      interrupted.code = 128 + constants.signals[name];
      controller.abort(new Failure(`ended by ${name}`));
    });
  }
  return interrupted;
}

async function main(): Promise<number> {
  const chosen = readArguments(process.argv.slice(2));
  if (chosen === "help") {
    process.stdout.write(help);
    return 0;
  }
  const { stack, diff, json, graph } = chosen;
  if (stack === undefined) {
    throw new Failure(`name a stack: there are ${stacksOf(clone).join(", ")}`);
  }
  // npm changes into the project; a file is meant from where the user is.
  const jsonFile = json === undefined ? undefined : resolve(process.env.INIT_CWD ?? "", json);
  if (jsonFile !== undefined && !existsSync(dirname(jsonFile))) {
    throw new Failure(`--json ${json}: there is no folder ${dirname(jsonFile)}`);
  }
  const configuration = previewConfiguration(clone, stack);
  tellDifferences(configuration);
  const interrupted = interruptions();
  try {
    const plan = await planOf(stack, configuration, interrupted.signal);
    process.stdout.write(renderPlan(plan, { diff }));
    if (jsonFile !== undefined) writeFileSync(jsonFile, jsonOf(plan));
    return treatGraph(plan, graph) ? 0 : 1;
  } catch (error) {
    if (interrupted.code === undefined) throw error;
    return interrupted.code;
  }
}

exitWith(main());
