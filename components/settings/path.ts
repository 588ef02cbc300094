/** Paths inside a stack's settings, as `pulumi config set --path` takes them: `identity.users[0].password`. */

export type Path = readonly (string | number)[];

/** A key with characters that a name does not have is put in brackets: `cluster.nodes.labels["example.com/team"]`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((key) => {
      if (typeof key === "number") return `[${key}]`;
      const name = String(key);
      return /^[\w:-]+$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
    })
    .join("")
    .replace(/^\./, "");
}

/** The same for every entry of a list: `identity.users[].password`. */
export const settingText = (path: readonly PropertyKey[]) =>
  pathText(path).replace(/\[\d+\]/g, "[]");

export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (parent, key) =>
      typeof parent === "object" && parent !== null && Object.hasOwn(parent, key)
        ? (parent as Record<PropertyKey, unknown>)[key]
        : undefined,
    value,
  );
}

const childrenOf = (value: object): [string | number, unknown][] =>
  Array.isArray(value)
    ? value.map((entry: unknown, index) => [index, entry])
    : Object.entries(value);

/** Every value within another one, with its path, for which `wanted` is true. */
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
