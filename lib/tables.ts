/** Tables for a terminal, as several commands print them. */
import Table from "cli-table3";

type Options = Omit<NonNullable<ConstructorParameters<typeof Table>[0]>, "chars" | "style">;

const style = { "padding-left": 0, "padding-right": 0, head: [], border: [], compact: true };

const nothing = Object.fromEntries(
  ["top", "bottom", "left", "right", "mid"].flatMap((side) =>
    ["", "-mid", "-left", "-right"].map((end) => [side + end, ""]),
  ),
);

/** A line below the head that also covers the space between two columns. */
const line = { mid: "─", "mid-mid": "──" };

/**
 * A table whose columns are separated by space alone.
 * @param underlined whether there is a line below the head. Default: none
 */
export function spacedTable(
  rows: readonly (readonly string[])[],
  { underlined = false, ...options }: Options & { readonly underlined?: boolean } = {},
): string {
  const chars = { ...nothing, middle: "  ", ...(underlined && line) };
  const table = new Table({ ...options, chars, style });
  table.push(...rows.map((row) => [...row]));
  const lines = table.toString().split("\n");
  return lines.map((text) => text.trimEnd()).join("\n");
}
