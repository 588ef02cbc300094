/** How many columns of a terminal a text takes; colours take none. */
export function widthOf(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  // Loaded where a text needs it: that takes 20 milliseconds.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { default: stringWidth } = require("string-width") as typeof import("string-width");
  return stringWidth(text);
}
