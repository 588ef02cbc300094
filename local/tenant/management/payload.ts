import { z } from "zod";

import { ApiError } from "./errors";

/**
 * A request body's schema: the properties that this tenant implements, and the names of the others that Auth0
 * documents, which it stores and returns unchanged. Any other property is refused, as by Auth0.
 */
export function payload<Shape extends z.ZodRawShape>(
  shape: Shape,
  documented: readonly string[] = [],
) {
  const known = new Set([...Object.keys(shape), ...documented]);
  return z.looseObject(shape).superRefine((value, context) => {
    const keys = Object.keys(value).filter((key) => !known.has(key));
    if (keys.length > 0)
      context.addIssue({ code: "unrecognized_keys", keys, input: value, path: [] });
  });
}

/** @throws ApiError 400 with Auth0's message if the body does not match the schema */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown): T {
  return parse(schema, body, "Payload", "invalid_body");
}

/** @throws ApiError 400 with Auth0's message if a query parameter does not match the schema */
export function parseQuery<T>(schema: z.ZodType<T>, query: URLSearchParams): T {
  return parse(schema, Object.fromEntries(query), "Query", "invalid_query_string");
}

function parse<T>(schema: z.ZodType<T>, value: unknown, what: string, errorCode: string): T {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new ApiError(400, errorCode, `${what} validation error: ${describe(issue)}.`);
}

function describe(issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return "'Invalid'";
  const where = issue.path.join(".");
  if (issue.code === "unrecognized_keys")
    return `'Additional properties not allowed: ${issue.keys.join(", ")}'`;
  if (issue.code === "invalid_type" && issue.input === undefined && where !== "")
    return `'Missing required property: ${where}'`;
  return `'${issue.message}'${where === "" ? "" : ` on property ${where}`}`;
}
