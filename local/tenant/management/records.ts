/**
 * The record with a PATCH's changes: a property set to null is removed, one that is left out stays. The properties
 * named in `deep` are objects that are merged in the same way; an empty object empties them.
 */
export function merge(
  record: object,
  changes: Readonly<Record<string, unknown>>,
  deep: readonly string[] = [],
): void {
  for (const [key, value] of Object.entries(changes)) {
    const present: unknown = Reflect.get(record, key);
    if (value === null) Reflect.deleteProperty(record, key);
    else if (deep.includes(key) && isObject(present) && isFilled(value)) merge(present, value);
    else if (value !== undefined) Reflect.set(record, key, value);
  }
}

function isFilled(value: unknown): value is Record<string, unknown> {
  return isObject(value) && Object.keys(value).length > 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The record without the named properties. */
export function without(record: object, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !names.includes(name)));
}
