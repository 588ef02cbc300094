/** Lines of columns that are told apart by spaces, one line by one: lib/tables.ts lays out whole tables. */
import { widthOf } from "./width";

/**
 * A text with spaces up to a width.
 * @param width columns of a terminal; a longer text stays whole. Colours take none
 * @param side where the text is. Default: left
 */
export function filled(text: string, width: number, side: "left" | "right" = "left"): string {
  const space = " ".repeat(Math.max(width - widthOf(text), 0));
  return side === "left" ? text + space : space + text;
}

/**
 * A line of columns.
 * @param widths of the columns, from the first; one that has none ends where its text does
 * @param gap between two columns. Default: two spaces
 */
export function columnLine(
  texts: readonly string[],
  widths: readonly number[],
  gap = "  ",
): string {
  return texts.map((text, at) => filled(text, widths[at] ?? 0)).join(gap);
}

/** Lines of columns, each column as wide as its longest text; a line ends where its last text does. */
export function columnLines(rows: readonly (readonly string[])[], gap?: string): string[] {
  const inner = rows.map((row) => row.slice(0, -1));
  const columns = Math.max(0, ...inner.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, at) =>
    Math.max(...inner.map((row) => widthOf(row[at] ?? ""))),
  );
  return rows.map((row) => columnLine(row, widths.slice(0, row.length - 1), gap));
}
