/** The policy pack's README lists every rule with its severity, description and settings, and links to its file. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { rules } from "../../../policies/rules";
import { ruleRow } from "./readme";

const folder = join(__dirname, "../../../policies");

test("the pack's README lists every rule as it is, and each is in the file of its name", () => {
  const text = readFileSync(join(folder, "README.md"), "utf8");
  const listed = text.split("\n").filter((line) => line.startsWith("| [`"));
  // The table is laid out in columns.
  assert.deepEqual(
    listed.map((line) => line.replace(/ +/g, " ")),
    rules.map(ruleRow),
  );
  for (const { name } of rules) assert.ok(existsSync(join(folder, "rules", `${name}.ts`)), name);
});
