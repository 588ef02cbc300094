import { z } from "zod";

import { ApiError } from "./errors";
import { parseQuery } from "./payload";

const flag = z.enum(["true", "false"]).transform((value) => value === "true");
const wholeNumber = z
  .string()
  .regex(/^[0-9]{1,9}$/, "must be a whole number")
  .transform(Number);
const pageSize = wholeNumber.refine((value) => value <= 100, "must be at most 100");

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
 * One page of a list: an array; with `include_totals`, Auth0's envelope of start, limit, total and the
 * items; with `from` or `take`, the items and, where there are more, `next`.
 *
 * @param key the items' name in the envelope
 */
export function page(query: URLSearchParams, key: string, items: readonly unknown[]): unknown {
  const paging = parseQuery(pagingSchema, query);
  const byCheckpoint = paging.from !== undefined || paging.take !== undefined;
  const limit = byCheckpoint ? (paging.take ?? 50) : paging.per_page;
  const start = byCheckpoint ? (paging.from ?? 0) : paging.page * limit;
  const slice = items.slice(start, start + limit).map((item) => selectFields(query, item));
  const end = start + limit;
  if (byCheckpoint) return { [key]: slice, ...(end < items.length && { next: String(end) }) };
  return paging.include_totals ? { start, limit, total: items.length, [key]: slice } : slice;
}

/** The item with only, or without, the properties that the query's `fields` names. */
export function selectFields(query: URLSearchParams, item: unknown): unknown {
  const { fields, include_fields } = parseQuery(fieldsSchema, query);
  if (fields === undefined || typeof item !== "object" || item === null) return item;
  const names = fields.split(",").map((name) => name.trim());
  return Object.fromEntries(
    Object.entries(item).filter(([name]) => names.includes(name) === include_fields),
  );
}

/** The items whose property equals the query's parameter of that name, for each parameter that is there. */
export function filterBy<T extends object>(
  query: URLSearchParams,
  names: readonly (string & keyof T)[],
  items: readonly T[],
): T[] {
  return items.filter((item) =>
    names.every((name) => !query.has(name) || String(item[name]) === query.get(name)),
  );
}

/** Refuses a parameter that would change the answer and that this tenant does not know. */
export function refuseParameter(query: URLSearchParams, name: string, instead: string): void {
  if (query.has(name))
    throw new ApiError(
      400,
      "invalid_query_string",
      `Query validation error: '${name}' is not supported by this tenant; ${instead}.`,
    );
}
