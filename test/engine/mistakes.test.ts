/**
 * Each mistake in the shop of test/others ends `preview` with one line that names it, exit code 1, and nothing made: what
 * only the workloads show, and of the table's own (test/unit/mistakes.test.ts) one.
 */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { skipWithoutEngine } from "./engine";
import { cloneWith, preview, replaceIn, root } from "./preview";

const skip = skipWithoutEngine;
const project = "examples/others";
const yaml = "manifests/payments.yaml";
const template = "charts/reports/templates/reports.yaml";

const clone = cloneWith({});
const shop = (file: string) => join(clone, project, file);
cpSync(join(root, "test/others"), shop(""), { recursive: true });

/** A Helm that makes of the chart's only template what Helm would, so that none has to be there. */
const tools = join(clone, "tools");
const rendering = [
  "s/{{ .Values.image }}/registry.example.com\\/reports:14.1.1/",
  "s/{{ .[A-Z][A-Za-z]*.Name }}/reports/",
].map((each) => `-e '${each}'`);
mkdirSync(tools);
writeFileSync(
  join(tools, "helm"),
  `#!/bin/sh\ncat > /dev/null\nsed ${rendering.join(" ")} ${template}\n`,
  { mode: 0o755 },
);
const args = ["sandbox", "--project", project];
const environment = { PATH: `${tools}:${process.env.PATH ?? ""}` };

type Ended = Awaited<ReturnType<typeof preview>>;

/** A file with another text in place of one, or without any. */
interface Change {
  readonly file: string;
  readonly old?: string;
  readonly now?: string;
}

/** Previews the shop with changes, and undoes them. */
async function withChanges(...changes: readonly Change[]): Promise<Ended> {
  const right = changes.map(({ file }) => readFileSync(shop(file), "utf8"));
  for (const { file, old, now } of changes)
    if (now === undefined) rmSync(shop(file));
    else replaceIn(clone, join(project, file), old ?? readFileSync(shop(file), "utf8"), now);
  const ended = await preview(args, { clone, environment });
  for (const [position, { file }] of changes.entries())
    writeFileSync(shop(file), right[position] ?? "");
  return ended;
}

function assertError({ code, stdout, stderr, left }: Ended, error: string): void {
  assert.deepEqual({ code, stdout, left }, { code: 1, stdout: "", left: [] });
  assert.ok(`\n${stderr}`.endsWith(`\nerror: ${error}\n`), stderr);
}

test("the shop as it is has no mistake", { skip }, async () => {
  const { code, stdout, stderr, left } = await withChanges();
  const line = stdout.split("\n").at(-3);
  assert.deepEqual({ code, line, left }, { code: 0, line: "0 violations", left: [] }, stderr);
});

for (const [what, change, error] of [
  [
    "a scope that the document does not describe",
    { file: "orders.yaml", old: "tenant: [write]", now: "tenant: [pay]" },
    "orders.yaml: paths./orders.post.security: found the scope pay, expected one that tenant describes: read, write",
  ],
  [
    "a pattern that fits no file",
    { file: yaml },
    "kubernetes:yaml/v2:ConfigGroup resource 'payments' has a problem: no file fits the pattern manifests/*.yaml: correct it, or leave it out",
  ],
  [
    "a chart that renders nothing",
    { file: template, now: "" },
    "kubernetes:helm.sh/v4:Chart resource 'reports' has a problem: the chart ./charts/reports renders no object with these values: correct them, or leave it out",
  ],
] as const)
  test(`${what} is an error`, { skip }, async () => {
    assertError(await withChanges(change), error);
  });

const labels = "labels: { tier: till, name: payments }";

for (const [what, changes, violations] of [
  [
    "pods without the table's labels, and with another account; a Service without the table's port, and one that Istio takes for TCP",
    [
      { file: yaml, old: labels, now: "labels: { tier: till, name: till }" },
      {
        file: template,
        old: 'serviceAccountName: "{{ .Release.Name }}"',
        now: "serviceAccountName: clerk",
      },
      { file: yaml, old: "port: 8080, appProtocol", now: "port: 8081, appProtocol" },
      { file: template, old: "name: http, port: 80,", now: "name: tcp, port: 80," },
    ],
    [
      'spec.template.metadata.labels of Deployment others/payments is {"name":"till","tier":"till"}, which the access table does not name',
      'spec.template.spec.serviceAccountName of Deployment others/reports is "clerk", and that of reports in the access table is "reports"',
      "spec.ports of Service others/payments has 8081, and the port of payments in the access table is 8080",
      'spec.ports[0].name of Service others/reports is "tcp", by which Istio takes the port for TCP',
    ],
  ],
  [
    "pods with another service's labels too, and a row that no Service serves",
    [
      { file: yaml, old: labels, now: "labels: { tier: till, name: payments, app: orders }" },
      {
        file: template,
        old: 'kind: Service\nmetadata:\n  name: "{{ .Release.Name }}"',
        now: "kind: Service\nmetadata:\n  name: report",
      },
    ],
    [
      'spec.template.metadata.labels of Deployment others/payments is {"app":"orders","name":"payments","tier":"till"}, which are those of orders and payments, whose policies all admit requests',
      "no Service of the program is reports of the access table",
    ],
  ],
] as const)
  test(`named are ${what}`, { skip }, async () => {
    const { code, stdout, stderr, left } = await withChanges(...changes);
    assert.deepEqual({ code, left }, { code: 1, left: [] }, stderr);
    for (const violation of violations)
      assert.ok(stdout.includes(`\n  found ${violation}\n`), stdout.slice(-2000));
  });

// The last, because it leaves another table.
test("a caller that is no service is an error", { skip }, async () => {
  const caller = 'callers: ["orders"]';
  replaceIn(clone, join(project, "application.ts"), caller, 'callers: ["order"] as never');
  assertError(
    await preview(args, { clone, environment }),
    "The table of others (application.ts) is wrong:\n" +
      '  services.store.callers: found "order", expected one of orders, payments, events, inventory, store, reports, front',
  );
});
