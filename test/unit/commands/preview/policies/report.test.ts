/** Each report of a preview has all violations and the plan's difference, and Markdown keeps to GitHub's limit. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { commentLimit } from "../../../../../lib/markdown";
import { renderFailure, renderMarkdown } from "../../../../../commands/preview/markdown";
import type { PlannedResource } from "../../../../../commands/preview/plan";
import {
  countOf,
  inOrder,
  type Violation,
  violationOf,
} from "../../../../../commands/preview/policies/violations";
import { renderPlan } from "../../../../../commands/preview/render";
import { jsonOf, jsonOfFailure, type Report } from "../../../../../commands/preview/report";
import { secretsIn } from "../../../../../commands/preview/secrets";

const stack = "urn:pulumi:team::istio-auth0::pulumi:pulumi:Stack::istio-auth0-team";
const peer =
  "urn:pulumi:team::istio-auth0::pulumi:pulumi:Stack$kubernetes:security.istio.io/v1:PeerAuthentication::peer";

const resource: PlannedResource = {
  operation: "create",
  urn: stack,
  type: "pulumi:pulumi:Stack",
  name: "istio-auth0-team",
  parent: undefined,
  dependencies: [],
  provider: undefined,
  protect: false,
  inputs: {},
};

const plan = {
  stack: "team",
  resources: [
    resource,
    {
      ...resource,
      urn: peer,
      type: "kubernetes:security.istio.io/v1:PeerAuthentication",
      name: "peer",
      parent: stack,
    },
  ],
  outputs: {},
  counts: { create: 2 },
  diagnostics: [],
};

const weak: Violation = {
  rule: "mesh-mutual-tls",
  level: "mandatory",
  resource: peer,
  found: 'spec.mtls.mode is "PERMISSIVE"',
  write: '"STRICT"',
};
const missing: Violation = {
  rule: "gateway-certificate",
  level: "advisory",
  resource: undefined,
  found: "there is no certificate",
  write: "gateway.tls",
};

const rules: Report["rules"] = [
  {
    name: "gateway-certificate",
    level: "advisory",
    description: "A gateway has a certificate.",
    severity: "high",
    remediation: "Have one.",
  },
  {
    name: "mesh-mutual-tls",
    level: "mandatory",
    description: "The whole mesh accepts mutual TLS only.",
    severity: "critical",
    remediation: undefined,
  },
];

const report: Report = {
  plan,
  rules,
  violations: [weak, missing],
  access: undefined,
  check: undefined,
};

const check: NonNullable<Report["check"]> = {
  result: "different",
  file: "plans/team.yaml",
  accept: "npm run preview -- team --accept",
  difference: ["~ a:b:C one", "    -old: ```", "    +new: @somebody"],
};
const asReviewed = { ...check, result: "as reviewed", difference: [] } as const;
const accepting =
  "in `plans/team.yaml`. If it should be this one: `npm run preview -- team --accept`, and commit the file.";

test("violations are counted in all and by level", () => {
  assert.deepEqual(
    [[], [weak], [missing], [weak, missing, weak]].map((some) => countOf(some)),
    [
      "0 violations",
      "1 violation: 1 mandatory",
      "1 violation: 1 advisory",
      "3 violations: 2 mandatory, 1 advisory",
    ],
  );
});

test("mandatory violations come first, then they go by rule and resource", () => {
  const other = { ...weak, rule: "b", resource: undefined };
  const another = { ...weak, rule: "a" };
  assert.deepEqual(inOrder([missing, other, weak, another]), [another, other, weak, missing]);
});

test("an event's message is what was found, and what to write", () => {
  const event = {
    color: "raw",
    policyName: "mesh-mutual-tls",
    policyPackName: "istio-auth0",
    policyPackVersion: "0.1.0",
    policyPackVersionTag: "0.1.0",
    enforcementLevel: "mandatory",
    resourceUrn: peer,
    message:
      '<{%fg 13%}>The whole mesh accepts mutual TLS only.\nname is "a. Write b". Write "STRICT"<{%reset%}>\n',
  } as const;
  assert.deepEqual(violationOf(event, {}), { ...weak, found: 'name is "a. Write b"' });
  const configuration = { "mesh-mutual-tls": { level: "advisory", settings: {} } } as const;
  const about = violationOf({ ...event, resourceUrn: stack }, configuration);
  assert.deepEqual([about.level, about.resource], ["advisory", undefined]);
});

test("in text each violation says its level, its rule, what it is about, and what to write", () => {
  assert.deepEqual(renderPlan(report, { diff: false }).split("\n"), [
    "create  pulumi:pulumi:Stack istio-auth0-team",
    "create  └─ kubernetes:security.istio.io/v1:PeerAuthentication peer",
    "",
    "mandatory: mesh-mutual-tls: kubernetes:security.istio.io/v1:PeerAuthentication peer",
    '  found spec.mtls.mode is "PERMISSIVE"',
    '  write "STRICT"',
    "",
    "advisory: gateway-certificate: the stack",
    "  found there is no certificate",
    "  write gateway.tls",
    "",
    "2 violations: 1 mandatory, 1 advisory",
    "team: 2 to create",
    "",
  ]);
});

test("warnings are a block of their own, in text and in Markdown", () => {
  const said = (name: string | undefined, message: string) =>
    ({ severity: "warning", name, message }) as const;
  const diagnostics = [said(undefined, "orders: GET /health"), said("peer", "a `b`")];
  const warned = { ...report, plan: { ...plan, diagnostics }, violations: [missing] };
  assert.deepEqual(renderPlan(warned, { diff: false }).split("\n").slice(2, 7), [
    "",
    "warning: orders: GET /health",
    "warning: peer: a `b`",
    "",
    "advisory: gateway-certificate: the stack",
  ]);
  assert.deepEqual(renderMarkdown(warned).split("\n\n").slice(1, 3), [
    "### ⚠️ `team`: 2 to create, 1 violation: 1 advisory",
    "- `warning: orders: GET /health`\n- `` warning: peer: a `b` ``",
  ]);
  const [heading] = renderMarkdown({ ...warned, violations: [] })
    .split("\n\n")
    .slice(1);
  assert.equal(heading, "### ⚠️ `team`: 2 to create, 0 violations");
});

test("who gains and loses what is said in text, in Markdown and in JSON", () => {
  const file = "plans/team.yaml";
  const changes = [
    { kind: "gains", text: "anyone gains GET /admin of front, through the gateway" },
    { kind: "loses", text: "role `a` loses everything of stock, through orders" },
  ] as const;
  const told = { ...report, violations: [], access: { file, changes } };
  assert.deepEqual(renderPlan(told, { diff: false }).split("\n").slice(2, 7), [
    "",
    "Access, compared with plans/team.yaml:",
    "  anyone gains GET /admin of front, through the gateway",
    "  role `a` loses everything of stock, through orders",
    "",
  ]);
  assert.deepEqual(renderMarkdown(told).split("\n\n").slice(2, 4), [
    "Access, compared with `plans/team.yaml`:",
    "- `anyone gains GET /admin of front, through the gateway`\n- `` role `a` loses everything of stock, through orders ``",
  ]);
  assert.deepEqual((JSON.parse(jsonOf(told)) as Record<string, unknown>).access, { file, changes });
  const same = { ...told, access: { file, changes: [] } };
  assert.equal(
    renderPlan(same, { diff: false }),
    renderPlan({ ...same, access: undefined }, { diff: false }),
  );
  assert.equal(renderMarkdown(same), renderMarkdown({ ...same, access: undefined }));
});

test("JSON has every rule with its level, and every violation with its resource", () => {
  const json = JSON.parse(jsonOf(report)) as Record<string, unknown>;
  const written = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
  assert.deepEqual(Object.keys(json), [
    "stack",
    "counts",
    "violations",
    "rules",
    "resources",
    "outputs",
    "diagnostics",
  ]);
  assert.deepEqual(json.violations, [
    {
      ...weak,
      resource: {
        urn: peer,
        type: "kubernetes:security.istio.io/v1:PeerAuthentication",
        name: "peer",
      },
    },
    written(missing),
  ]);
  assert.deepEqual(json.rules, written(rules));
  assert.deepEqual(JSON.parse(jsonOfFailure("team", ["one", "two"])), {
    stack: "team",
    errors: ["one", "two"],
  });
});

const tree = [
  "<details><summary>2 resources</summary>",
  "",
  "```text",
  "create  pulumi:pulumi:Stack istio-auth0-team",
  "create  └─ kubernetes:security.istio.io/v1:PeerAuthentication peer",
  "```",
  "",
  "</details>",
  "",
];

test("Markdown has a mark to find it by, the counts, a table and the resources", () => {
  assert.deepEqual(renderMarkdown(report).split("\n"), [
    "<!-- preview of team -->",
    "",
    "### ❌ `team`: 2 to create, 2 violations: 1 mandatory, 1 advisory",
    "",
    "| level | rule | resource | found | write |",
    "| --- | --- | --- | --- | --- |",
    '| mandatory | `mesh-mutual-tls` | `kubernetes:security.istio.io/v1:PeerAuthentication peer` | `spec.mtls.mode is "PERMISSIVE"` | `"STRICT"` |',
    "| advisory | `gateway-certificate` | the stack | `there is no certificate` | `gateway.tls` |",
    "",
    ...tree,
  ]);
});

test("Markdown says where nothing was found, where all of it is advisory, and what is not asked", () => {
  const headOf = (some: Partial<Report>) =>
    renderMarkdown({ ...report, ...some })
      .split("\n\n")
      .slice(1, 3);
  const [asTree] = tree;
  assert.deepEqual(headOf({ violations: [] }), [
    "### ✅ `team`: 2 to create, 0 violations",
    asTree,
  ]);
  assert.equal(
    headOf({ violations: [missing] })[0],
    "### ⚠️ `team`: 2 to create, 1 violation: 1 advisory",
  );
  const disabled = rules.map((rule) => ({ ...rule, level: "disabled" as const }));
  assert.deepEqual(
    headOf({ violations: [], rules: disabled })[1],
    "Rules that are not asked: `gateway-certificate`, `mesh-mutual-tls`.",
  );
});

test("Markdown of another plan than the reviewed one fails, with the difference and how to accept it", () => {
  assert.deepEqual(renderMarkdown({ ...report, violations: [], check }).split("\n"), [
    "<!-- preview of team -->",
    "",
    "### ❌ `team`: 2 to create, 0 violations, not the reviewed plan",
    "",
    `The plan is not the reviewed one ${accepting}`,
    "",
    "<details><summary>what differs</summary>",
    "",
    "````text",
    "~ a:b:C one",
    "    -old: ```",
    "    +new: @somebody",
    "````",
    "",
    "</details>",
    "",
    ...tree,
  ]);
});

test("Markdown says so where the plan is the reviewed one, and where none is", () => {
  const partsOf = (some: Partial<Report>) =>
    renderMarkdown({ ...report, violations: [], ...some })
      .split("\n\n")
      .slice(1, -3);
  assert.deepEqual(partsOf({ check: asReviewed }), [
    "### ✅ `team`: 2 to create, 0 violations, as reviewed",
  ]);
  assert.equal(
    partsOf({ check: asReviewed, violations: [missing] })[0],
    "### ⚠️ `team`: 2 to create, 1 violation: 1 advisory, as reviewed",
  );
  assert.deepEqual(partsOf({ check: { ...asReviewed, result: "missing" } }), [
    "### ❌ `team`: 2 to create, 0 violations, no reviewed plan",
    `There is no reviewed plan ${accepting}`,
  ]);
});

test("a long difference leaves room for the violations", () => {
  const long = Array.from({ length: 2000 }, (_, index) => `    +line ${index} of the difference`);
  const text = renderMarkdown({ ...report, check: { ...check, difference: long } });
  const shown = text.split("\n").filter((line) => line.startsWith("    +line")).length;
  assert.ok(shown > 500 && shown < 700, String(shown));
  assert.ok(
    text.includes(`\n\n_… and ${2000 - shown} more: no room for them here._\n\n</details>\n\n`),
  );
  assert.ok(text.includes("| advisory | `gateway-certificate` |"));
  assert.ok(text.endsWith(tree.join("\n")));
});

test("JSON has what the check found where there was one", () => {
  const json = JSON.parse(jsonOf({ ...report, check })) as Record<string, unknown>;
  assert.deepEqual(json.check, check);
});

test("nothing in a violation is Markdown, and it mentions no user", () => {
  const found = "a | b\n@somebody `ls` <img src=x> **bold** [link](https://a.example)";
  const row = renderMarkdown({ ...report, violations: [{ ...weak, found }] })
    .split("\n")
    .find((line) => line.startsWith("| mandatory"));
  assert.equal(
    row,
    '| mandatory | `mesh-mutual-tls` | `kubernetes:security.istio.io/v1:PeerAuthentication peer` | `` a \\| b @somebody `ls` <img src=x> **bold** [link](https://a.example) `` | `"STRICT"` |',
  );
});

test("a comment has no more than GitHub takes, and says what it leaves out", () => {
  const many = Array.from({ length: 2000 }, (_, index) => ({ ...weak, found: `found ${index}` }));
  const text = renderMarkdown({ ...report, violations: many });
  assert.ok(text.length < commentLimit && text.length > commentLimit - 1000, String(text.length));
  const rows = text.split("\n").filter((line) => line.startsWith("| mandatory")).length;
  assert.deepEqual(text.trimEnd().split("\n\n").slice(-2), [
    `_… and ${2000 - rows} more: no room for them here._`,
    "_2 resources: no room for them here._",
  ]);
});

test("Markdown of a stack that cannot be planned has every error", () => {
  assert.deepEqual(renderFailure("team", ["first: found `x`", "second"]).split("\n"), [
    "<!-- preview of team -->",
    "",
    "### ❌ `team`: no preview",
    "",
    "- `` first: found `x` ``",
    "- `second`",
    "",
  ]);
  assert.match(renderFailure("a --> b", []), /^<!-- preview of a--b -->\n\n### ❌ `a --> b`/);
});

test("a stack's secrets are those of its settings, and what is secret inside a kubeconfig", () => {
  const kubeconfig = "users:\n  - name: me\n    user:\n      token: to.ken\n";
  const secrets = secretsIn({
    cluster: { kubeconfig, name: "public" },
    identity: {
      clientSecret: "confidential",
      users: [{ email: "e@x", password: "pass" }],
      client: {},
    },
  });
  assert.deepEqual(secrets, [kubeconfig, "to.ken", "confidential", "pass"]);
});
