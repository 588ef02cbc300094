/** Lines of columns are filled up with spaces; colours take no room, wide characters two columns. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { styleText } from "node:util";
import { columnLine, columnLines, filled } from "../../../lib/columns";

const red = (text: string) => styleText("red", text, { validateStream: false });

test("a text is filled up on the other side of it, and a longer one stays whole", () => {
  assert.equal(filled("ab", 4), "ab  ");
  assert.equal(filled("1.5", 5, "right"), "  1.5");
  assert.equal(filled("longer", 4), "longer");
});

test("a column has its width in a terminal", () => {
  assert.equal(filled(red("ab"), 4), `${red("ab")}  `);
  assert.equal(filled("日本", 5), "日本 ");
});

test("a line's columns have their widths, and the last one none", () => {
  assert.equal(columnLine(["ok", "gateway", "found it"], [4, 8]), "ok    gateway   found it");
  assert.equal(columnLine(["node", "runs"], [11], " "), "node        runs");
  assert.equal(columnLine(["", "name", ""], [0, 5]), "  name   ");
});

test("lines together are as wide as the longest text of each column, and end where the last one does", () => {
  assert.deepEqual(
    columnLines([
      ["a", "first", "x"],
      ["longer", "", "yy"],
      [red("cd"), "z"],
    ]),
    ["a       first  x", "longer         yy", `${red("cd")}      z`],
  );
  assert.deepEqual(
    columnLines(
      [
        ["why:", "so"],
        ["found:", "it"],
      ],
      " ",
    ),
    ["why:   so", "found: it"],
  );
  assert.deepEqual(columnLines([]), []);
});
