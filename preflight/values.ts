/** Values inside a stack's settings, by their paths. */
import type { Path } from "../components/settings/path";

const childrenOf = (value: object): [string | number, unknown][] =>
  Array.isArray(value)
    ? value.map((entry: unknown, index) => [index, entry])
    : Object.entries(value);

/** Every value inside another one, with its path, that `wanted` knows. */
export function find<Found>(
  value: unknown,
  wanted: (value: unknown, path: Path) => Found | undefined,
  path: Path = [],
): { readonly path: Path; readonly found: Found }[] {
  const found = wanted(value, path);
  if (found !== undefined) return [{ path, found }];
  if (typeof value !== "object" || value === null) return [];
  return childrenOf(value).flatMap(([key, child]) => find(child, wanted, [...path, key]));
}

/** A copy with another value at the path, whose parents are there. */
export function withValue(value: unknown, path: Path, replacement: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return replacement;
  if (Array.isArray(value))
    return value.map((entry: unknown, index) =>
      index === key ? withValue(entry, rest, replacement) : entry,
    );
  const fields = value as Readonly<Record<string, unknown>>;
  return { ...fields, [key]: withValue(fields[key], rest, replacement) };
}
