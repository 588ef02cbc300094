import { z } from "zod";

import { parseQuery } from "./payload";

const flag = z.enum(["true", "false"]).transform((value) => value === "true");
export const wholeNumber = z
  .string()
  .regex(/^[0-9]{1,9}$/, "must be a whole number")
  .transform(Number);
const pageSize = wholeNumber.refine((value) => value <= 100, "must be at most 100");

/** The parameters that select the properties of an answer. */
export const selection: readonly string[] = ["fields", "include_fields"];

/** The parameters of a list: its pages, and the properties of its items. */
export const paging: readonly string[] = ["page", "per_page", "include_totals", ...selection];

/** The parameters of a list that can also be read by checkpoints. */
export const listing: readonly string[] = [...paging, "from", "take"];

const pagingSchema = z.looseObject({
  page: wholeNumber.default(0),
  per_page: pageSize.default(50),
  include_totals: flag.default(false),
  from: wholeNumber.optional(),
  take: pageSize.optional(),
});

const fieldsSchema = z.looseObject({
  fields: z.string().optional(),
  include_fields: flag.default(true),
});

/**
 * One page of a list: an array; with `include_totals`, Auth0's envelope of start, limit, total and the items; with
 * `from` or `take`, the items and, if there are more, `next`.
 *
 * @param key the items' name in the envelope
 * @param always see `selectFields`
 */
export function page(
  query: URLSearchParams,
  key: string,
  items: readonly object[],
  always: readonly string[] = [],
): object {
  const asked = parseQuery(pagingSchema, query);
  const byCheckpoint = asked.from !== undefined || asked.take !== undefined;
  const limit = byCheckpoint ? (asked.take ?? 50) : asked.per_page;
  const start = byCheckpoint ? (asked.from ?? 0) : asked.page * limit;
  const slice = items.slice(start, start + limit).map((item) => selectFields(query, item, always));
  const end = start + limit;
  if (byCheckpoint) return { [key]: slice, ...(end < items.length && { next: String(end) }) };
  return asked.include_totals ? { start, limit, total: items.length, [key]: slice } : slice;
}

/**
 * The item with only, or without, the properties that the query's `fields` names.
 *
 * @param always the properties that are always returned
 */
export function selectFields(
  query: URLSearchParams,
  item: object,
  always: readonly string[] = [],
): object {
  const { fields, include_fields } = parseQuery(fieldsSchema, query);
  if (fields === undefined) return item;
  const names = fields.split(",").map((name) => name.trim());
  const isShown = (name: string) =>
    include_fields ? names.includes(name) || always.includes(name) : !names.includes(name);
  return Object.fromEntries(Object.entries(item).filter(([name]) => isShown(name)));
}

/**
 * The items whose property equals the query's parameter of that name, or one of its values if it occurs several times,
 * for each parameter of the query.
 */
export function filterBy<T extends object>(
  query: URLSearchParams,
  names: readonly (string & keyof T)[],
  items: readonly T[],
): T[] {
  return items.filter((item) =>
    names.every((name) => !query.has(name) || query.getAll(name).includes(String(item[name]))),
  );
}
