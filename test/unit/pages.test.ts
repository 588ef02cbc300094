/** The pages: each link within the repository leads to a file, and README.md stays a page of its length. */
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";

const root = join(__dirname, "../..");
const pages = globSync(["*.md", "docs/*.md", "policies/*.md"], { cwd: root });

test("each link within the repository leads to a file", () => {
  const links = pages.flatMap((page) =>
    [...readFileSync(join(root, page), "utf8").matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(
      ([, target = ""]) => ({ page, target }),
    ),
  );
  assert.ok(links.length > 20, `${links.length} links`);
  const broken = links.filter(({ page, target }) => !existsSync(join(root, dirname(page), target)));
  assert.deepEqual(broken, []);
});

test("each guide is on README.md's list", () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const guides = pages.filter((page) => page.startsWith("docs/"));
  assert.deepEqual(
    guides.filter((page) => !readme.includes(`(${page})`)),
    [],
  );
});

test("README.md has at most 170 lines", () => {
  assert.ok(readFileSync(join(root, "README.md"), "utf8").trimEnd().split("\n").length <= 170);
});
