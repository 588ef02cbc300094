/** What a stack configures for the policy pack: policies.STACK.json. Without that file every rule is mandatory. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { found, foundAndExpected, settingsProblems } from "../../../policies/configuration";
import type { Rule } from "../../../policies/rule";
import { messageOf } from "../../../lib/errors";

export const levels = ["mandatory", "advisory", "disabled"] as const;

/** `mandatory` makes the preview exit with 1, `advisory` is only reported, `disabled` is not run. */
export type Level = (typeof levels)[number];

type Fields = Readonly<Record<string, unknown>>;

/** What a stack configures for one rule. */
export interface RuleChoice {
  readonly level: Level;
  /** The rule's settings that the file has. */
  readonly settings: Fields;
}

/** By the rule's name, for every rule of the pack. */
export type Choice = Readonly<Record<string, RuleChoice>>;

export interface ReadChoice {
  readonly choice: Choice;
  /** What is wrong in the file, one line each. */
  readonly problems: readonly string[];
}

const quoted = levels.map((level) => `"${level}"`).join(", ");
const level = z.enum(levels, {
  error: ({ input }) => `found ${found(input)}, expected one of ${quoted}`,
});

/** As CrossGuard's --policy-pack-config has it; the reason is this project's addition, for the next reader. */
const entry = z.looseObject({
  enforcementLevel: level.optional(),
  reason: z.string().optional(),
});

export const choiceFile = (stack: string) => `policies.${stack}.json`;

/** Reads the file and checks all of it. */
export function readChoice(root: string, stack: string, rules: readonly Rule[]): ReadChoice {
  const file = choiceFile(stack);
  const path = join(root, file);
  const problems: string[] = [];
  const complain = (problem: string) => problems.push(`${file}: ${problem}`);
  const content = existsSync(path) ? parsed(readFileSync(path, "utf8"), complain) : {};
  const known = rules.map(({ name }) => name);
  const unknown = Object.keys(content).filter((name) => name !== "all" && !known.includes(name));
  for (const name of unknown) {
    complain(`there is no rule "${name}": there are ${[...known].sort().join(", ")}`);
  }
  const all = content.all === undefined ? "mandatory" : levelOf(content.all, "all", complain);
  const chosen = rules.map((rule) => {
    const given = content[rule.name];
    const own = given === undefined ? {} : choiceOf(rule, given, complain);
    return [rule.name, { level: all, settings: {}, ...own }] as const;
  });
  return { choice: Object.fromEntries(chosen), problems };
}

type Complain = (problem: string) => void;

function parsed(text: string, complain: Complain): Fields {
  try {
    const { data } = z.record(z.string(), z.unknown()).safeParse(JSON.parse(text));
    if (data !== undefined) return data;
    complain('expected an object, as { "all": "mandatory" }');
  } catch (error) {
    const reason = messageOf(error);
    complain(`it is not JSON: ${reason.replace(/\s+/g, " ")}`);
  }
  return {};
}

function levelOf(value: unknown, name: string, complain: Complain): Level {
  const { data, error } = level.safeParse(value);
  if (data === undefined) complain(`${name}: ${error.issues[0]?.message ?? "no level"}`);
  return data ?? "mandatory";
}

/** A rule's entry is a level, or an object with a level, a reason and the rule's settings, each optional. */
function choiceOf(rule: Rule, given: unknown, complain: Complain): Partial<RuleChoice> {
  if (typeof given !== "object" || given === null) {
    return { level: levelOf(given, rule.name, complain) };
  }
  const { data, error } = entry.safeParse(given, { error: foundAndExpected });
  if (data === undefined) {
    for (const { path, message } of error.issues)
      complain(`${rule.name}.${path.join(".")}: ${message}`);
    return {};
  }
  const { enforcementLevel } = data;
  const settings = Object.fromEntries(
    Object.entries(data).filter(([key]) => key !== "enforcementLevel" && key !== "reason"),
  );
  for (const problem of settingsProblems(rule, settings)) complain(problem);
  return { ...(enforcementLevel && { level: enforcementLevel }), settings };
}
