/** What is wrong with a rule's entry in the pack's configuration: what was found and what was expected. */
import { z } from "zod";

/** The kinds of value, by the schema's names for them. */
const kinds: Readonly<Record<string, string>> = {
  array: "a list",
  boolean: "true or false",
  number: "a number",
  object: "an object",
  record: "an object",
  string: "a text",
};

const expectedElsewhere = "what policies/README.md describes";

export const found = (value: unknown) => (value === undefined ? "nothing" : JSON.stringify(value));

/** `found "3", expected a number`, for a schema's check. */
export const foundAndExpected: z.core.$ZodErrorMap = (issue) =>
  `found ${found(issue.input)}, expected ${expectedBy(issue)}`;

function expectedBy(issue: z.core.$ZodRawIssue): string {
  if (issue.code === "invalid_type") return kinds[issue.expected] ?? issue.expected;
  if (issue.code === "invalid_value") return `one of ${issue.values.map(found).join(", ")}`;
  return expectedElsewhere;
}

/** A rule's settings, and the reason for them, for the next reader: CrossGuard passes the whole entry to the rule. */
export const withReason = (settings: z.ZodObject) =>
  settings.extend({ reason: z.string().optional() }).strict();

/**
 * What is wrong with the settings of a rule, one text for each mistake: `image-tag has no setting digest: there are …`.
 *
 * @param given the configuration without the level; a missing setting has the rule's default
 */
export function settingsProblems(
  { name, settings }: { readonly name: string; readonly settings: z.ZodObject },
  given: unknown,
): string[] {
  const { error } = withReason(settings).partial().safeParse(given, { error: foundAndExpected });
  const names = Object.keys(settings.shape).join(", ") || "none";
  return (error?.issues ?? []).flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((key) =>
          issue.path.length === 0
            ? `${name} has no setting ${key}: there are ${names}`
            : `${[name, ...issue.path, key].join(".")}: found an unknown key, expected ${expectedElsewhere}`,
        )
      : [`${[name, ...issue.path].join(".")}: ${issue.message}`],
  );
}
