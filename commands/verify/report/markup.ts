/** HTML and XML from templates in which every value is escaped. */
import { escapeUTF8 } from "entities";

/** A piece of HTML or XML, made only by `markup`. */
export class Markup {
  constructor(readonly text: string) {}
}

export type Value = string | number | Markup | undefined | readonly Value[];

/**
 * A template of HTML or XML. Its values are text and are escaped, in elements and in quoted attributes; only results of
 * this function are inserted unchanged. `undefined` is left out.
 */
export function markup(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return new Markup(parts.map((part, position) => part + rendered(values[position])).join(""));
}

function rendered(value: Value): string {
  if (value === undefined) return "";
  if (value instanceof Markup) return value.text;
  if (typeof value === "object") return value.map(rendered).join("");
  return escapeUTF8(String(value));
}
