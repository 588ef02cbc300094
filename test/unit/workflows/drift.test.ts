/** The drift workflow opens one issue, comments on it while stacks drift, and closes it when none does. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { runScript } from "./script";
import { workflowOf } from "./workflow";

const script = String(workflowOf("drift.yml").jobs.report?.steps[0]?.with?.script);
const title = "A stack is not what its program made";
const run = "https://github.com/acme/books/actions/runs/5";
const open = [
  { number: 3, title: "Something else" },
  { number: 4, title },
];

const report = async (result: string, issues: readonly unknown[]) => {
  const { asked } = await runScript(script, {
    context: { serverUrl: "https://github.com", runId: 5 },
    lists: { "issues.listForRepo": issues },
    environment: { RESULT: result },
  });
  assert.deepEqual(asked[0], [
    "issues.listForRepo",
    { state: "open", creator: "github-actions[bot]" },
  ]);
  return asked.slice(1);
};

const body = `A stack has drifted, or could not be asked: see ${run}. \`pulumi up --refresh\` puts back what was changed by hand.`;

test("the first drift opens an issue, and the next ones comment on it", async () => {
  assert.deepEqual(await report("failure", open.slice(0, 1)), [["issues.create", { title, body }]]);
  assert.deepEqual(await report("failure", open), [
    ["issues.createComment", { issue_number: 4, body }],
  ]);
});

test("where nothing drifts any more the issue is closed, and nothing is said where there is none", async () => {
  assert.deepEqual(await report("success", open), [
    ["issues.createComment", { issue_number: 4, body: `No drift any more: ${run}` }],
    ["issues.update", { issue_number: 4, state: "closed" }],
  ]);
  assert.deepEqual(await report("success", []), []);
});
