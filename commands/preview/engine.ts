/** Runs the real engine on a preview's project, and collects the plan. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type EngineEvent,
  LocalWorkspace,
  type StepEventMetadata,
} from "@pulumi/pulumi/automation";
import { z } from "zod";
import { UserError } from "../../lib/errors";
import { commandIn, loading } from "../../local/toolchain/automation";
import { loadComponents } from "../stack/program";
import { type Diagnostic, partsOf, type Plan, type PlannedResource, relative, shown } from "./plan";
import type { PackConfiguration } from "./policies/configuration";
import { PackFindings } from "./policies/events";
import { endPack, type Pack } from "./policies/pack";
import { type Violation, withoutSecrets } from "./policies/violations";
import type { PreviewProject } from "./project";

/** The parts of an update plan (`pulumi preview --save-plan`) that the engine's events lack. */
const updatePlan = z.object({
  resourcePlans: z.record(
    z.string(),
    z.object({
      goal: z.object({ dependencies: z.array(z.string()).default([]) }).optional(),
    }),
  ),
});

export interface Run {
  /** The folder whose bin/ holds the Pulumi CLI. */
  readonly pulumi: string;
  /** The outputs of the stack's program; called once. */
  readonly program: () => Record<string, unknown>;
  /** Called with the number of resources that were planned so far. */
  readonly onProgress: (resources: number) => void;
  readonly signal: AbortSignal;
  readonly pack: Pack;
  readonly configuration: PackConfiguration;
  /** Removes the configuration's secrets from a text. */
  readonly hide: (text: string) => string;
}

/** What a stack would be, and the policy pack's results. */
export interface Preview {
  readonly plan: Plan;
  readonly violations: readonly Violation[];
}

/**
 * Previews the project's stack, in this process's environment, and runs the policy pack on it.
 * @throws UserError with the engine's own errors, or if the pack has not judged all of it
 */
export async function previewProject(project: PreviewProject, run: Run): Promise<Preview> {
  const { folder, name: projectName, stack: stackName } = project;
  // The folder is new, so that there is no stack to select.
  const stack = await LocalWorkspace.createStack(
    { stackName, projectName, program: () => Promise.resolve(run.program()) },
    { workDir: folder, pulumiCommand: loading(commandIn(run.pulumi), loadComponents) },
  );
  // A cancellation before its start does not reach the engine.
  run.signal.throwIfAborted();
  const planFile = join(folder, "plan.json");
  const found = new Findings(project.root);
  const pack = new PackFindings(run.configuration);
  const onEvent = (event: EngineEvent) => {
    const before = found.steps.size;
    found.take(event);
    pack.take(event);
    // Most events add none.
    if (found.steps.size > before) run.onProgress(found.steps.size);
  };
  const ending = setInterval(() => {
    if (run.signal.aborted) endPack(project.launchers);
  }, 200);
  try {
    await stack.preview({
      onEvent,
      plan: planFile,
      color: "never",
      signal: run.signal,
      policyPacks: [run.pack.folder],
      policyPackConfigs: [run.pack.file],
    });
  } catch (error) {
    run.signal.throwIfAborted();
    const said = found.errors() ?? lastWords(error);
    throw new UserError(run.hide(pack.failure(said) ?? said));
  } finally {
    clearInterval(ending);
  }
  const { resourcePlans } = updatePlan.parse(JSON.parse(readFileSync(planFile, "utf8")));
  const plan = found.plan(stackName, (urn) => resourcePlans[urn]?.goal?.dependencies ?? []);
  return { plan, violations: pack.violations().map((one) => withoutSecrets(one, run.hide)) };
}

/** What programs and plug-ins say because the engine has ended after an error. */
const consequence = /resource monitor shut down|grpc: the client connection is closing/;

/** What the engine's events have reported so far. */
class Findings {
  /** @param root the folder of the project that is previewed */
  constructor(private readonly root: string) {}

  readonly steps = new Map<string, StepEventMetadata>();
  readonly #diagnostics = new Map<string, Diagnostic>();
  #outputs: Readonly<Record<string, unknown>> = {};
  #counts: Readonly<Record<string, number>> = {};

  take({ resourcePreEvent, resOutputsEvent, diagnosticEvent, summaryEvent }: EngineEvent): void {
    const step = resourcePreEvent?.metadata;
    if (step !== undefined && !isImplicit(step)) this.steps.set(step.urn, step);
    const done = resOutputsEvent?.metadata;
    if (done?.type === "pulumi:pulumi:Stack") this.#outputs = done.new?.outputs ?? {};
    if (summaryEvent !== undefined) this.#counts = { ...summaryEvent.resourceChanges };
    const { severity, message = "", urn } = diagnosticEvent ?? {};
    // The engine ends every failure with the second message, which adds nothing.
    if (message.trim() === "" || message.trim() === "preview failed") return;
    if (severity !== "warning" && severity !== "error") return;
    const said = { severity, message: message.trim(), name: urn && partsOf(urn).name };
    this.#diagnostics.set(JSON.stringify(said), said);
  }

  /** Every error of the engine that is not only another one's consequence, or undefined if there are none. */
  errors(): string | undefined {
    const errors = [...this.#diagnostics.values()]
      .filter(({ severity }) => severity === "error")
      .map(({ message }) => message);
    const causes = errors.filter((message) => !consequence.test(message));
    return errors.length === 0 ? undefined : (causes.length > 0 ? causes : errors).join("\n");
  }

  plan(stack: string, dependenciesOf: (urn: string) => readonly string[]): Plan {
    const resources = [...this.steps.values()].map((step) =>
      planned(step, dependenciesOf(step.urn), this.root),
    );
    return {
      stack,
      resources: resources.sort(byTypeAndName),
      outputs: shown(this.#outputs) as Record<string, unknown>,
      counts: this.#counts,
      diagnostics: [...this.#diagnostics.values()],
    };
  }
}

/**
 * Whether it is a provider that the engine makes itself, for resources that name none; the engine does not count it.
 */
function isImplicit({ type, urn }: StepEventMetadata): boolean {
  return type.startsWith("pulumi:providers:") && /^default(_|$)/.test(partsOf(urn).name);
}

function planned(
  step: StepEventMetadata,
  dependencies: readonly string[],
  root: string,
): PlannedResource {
  const state = step.new ?? step.old;
  const provider = state?.provider ?? "";
  return {
    operation: step.op,
    urn: step.urn,
    ...partsOf(step.urn),
    parent: state?.parent === "" ? undefined : state?.parent,
    dependencies: [...dependencies].sort(),
    // A reference to a provider is its URN, followed by its id.
    provider: provider === "" ? undefined : provider.split("::").slice(0, 4).join("::"),
    protect: state?.protect === true,
    inputs: relative(shown(state?.inputs ?? {}), root) as Record<string, unknown>,
  };
}

function byTypeAndName(one: PlannedResource, other: PlannedResource): number {
  const [first, second] = [one, other].map(({ type, name, urn }) => `${type} ${name} ${urn}`);
  return (first ?? "") < (second ?? "") ? -1 : 1;
}

/** The last line of the CLI, if no event says what is wrong. */
function lastWords(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const lines = text.split("\n").filter((line) => line.startsWith("error: "));
  return lines.at(-1)?.replace(/^error: /, "") ?? text;
}
