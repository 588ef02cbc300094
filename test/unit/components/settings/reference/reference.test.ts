/** docs/settings.md has every setting of the schema in the schema's words, and its example is accepted. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { z } from "zod";
import { application as bookinfo } from "../../../../../application";
import { readProjectFile } from "../../../../../commands/stack/stack-file";
import { settingsProblems } from "../../../../../components/config";
import { exampleSettings, page, sections } from "./bookinfo";
import { settingsPage } from "./page";

const root = join(__dirname, "../../../../..");
/** Without layout: a table's columns, and the breaks of lines. */
const words = (text: string) => text.replace(/-{3,}/g, "---").split(/\s+/).join(" ").trim();

test("the page says of each setting what the schema does", () => {
  assert.equal(words(readFileSync(join(root, "docs/settings.md"), "utf8")), words(page()));
});

test("each setting is described, and each secret is one", () => {
  const string = { type: "string", description: "A text." };
  const section = (field: object) => ({ one: { type: "object", properties: { field } } });
  assert.ok(settingsPage(section(string), new Set(["one.field"]), "").includes("**secret**"));
  assert.throws(() => settingsPage(section({ type: "string" }), new Set(), ""), /one\.field/);
  assert.throws(() => settingsPage(section(string), new Set(["one.other"]), ""), /one\.other/);
});

test("the page's example is a stack's settings", () => {
  assert.deepEqual(settingsProblems(bookinfo, exampleSettings()), []);
});

test("Pulumi.yaml describes each section in the schema's words", () => {
  const { config } = z
    .object({ config: z.record(z.string(), z.object({ description: z.string() })) })
    .parse(readProjectFile(root).content);
  for (const [name, { description = "" }] of Object.entries(sections()))
    assert.equal(config[name]?.description, `${description} docs/settings.md has its settings.`);
});
