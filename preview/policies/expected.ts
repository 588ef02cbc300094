/** What was expected where a rule's setting is wrong, in words: found and expected, as for every other setting. */
import type { z } from "zod";

/** The kinds of value, by the schema's names for them. */
const kinds: Readonly<Record<string, string>> = {
  array: "a list",
  boolean: "true or false",
  number: "a number",
  object: "an object",
  record: "an object",
  string: "a text",
};

export const expectedElsewhere = "what policies/README.md describes";

export const found = (value: unknown) => (value === undefined ? "nothing" : JSON.stringify(value));

/** `found "3", expected a number`, for a schema's check. */
export const foundAndExpected: z.core.$ZodErrorMap = (issue) =>
  `found ${found(issue.input)}, expected ${expectedBy(issue)}`;

function expectedBy(issue: z.core.$ZodRawIssue): string {
  if (issue.code === "invalid_type") return kinds[issue.expected] ?? issue.expected;
  if (issue.code === "invalid_value") return `one of ${issue.values.map(found).join(", ")}`;
  return expectedElsewhere;
}
