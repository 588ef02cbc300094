/** The fields that an object may have, in a short notation. */
import { isFields } from "./reading";

/** The fields by their names; `*` matches any name. A field without fields of its own may contain anything. */
export interface Shape {
  readonly [name: string]: Shape | undefined;
}

/**
 * Reads `rules{from{source{principals}} when{key values}} selector{matchLabels*}`: names, with the contents of each in
 * braces, lists as if they were one entry, and a star after a name whose contents may be anything. A name with neither
 * has no fields.
 */
export function shapeOf(text: string): Shape {
  const tokens = text.match(/[\w-]+\*?|\*|[{}]/g) ?? [];
  let position = 0;
  const read = (): Shape => {
    const shape: Record<string, Shape | undefined> = {};
    while (position < tokens.length) {
      const token = tokens[position++] ?? "";
      if (token === "}") break;
      const isOpen = token.length > 1 && token.endsWith("*");
      if (tokens[position] === "{") {
        position += 1;
        shape[token] = read();
      } else shape[isOpen ? token.slice(0, -1) : token] = isOpen ? undefined : {};
    }
    return shape;
  };
  return read();
}

/**
 * The places of fields that are not in the shape: `rules[0].from[0].source.paths`. Unknown values are skipped, and so
 * are the contents of a field that has no fields: the API server itself refuses those.
 */
export function strangeFields(value: unknown, shape: Shape, where: string): string[] {
  if (Array.isArray(value))
    return value.flatMap((entry, index) => strangeFields(entry, shape, `${where}[${index}]`));
  if (!isFields(value)) return [];
  return Object.entries(value).flatMap(([name, field]) => {
    const place = where === "" ? name : `${where}.${name}`;
    const own = Object.hasOwn(shape, name) ? name : "*";
    if (!Object.hasOwn(shape, own)) return [place];
    const inner = shape[own];
    return inner === undefined ? [] : strangeFields(field, inner, place);
  });
}
