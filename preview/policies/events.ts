/** Collects what the engine tells of the policy pack, and whether the pack has judged at all. */
import type { EngineEvent } from "@pulumi/pulumi/automation";
import { z } from "zod";
import { Failure } from "../../sandbox/failure";
import type { PackConfiguration } from "./configuration";
import { packName } from "./pack";
import { inOrder, type Violation, violationOf } from "./violations";

const names = z.array(z.string()).nullish();
const summary = z.object({ policyPackName: z.literal(packName), passed: names, failed: names });

/** The events by which the engine says that a pack has answered; the SDK's types leave them out. */
const answered = z.object({
  policyAnalyzeSummaryEvent: summary.optional(),
  policyAnalyzeStackSummaryEvent: summary.optional(),
});

export class PackFindings {
  readonly #violations: Violation[] = [];
  readonly #asked = new Set<string>();
  #stackJudged = false;

  constructor(private readonly configuration: PackConfiguration) {}

  take(event: EngineEvent): void {
    if (event.policyEvent !== undefined) {
      this.#violations.push(violationOf(event.policyEvent, this.configuration));
    }
    const { data } = answered.safeParse(event);
    const { passed, failed } = data?.policyAnalyzeSummaryEvent ?? {};
    for (const name of [...(passed ?? []), ...(failed ?? [])]) this.#asked.add(name);
    this.#stackJudged ||= data?.policyAnalyzeStackSummaryEvent !== undefined;
  }

  /**
   * What was found, once the engine is done.
   * @throws Failure where a rule was not asked: that nobody found anything does not mean that there is nothing
   */
  violations(): Violation[] {
    if (!this.#stackJudged) throw new Failure("the policy pack has not judged the stack");
    const missing = Object.entries(this.configuration).filter(
      ([name, { level }]) => level !== "disabled" && !this.#asked.has(name),
    );
    if (missing.length === 0) return inOrder(this.#violations);
    const names = missing.map(([name]) => name).join(", ");
    throw new Failure(`the policy pack has not judged by all of its rules: ${names}`);
  }
}

/** What is said where the policy pack is why the engine failed, in one line; undefined where it is not. */
export function packFailure(said: string): string | undefined {
  const inRule = /policy '(.+?)' from policy pack '.+?':?\s+(?:at .+\s+)*(.+)/.exec(said);
  if (inRule !== null) return `the policy pack's rule ${inRule[1]} failed: ${inRule[2]}`;
  return undefined;
}
