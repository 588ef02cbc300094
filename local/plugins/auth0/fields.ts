/** Pulumi's names for the fields of a tenant's documents, and the conversion of values in both directions. */
import { isDeepStrictEqual } from "node:util";
import { unsupported } from "../shared/inputs";
import type { CheckFailure } from "../shared/plugin";
import { asProperties, isProperties, type Properties, unknown, type Value } from "../shared/values";

/**
 * A field's name in the API, and how its value is written there: unchanged, as an object whose fields have names of
 * their own, as an object that the tenant merges with its own, or as one of those for which Pulumi has JSON text.
 */
export type Field =
  | string
  | { name: string; fields: Fields }
  | { name: string; merged: true }
  | { name: string; json: true };

export type Fields = Readonly<Record<string, Field>>;

function apiName(field: Field): string {
  return typeof field === "string" ? field : field.name;
}

/** The inputs for which there is no field. */
export function unsupportedFields(inputs: Properties, fields: Fields, path = ""): CheckFailure[] {
  return Object.entries(inputs).flatMap(([name, value]) => {
    const field = fields[name];
    if (field === undefined) return [unsupported(path + name, "auth0")];
    if (typeof field === "string" || !("fields" in field) || !isProperties(value)) return [];
    return unsupportedFields(value, field.fields, `${path}${name}.`);
  });
}

/** The inputs as the API expects them. */
export function toApi(inputs: Properties, fields: Fields): Properties {
  const written = Object.entries(inputs).flatMap(([name, value]): [string, Value][] => {
    const field = fields[name];
    return field === undefined ? [] : [[apiName(field), writtenValue(value, field)]];
  });
  return Object.fromEntries(written);
}

function writtenValue(value: Value, field: Field): Value {
  if (typeof field === "string") return value;
  if ("fields" in field) return isProperties(value) ? toApi(value, field.fields) : value;
  return asObject(value);
}

/** The value of JSON text; it is an object already if keys were added to it. */
function asObject(value: Value): Value {
  return typeof value === "string" && value !== unknown ? (JSON.parse(value) as Value) : value;
}

/**
 * The inputs to send. For an object that the tenant merges with its own, only the change is sent, with null for each
 * key that was removed; JSON text that was removed as a whole is an empty object.
 */
export function withRemovedKeys(
  previous: Properties,
  inputs: Properties,
  sent: Properties,
  fields: Fields,
): Properties {
  const completed = new Map(Object.entries(sent));
  for (const [name, value] of Object.entries(previous)) {
    const field = fields[name];
    if (field === undefined || typeof field === "string" || "fields" in field) continue;
    const next = inputs[name];
    const keys = Object.keys(asProperties(asObject(value)));
    const gone = Object.fromEntries(keys.map((key) => [key, null]));
    if (isDeepStrictEqual(next, value)) completed.delete(name);
    else if (next === undefined) completed.set(name, "json" in field ? {} : gone);
    else completed.set(name, { ...gone, ...asProperties(asObject(next)) });
  }
  return Object.fromEntries(completed);
}

/**
 * The inputs that would lead to the live document. Only fields that the inputs set are compared: the others are the
 * tenant's own. A field that the tenant never returns, such as a password, stays as it is.
 */
export function fromApi(
  inputs: Properties,
  document: Properties,
  fields: Fields,
  writeOnly: readonly string[] = [],
): Properties {
  const live = Object.entries(inputs).flatMap(([name, value]): [string, Value][] => {
    const field = fields[name];
    if (field === undefined || writeOnly.includes(name)) return [[name, value]];
    const found = document[apiName(field)];
    return found === undefined || found === null ? [] : [[name, liveValue(value, found, field)]];
  });
  return Object.fromEntries(live);
}

function liveValue(value: Value, found: Value, field: Field): Value {
  if (typeof field === "string") return sameMembers(value, found) ? value : found;
  if ("fields" in field) {
    return isProperties(value) && isProperties(found) ? fromApi(value, found, field.fields) : found;
  }
  if ("merged" in field) return isDeepStrictEqual(value, found) ? value : found;
  return isDeepStrictEqual(writtenValue(value, field), found) ? value : JSON.stringify(found);
}

/** Lists in a tenant are sets: their order has no meaning. */
function sameMembers(one: Value, other: Value): boolean {
  if (!Array.isArray(one) || !Array.isArray(other)) return isDeepStrictEqual(one, other);
  const sorted = (list: Value[]) => list.map((item) => JSON.stringify(item)).sort();
  return isDeepStrictEqual(sorted(one), sorted(other));
}
