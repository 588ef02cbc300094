/** Collects what the engine reports about the policy pack, and whether the pack has judged at all. */
import type { EngineEvent } from "@pulumi/pulumi/automation";
import { z } from "zod";
import { UserError } from "../../../lib/errors";
import type { PackConfiguration } from "./configuration";
import { packName } from "./pack";
import { inOrder, type Violation, violationOf } from "./violations";

const names = z.array(z.string()).nullish();
const summary = z.object({ policyPackName: z.literal(packName), passed: names, failed: names });

/** The engine's events for an answer of a pack; the SDK's types leave them out. */
const answered = z.object({
  policyAnalyzeSummaryEvent: summary.optional(),
  policyAnalyzeStackSummaryEvent: summary.optional(),
});

export class PackFindings {
  readonly #violations: Violation[] = [];
  readonly #asked = new Set<string>();
  /** What plug-ins have written, one line each. */
  readonly #written: string[] = [];
  #stackJudged = false;

  constructor(private readonly configuration: PackConfiguration) {}

  take(event: EngineEvent): void {
    if (event.policyEvent !== undefined) {
      this.#violations.push(violationOf(event.policyEvent, this.configuration));
    }
    const { severity, message } = event.diagnosticEvent ?? {};
    if (severity === "info#err" && message !== undefined) this.#written.push(message.trim());
    const { data } = answered.safeParse(event);
    const { passed, failed } = data?.policyAnalyzeSummaryEvent ?? {};
    for (const name of [...(passed ?? []), ...(failed ?? [])]) this.#asked.add(name);
    this.#stackJudged ||= data?.policyAnalyzeStackSummaryEvent !== undefined;
  }

  /**
   * The violations, when the engine has finished.
   * @throws UserError if a rule was not run: no violations would then not mean that there are none
   */
  violations(): Violation[] {
    if (!this.#stackJudged) throw new UserError("the policy pack has not judged the stack");
    const missing = Object.entries(this.configuration).filter(
      ([name, { level }]) => level !== "disabled" && !this.#asked.has(name),
    );
    if (missing.length === 0) return inOrder(this.#violations);
    const names = missing.map(([name]) => name).join(", ");
    throw new UserError(`the policy pack has not judged by all of its rules: ${names}`);
  }

  /**
   * Why the engine failed if the pack is the cause, in one line.
   * @param said the engine's own message
   * @returns undefined if the cause is something else
   */
  failure(said: string): string | undefined {
    const rule = /policy '([^']+)' from policy pack '[^']+':\s+(.+)/.exec(said);
    if (rule !== null) return `the policy pack's rule ${rule[1]} failed: ${rule[2]}`;
    if (/^policy pack .+ failed to start/.test(said)) {
      const thrown = this.#written.find((line) => /^\w*Error\b/.test(line));
      return `the policy pack does not start: ${thrown ?? "it ended without a message"}`;
    }
    const isGone = /^failed to (run (remediation|policy)|analyze resources|get analyzer info)/.test(
      said,
    );
    return isGone ? "the policy pack ended before it had judged everything" : undefined;
  }
}
