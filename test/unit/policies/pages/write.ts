/** Writes the pack's pages that follow from its data: the rules' table in README.md, and WEAKENINGS.md. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format } from "prettier";
import { rules } from "../../../../policies/rules";
import { ruleRow } from "../readme";
import { weakeningsPage } from "./weakenings";

const folder = join(__dirname, "../../../../policies");
const layout = { parser: "markdown", printWidth: 120, proseWrap: "always" } as const;

async function main() {
  const readme = join(folder, "README.md");
  const lines = readFileSync(readme, "utf8").split("\n");
  const first = lines.findIndex((line) => line.startsWith("| [`"));
  const others = lines.filter((line) => !line.startsWith("| [`"));
  others.splice(first, 0, ...rules.map(ruleRow));
  writeFileSync(readme, await format(others.join("\n"), layout));
  writeFileSync(join(folder, "WEAKENINGS.md"), await format(weakeningsPage(), layout));
}

void main();
