/** Server-side apply for the tests' API server: objects merge, and each manager owns the fields that it has set. */
import { isDeepStrictEqual } from "node:util";
import { managersOf, type ManagerEntry } from "../../../../local/plugins/kubernetes/managers";
import { textAt } from "../../../../local/plugins/shared/inputs";
import {
  asProperties,
  isProperties,
  type Properties,
  type Value,
} from "../../../../local/plugins/shared/values";

/** Another manager owns a field that would change. */
export class ConflictError extends Error {}

/** What names an object, and so belongs to no manager. */
const unowned: readonly string[] = ["apiVersion", "kind"];

/**
 * The object that comes of applying `body` to the live one, with its managers.
 * @throws ConflictError in the API's own words where another manager owns a field that would change, without `force`
 */
export function applied(
  live: Properties | undefined,
  body: Properties,
  manager: string,
  force: boolean,
): Properties {
  const entries = managersOf(asProperties(live?.metadata));
  const isOwn = (entry: ManagerEntry) => entry.manager === manager && entry.operation === "Apply";
  const others = entries.filter((entry) => !isOwn(entry));
  const conflicts = others.flatMap((entry) =>
    changed(entry.fieldsV1, live ?? {}, body).map((path) => ({ entry, path })),
  );
  if (conflicts.length > 0 && !force) throw new ConflictError(wordsOf(conflicts));
  const previous = entries.find(isOwn)?.fieldsV1 ?? {};
  const object = merged(without(live ?? {}, previous, body), body) as Properties;
  const fieldsV1 = fieldsOf(
    Object.fromEntries(Object.entries(body).filter(([name]) => !unowned.includes(name))),
  );
  const left = others.filter((entry) => !conflicts.some((conflict) => conflict.entry === entry));
  const managedFields = [...left, { manager, operation: "Apply", fieldsV1 }];
  return { ...object, metadata: { ...asProperties(object.metadata), managedFields } };
}

function wordsOf(conflicts: readonly { entry: ManagerEntry; path: string }[]): string {
  const [{ entry, path } = { entry: undefined, path: "" }] = conflicts;
  const through = entry?.subresource ? ` with subresource "${entry.subresource}"` : "";
  return `Apply failed with ${conflicts.length} conflict${conflicts.length > 1 ? "s" : ""}: conflict with "${entry?.manager ?? ""}"${through} using apps/v1: ${path}`;
}

/** The name of an owned field: of a property, or of the item with a name in a list of named things. */
function stepOf(field: string): { name: string; isItem: boolean } {
  if (field.startsWith("f:")) return { name: field.slice(2), isItem: false };
  return { name: textAt(asProperties(JSON.parse(field.slice(2)) as Value), "name"), isItem: true };
}

function valueAt(value: Value | undefined, field: string): Value | undefined {
  const { name, isItem } = stepOf(field);
  if (!isItem) return asProperties(value)[name];
  return Array.isArray(value) ? value.find((item) => nameOf(item) === name) : undefined;
}

/** The paths of the owned fields that `body` would change. */
function changed(fields: Properties, live: Value, body: Value, path = ""): string[] {
  return Object.entries(fields).flatMap(([field, below]) => {
    const [before, after] = [valueAt(live, field), valueAt(body, field)];
    if (before === undefined || after === undefined) return [];
    const { name, isItem } = stepOf(field);
    const step = `${path}${isItem ? `[name="${name}"]` : `.${name}`}`;
    if (Object.keys(asProperties(below)).length > 0)
      return changed(asProperties(below), before, after, step);
    return isDeepStrictEqual(before, after) ? [] : [step];
  });
}

/** The fields that applying `body` makes its manager's. */
function fieldsOf(body: Value): Properties {
  if (isProperties(body)) {
    return Object.fromEntries(
      Object.entries(body).map(([name, value]) => [`f:${name}`, fieldsOf(value)]),
    );
  }
  if (!Array.isArray(body) || !body.every(named)) return {};
  return Object.fromEntries(
    body.map((item) => [`k:${JSON.stringify({ name: nameOf(item) })}`, fieldsOf(item)]),
  );
}

/** What the manager owned and does not apply any more goes. */
function without(live: Properties, owned: Properties, body: Value): Properties {
  return Object.fromEntries(
    Object.entries(live).flatMap(([name, value]): [string, Value][] => {
      const below = owned[`f:${name}`];
      const next = asProperties(body)[name];
      if (below === undefined) return [[name, value]];
      if (next === undefined) return [];
      if (isProperties(value)) return [[name, without(value, asProperties(below), next)]];
      if (!Array.isArray(value) || !Array.isArray(next)) return [[name, value]];
      const items = value.flatMap((item): Value[] => {
        const field = `k:${JSON.stringify({ name: nameOf(item) })}`;
        const itemFields = asProperties(below)[field];
        if (itemFields === undefined) return [item];
        const wanted = valueAt(next, field);
        if (wanted === undefined) return [];
        return [without(asProperties(item), asProperties(itemFields), wanted)];
      });
      return [[name, items]];
    }),
  );
}

/** Objects merge; lists of named things merge by name, as containers do; other lists are replaced. */
function merged(live: Value, body: Value): Value {
  if (isProperties(live) && isProperties(body)) {
    const result = { ...live };
    for (const [name, value] of Object.entries(body)) {
      result[name] = name in live ? merged(live[name] ?? null, value) : structuredClone(value);
    }
    return result;
  }
  if (Array.isArray(live) && Array.isArray(body) && body.every(named)) {
    const names = new Set(body.map(nameOf));
    const byName = new Map(live.map((item) => [nameOf(item), item]));
    const result = body.map((item) => merged(byName.get(nameOf(item)) ?? {}, item));
    return [...result, ...live.filter((item) => named(item) && !names.has(nameOf(item)))];
  }
  return structuredClone(body);
}

const nameOf = (item: Value): Value => (isProperties(item) ? (item.name ?? null) : null);
const named = (item: Value): boolean => nameOf(item) !== null;
