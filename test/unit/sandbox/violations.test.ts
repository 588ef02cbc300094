/** Where the policy pack's report is not whole, a sandbox that did not come up says its own reason, and no other. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { packViolations } from "../../../sandbox/violations";

const violation = { rule: "coverage", level: "mandatory", found: "no Service", write: "one" };
const report = JSON.stringify({ violations: [violation] });

for (const [what, written, found] of [
  ["whole", report, true],
  ["not there", "", false],
  ["cut off", report.slice(0, -1), false],
  ["of another form", JSON.stringify({ violations: [{ ...violation, level: "new" }] }), false],
] as const)
  test(`of a report that is ${what} ${found ? "each violation" : "nothing"} is said`, async () => {
    const program = `process.stdout.write(${JSON.stringify(written)})`;
    const said = await packViolations({ folder: "." }, ["-e", program]);
    assert.equal(said.includes("mandatory: coverage: the stack"), found);
    assert.equal(said === "", !found);
  });
