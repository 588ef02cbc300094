/**
 * Each mistake in the shop of test/others ends `preview` with one line that names it, exit code 1, and nothing made: what
 * only the workloads show, and of the table's own (test/unit/mistakes.test.ts) one.
 */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { skipWithoutEngine } from "./engine";
import { cloneWith, preview, programOf, replaceIn, root } from "./preview";

const project = "examples/others";
const yaml = "manifests/payments.yaml";
const template = "charts/reports/templates/reports.yaml";

describe("a mistake in the shop of others", { skip: skipWithoutEngine }, () => {
  let clone: string;
  let main: readonly string[];
  let path: string;

  const shop = (file: string) => join(clone, project, file);

  /** Previews the shop with another text in place of one, which may be the whole file, and undoes that. */
  async function withChange(file: string, old: string, now: string | undefined) {
    const right = readFileSync(shop(file), "utf8");
    if (now === undefined) rmSync(shop(file));
    else replaceIn(clone, join(project, file), old, now);
    // The program is built from its sources; YAML and charts are read when it runs.
    const built = file.endsWith(".ts") ? {} : { main };
    const ended = await preview(["sandbox", "--project", project], {
      ...{ clone, ...built, environment: { PATH: path } },
    });
    writeFileSync(shop(file), right);
    return ended;
  }

  before(async () => {
    clone = cloneWith({});
    cpSync(join(root, "test/others"), shop(""), { recursive: true });
    main = await programOf(clone);
    // What Helm makes of the chart's only template, so that no Helm has to be there.
    const tools = join(clone, "tools");
    mkdirSync(tools);
    const rendering = [
      "s/{{ .Values.image }}/registry.example.com\\/reports:14.1.1/",
      "s/{{ .[A-Z][A-Za-z]*.Name }}/reports/",
    ].map((each) => `-e '${each}'`);
    writeFileSync(
      join(tools, "helm"),
      `#!/bin/sh\ncat > /dev/null\nsed ${rendering.join(" ")} ${template}\n`,
      { mode: 0o755 },
    );
    path = `${tools}:${process.env.PATH ?? ""}`;
  });

  it("is not in the shop as it is", async () => {
    const { code, stdout, stderr, left } = await withChange(yaml, "kind", "kind");
    const line = stdout.split("\n").at(-3);
    assert.deepEqual({ code, line, left }, { code: 0, line: "0 violations", left: [] }, stderr);
  });

  for (const [what, file, old, now, error] of [
    [
      "a row",
      "application.ts",
      'callers: ["orders"]',
      'callers: ["order"] as never',
      "The table of others (application.ts) is wrong:\n" +
        '  services.store.callers: found "order", expected one of orders, payments, events, inventory, store, reports, front',
    ],
    [
      "the document",
      "orders.yaml",
      "tenant: [write]",
      "tenant: [pay]",
      "orders.yaml: paths./orders.post.security: found the scope pay, expected one that tenant describes: read, write",
    ],
    [
      "a pattern that fits no file",
      yaml,
      "",
      undefined,
      "no file fits the pattern manifests/*.yaml: correct it, or leave it out",
    ],
    [
      "a chart that renders nothing",
      template,
      readFileSync(join(root, "test/others", template), "utf8"),
      "",
      "the chart ./charts/reports renders no object with these values: correct them, or leave it out",
    ],
  ] as const)
    it(`in ${what} is an error that names it`, async () => {
      const { code, stdout, stderr, left } = await withChange(file, old, now);
      assert.deepEqual({ code, stdout, left }, { code: 1, stdout: "", left: [] });
      assert.ok(stderr.endsWith(`\nerror: ${error}\n`) || stderr === `error: ${error}\n`, stderr);
    });

  for (const [what, file, old, now, violation] of [
    [
      "labels that the table does not name",
      yaml,
      "labels: { tier: till, name: payments }",
      "labels: { tier: till, name: till }",
      '  found spec.template.metadata.labels of Deployment others/payments is {"name":"till","tier":"till"}, which the access table does not name',
    ],
    [
      "labels of two services",
      yaml,
      "labels: { tier: till, name: payments }",
      "labels: { tier: till, name: payments, app: orders }",
      '  found spec.template.metadata.labels of Deployment others/payments is {"app":"orders","name":"payments","tier":"till"}, which are those of orders and payments, whose policies all admit requests',
    ],
    [
      "another protocol",
      yaml,
      "appProtocol: http",
      "appProtocol: tcp",
      '  found spec.ports[0].appProtocol of Service others/payments is "tcp", by which Istio takes the port for TCP',
    ],
    [
      "another port",
      yaml,
      "port: 8080, appProtocol",
      "port: 8081, appProtocol",
      "  found spec.ports of Service others/payments has 8081, and the port of payments in the access table is 8080",
    ],
    [
      "another service account",
      template,
      'serviceAccountName: "{{ .Release.Name }}"',
      "serviceAccountName: clerk",
      '  found spec.template.spec.serviceAccountName of Deployment others/reports is "clerk", and that of reports in the access table is "reports"',
    ],
    [
      "a Service of another name",
      template,
      'kind: Service\nmetadata:\n  name: "{{ .Release.Name }}"',
      "kind: Service\nmetadata:\n  name: report",
      "?",
    ],
  ] as const)
    it(`as ${what} is a violation that names it`, async () => {
      const { code, stdout, stderr, left } = await withChange(file, old, now);
      assert.deepEqual({ code, left }, { code: 1, left: [] }, stderr);
      assert.ok(stdout.includes(`\n${violation}\n`), stdout.slice(-2000));
    });
});
