/** The page about workloads: the policy pack passes its YAML, in a program that has its other services as data. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readProjectFile, readStackFile } from "../../../commands/stack/stack-file";
import { skipWithoutEngine } from "../engine";
import { cloneWith, preview, replaceIn, root } from "../preview";

const page = readFileSync(join(root, "docs/workloads.md"), "utf8");
const [, yaml = ""] = /^```yaml\n(.*?)^```$/ms.exec(page) ?? [];
/** The first block is the row of web. */
const [, row = ""] = /^```ts\n(web: .*?)^```$/ms.exec(page) ?? [];

test(
  "the policy pack passes the page's YAML next to services that are data",
  {
    skip: skipWithoutEngine,
  },
  async () => {
    const { config, rest } = readStackFile(readProjectFile(root), "sandbox");
    const clone = cloneWith({ sandbox: { ...rest, config } });
    writeFileSync(
      join(clone, "web.yaml"),
      yaml.replaceAll("namespace: shop", "namespace: bookinfo"),
    );
    replaceIn(
      clone,
      "index.ts",
      "const workloads = workloadsOf(settings.bookinfo);",
      `const workloads: MakeWorkloads = ({ options, services }) => {
  services(workloadsOf(settings.bookinfo));
  new kubernetes.yaml.v2.ConfigGroup("web", { files: ["web.yaml"] }, options);
};`,
    );
    replaceIn(
      clone,
      "index.ts",
      "import { createWorkloads }",
      `import * as kubernetes from "@pulumi/kubernetes";
import { createWorkloads, type MakeWorkloads }`,
    );
    const from = "services: Object.fromEntries(\n    names.map";
    replaceIn(
      clone,
      "application.ts",
      from,
      `services: {\n    ${row} ...Object.fromEntries(\n    names.map`,
    );
    replaceIn(clone, "application.ts", "    ]),\n  ),\n", "    ]),\n  ) },\n");
    const { code, stdout, stderr } = await preview(["sandbox"], { clone });
    const violations = stdout.split("\n").filter((line) => /^\S+: \S+: |^ {2}found/.test(line));
    assert.deepEqual({ code, violations }, { code: 0, violations: [] }, stderr);
    assert.match(stdout, /kubernetes:apps\/v1:Deployment web:bookinfo\/web/);
    assert.match(stdout, /kubernetes:apps\/v1:Deployment bookinfo-details-v1/);
  },
);
