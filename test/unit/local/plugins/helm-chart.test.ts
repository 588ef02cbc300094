/** A chart in a folder is identified by every file that Helm reads. */
import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { chartDigest } from "../../../../local/plugins/kubernetes/helm/arguments";
import { temporaryFolder } from "../images/reading";

test("a changed file changes the chart's digest: a template, a dot file, and what a link leads to", () => {
  const [chart, outside] = [temporaryFolder(), temporaryFolder()];
  mkdirSync(join(chart, "templates"));
  mkdirSync(join(chart, ".git"));
  mkdirSync(join(outside, "shared"));
  const files = {
    template: join(chart, "templates", "web.yaml"),
    ignored: join(chart, ".helmignore"),
    linked: join(outside, "values.yaml"),
    inLinkedFolder: join(outside, "shared", "page.txt"),
  };
  for (const file of [join(chart, "Chart.yaml"), ...Object.values(files)]) writeFileSync(file, "a");
  symlinkSync(files.linked, join(chart, "values.yaml"));
  symlinkSync(join(outside, "shared"), join(chart, "files"));
  symlinkSync(chart, join(chart, "templates", "itself"));
  symlinkSync("nowhere", join(chart, "broken"));
  const digests = [chartDigest({ chart })];
  assert.deepEqual(digests, [chartDigest({ chart })]);
  for (const file of Object.values(files)) {
    writeFileSync(file, "b");
    digests.push(chartDigest({ chart }));
  }
  assert.equal(new Set(digests).size, digests.length);
  writeFileSync(join(chart, ".git", "HEAD"), "ref");
  assert.equal(chartDigest({ chart }), digests.at(-1));
  assert.equal(chartDigest({ chart: outside }), undefined);
});
