/** How the bench's programs pass results to each other: one JSON value on standard output. */
import { text } from "node:stream/consumers";
import type { z } from "zod";
import { UserError } from "../../lib/errors";
import { parseJson } from "../../lib/files";

/** The value that a program printed. @throws UserError that names the program if the value has another form */
export function parseOutput<Schema extends z.ZodType>(
  program: string,
  output: string,
  schema: Schema,
): z.output<Schema> {
  const parsed = schema.safeParse(parseJson(output));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UserError(
    `${program} printed something else than agreed, at ${issue?.path.join(".") ?? ""}`,
  );
}

/** The value on this program's standard input. */
export async function readInput<Schema extends z.ZodType>(
  schema: Schema,
): Promise<z.output<Schema>> {
  return parseOutput("the bench", await text(process.stdin), schema);
}

/** Prints this program's result. */
export function printOutput(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
