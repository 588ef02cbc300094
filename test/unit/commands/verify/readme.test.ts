/** README.md shows what verify prints of a mesh that enforces the table. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { application as bookinfo } from "../../../../application";
import { renderReport } from "../../../../commands/verify/report/text";
import { verify } from "../../../../commands/verify/verify";
import { startStack } from "./support/stack";

const shown = /^At the end you see this:\n\n```\n([^`]*)\n…\n([^`]*)```$/m;

test("README shows the tables and the last line as they are printed", async (t) => {
  const stack = await startStack();
  t.after(() => stack.close());
  const report = await verify(bookinfo, stack.outputs, { signingKey: stack.signingKey });
  const printed = renderReport(report, { colour: false });
  const [, table = "", end = ""] =
    shown.exec(readFileSync(join(__dirname, "../../../../README.md"), "utf8")) ?? [];
  const [first = "", elsewhere = ""] = printed.split("\n\n");
  const address = "http://localhost:8080";
  assert.equal(table, `${first.replace(stack.outputs.gatewayUrl, address)}\n\n${elsewhere}`);
  assert.ok(printed.endsWith(`\n${end}`), printed.slice(-500));
});
