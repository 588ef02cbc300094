/** Each stack has one preview comment, on the pull request whose newest commit ran, and its text mentions no user. */
import assert from "node:assert/strict";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryFolder } from "../local/images/reading";
import { runScript } from "./script";
import { workflowOf } from "./workflow";

const script = String(workflowOf("preview-comment.yml").jobs.comment?.steps[1]?.with?.script);

const commit = "c0ffee";
const run = {
  head_branch: "more-books",
  head_sha: commit,
  head_repository: { id: 7, owner: { login: "stranger" } },
  html_url: "https://github.com/acme/books/actions/runs/1",
};
const pull = { number: 12, head: { sha: commit, repo: { id: 7 } } };

/** What the script makes of a run's artifacts; `files` are their texts by name. */
function comment(
  files: Readonly<Record<string, string>>,
  given: { pulls?: readonly unknown[]; comments?: readonly unknown[]; folder?: string } = {},
) {
  const folder = given.folder ?? temporaryFolder();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return runScript(script, {
    context: { payload: { workflow_run: run } },
    lists: {
      "pulls.list": given.pulls ?? [pull],
      "issues.listComments": given.comments ?? [],
    },
    environment: { STACKS: "dev prod", FOLDER: folder },
  });
}

const source =
  "<sub>Printed by the code of this pull request at c0ffee: [the run](https://github.com/acme/books/actions/runs/1)</sub>";
const bodyOf = (stack: string, text: string) =>
  `<!-- preview of ${stack} -->\n\n${text}\n\n${source}`;

test("each stack has a comment, and one without a preview says so", async () => {
  const { asked, notices } = await comment({ "dev.md": "### dev: 3 resources" });
  assert.deepEqual(asked, [
    ["pulls.list", { state: "open", head: "stranger:more-books" }],
    ["issues.listComments", { issue_number: 12 }],
    ["issues.createComment", { issue_number: 12, body: bodyOf("dev", "### dev: 3 resources") }],
    [
      "issues.createComment",
      { issue_number: 12, body: bodyOf("prod", "### ❌ `prod`: no preview") },
    ],
  ]);
  assert.deepEqual(notices, []);
});

test("its own comment is rewritten, and no other user's with the same beginning", async () => {
  const comments = [
    { id: 1, user: { login: "stranger" }, body: "<!-- preview of dev --> mine" },
    { id: 2, user: { login: "github-actions[bot]" }, body: "of another workflow" },
    { id: 3, user: { login: "github-actions[bot]" }, body: bodyOf("dev", "before") },
  ];
  const { asked } = await comment({ "dev.md": "now", "prod.md": "first" }, { comments });
  assert.deepEqual(asked.slice(2), [
    ["issues.updateComment", { comment_id: 3, body: bodyOf("dev", "now") }],
    ["issues.createComment", { issue_number: 12, body: bodyOf("prod", "first") }],
  ]);
});

test("only the pull request whose newest commit ran is commented on, even if an artifact has another number", async () => {
  const pulls = [
    { number: 1, head: { sha: "older", repo: { id: 7 } } },
    { number: 2, head: { sha: commit, repo: { id: 8 } } },
    { number: 3, head: { sha: commit, repo: null } },
  ];
  const { asked, notices } = await comment({ "dev.md": "text", number: "1" }, { pulls });
  assert.deepEqual(
    asked.map(([method]) => method),
    ["pulls.list"],
  );
  assert.deepEqual(notices, ["No open pull request has c0ffee as its newest commit: no comment."]);
});

test("a stranger's text calls nobody, leads nowhere and is not longer than a comment may be", async () => {
  const folder = temporaryFolder();
  symlinkSync("/etc/passwd", join(folder, "prod.md"));
  const text = `@acme/owners (@ada) user@bookinfo.example ${"x".repeat(70_000)}`;
  const { asked } = await comment({ "dev.md": text }, { folder });
  const [dev = "", prod = ""] = asked.slice(2).map(([, { body }]) => String(body));
  assert.ok(dev.includes("\n\n@\u200bacme/owners (@\u200bada) user@bookinfo.example x"));
  assert.ok(dev.length < 65_536, `${dev.length}`);
  assert.ok(dev.endsWith(source));
  assert.equal(prod, bodyOf("prod", "### ❌ `prod`: no preview"));
});
