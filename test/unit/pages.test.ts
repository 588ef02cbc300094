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

test("each test that README.md names is there", () => {
  const named = [...readFileSync(join(root, "README.md"), "utf8").matchAll(/`(test\/[^`]+)`/g)];
  assert.ok(named.length >= 9, `${named.length} tests`);
  assert.deepEqual(
    named.filter(([, file = ""]) => !existsSync(join(root, file))),
    [],
  );
});

test("README.md's commands for a project of one's own are those of the tutorial", () => {
  const blocks = (page: string) =>
    [...readFileSync(join(root, page), "utf8").matchAll(/^```sh\n(.*?)^```$/gms)]
      .flatMap(([, block = ""]) => block.split(/\n| && /))
      .map((line) => line.replace(/ +#.*/, ""));
  const [commands, steps] = [blocks("README.md"), blocks("docs/tutorial.md")];
  const own = commands.slice(commands.indexOf("npm pack")).filter((line) => line !== "");
  assert.ok(own.length >= 6, own.join("\n"));
  assert.deepEqual(
    own.filter((line) => !steps.includes(line)),
    [],
  );
});

test("README.md has at most 170 lines", () => {
  assert.ok(readFileSync(join(root, "README.md"), "utf8").trimEnd().split("\n").length <= 170);
});
