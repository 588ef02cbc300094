/** Sections that can have one of several shapes. */
import { z } from "zod";

/** A section whose shape depends on one of its fields, such as its kind. */
export function variants<
  Field extends string,
  const Shapes extends readonly [z.core.$ZodTypeDiscriminable, ...z.core.$ZodTypeDiscriminable[]],
>(field: Field, shapes: Shapes) {
  const tables = shapes.map((shape) => tableOf(shape));
  const names = tables.flatMap((table) => literalsOf(table[field]));
  const allowed = `one of ${names.map((name) => JSON.stringify(name)).join(", ")}`;
  return z
    .discriminatedUnion(field, shapes, {
      error: ({ code }: z.core.$ZodRawIssue) =>
        code === "invalid_union" ? allowed : `an object whose ${field} is ${allowed}`,
    })
    .superRefine(
      (found, context) => {
        // A value for which the shape's check failed has no result.
        if (Object.is(found, z.NEVER)) return;
        const { data } = z.record(z.string(), z.unknown()).safeParse(found);
        if (data === undefined || names.some((name) => name === data[field])) return;
        for (const issue of problemsInAll(tables, field, data)) context.addIssue(issue);
      },
      // Another mistake stops the check: the intended shape is not known then, and the rest would not be checked.
      { when: () => true },
    );
}

type Table = Readonly<Record<string, z.core.$ZodType>>;

/** The fields of a section, also of one that is transformed. */
function tableOf(shape: unknown): Table {
  if (shape instanceof z.ZodObject) return shape.shape;
  if (shape instanceof z.ZodPipe) return tableOf(shape.in);
  throw new Error("a variant is a section");
}

const literalsOf = (literal: z.core.$ZodType | undefined): string[] =>
  literal instanceof z.ZodLiteral ? [...literal.values].map(String) : [];

/** What is wrong with an object for each of the shapes. */
function problemsInAll(
  tables: readonly Table[],
  field: string,
  found: Readonly<Record<string, unknown>>,
): z.core.$ZodRawIssue[] {
  const known = [...new Set(tables.flatMap((table) => Object.keys(table)))];
  const keys = Object.keys(found).filter((key) => !known.includes(key));
  const message = `one of ${known.join(", ")}`;
  const wrong = known
    .filter((key) => key !== field)
    .flatMap((key) => {
      const problems = tables.map((table) => problemsAt(table, key, found[key]));
      // The shape that fits may be the intended one.
      return problems.every((issues) => issues.length > 0) ? (problems.find(isSaid) ?? []) : [];
    });
  if (keys.length === 0) return wrong;
  return [{ code: "unrecognized_keys", keys, message, path: [], input: found }, ...wrong];
}

/** For a shape without the field, there is only a problem if a value is found; other shapes describe it. */
function problemsAt(table: Table, key: string, value: unknown): z.core.$ZodRawIssue[] {
  const schema = table[key];
  if (schema === undefined) return value === undefined ? [] : [unspoken];
  const { error } = z.safeParse(schema, value);
  return (error?.issues ?? []).map(({ path, ...issue }) => ({
    ...issue,
    path: [key, ...path],
  })) as z.core.$ZodRawIssue[];
}

const unspoken: z.core.$ZodRawIssue = { code: "custom", input: undefined };
const isSaid = (issues: readonly z.core.$ZodRawIssue[]) => !issues.includes(unspoken);
