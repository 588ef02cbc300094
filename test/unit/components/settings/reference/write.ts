/** Writes docs/settings.md, the page of every setting of the Bookinfo program. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { format } from "prettier";
import { page } from "./bookinfo";

const layout = { parser: "markdown", printWidth: 120, proseWrap: "always" } as const;

async function main() {
  const file = join(__dirname, "../../../../../docs/settings.md");
  writeFileSync(file, await format(page(), layout));
}

void main();
