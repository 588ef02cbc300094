/** Values inside a stack's settings, by their paths. */
import type { Path } from "../../components/settings/path";

/** A copy with another value at the path, whose parents exist. */
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
