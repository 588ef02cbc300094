/** A stack's policy file sets the level and settings of each rule, and every mistake in it is reported at once. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { z } from "zod";
import { resourceRule } from "../../../../../policies/rule";
import { readChoice } from "../../../../../commands/preview/policies/choice";
import { temporaryFolder } from "../../../local/images/reading";

const ruleOf = (name: string, settings: z.ZodObject) =>
  resourceRule({
    name,
    description: "…",
    severity: "low",
    remediation: "…",
    settings,
    judge: () => [],
  });

const pack = [
  ruleOf("replicas", z.object({ minimum: z.number().default(2), namespaces: z.array(z.string()) })),
  ruleOf("labels", z.object({})),
  ruleOf(
    "table",
    z.object({
      services: z.record(
        z.string(),
        z.strictObject({ requires: z.union([z.literal("public"), z.literal("signedIn").array()]) }),
      ),
      mode: z.enum(["some", "none"]),
      open: z.boolean(),
    }),
  ),
];

/** What is read of a file with this text; without a text there is no file. */
function read(text?: string) {
  const root = temporaryFolder();
  mkdirSync(join(root, "policies"));
  if (text !== undefined) writeFileSync(join(root, "policies.team.json"), text);
  return readChoice(root, "team", pack);
}

test("without a file every rule is mandatory, by its own settings", () => {
  assert.deepEqual(read(), {
    choice: {
      replicas: { level: "mandatory", settings: {} },
      labels: { level: "mandatory", settings: {} },
      table: { level: "mandatory", settings: {} },
    },
    problems: [],
  });
});

test("a level is every rule's, one rule's, or comes with settings; a reason is not a setting", () => {
  const replicas = { enforcementLevel: "mandatory", minimum: 3, reason: "Two zones." };
  assert.deepEqual(read(JSON.stringify({ all: "advisory", replicas, labels: "disabled" })), {
    choice: {
      replicas: { level: "mandatory", settings: { minimum: 3 } },
      labels: { level: "disabled", settings: {} },
      table: { level: "advisory", settings: {} },
    },
    problems: [],
  });
});

test("a rule with settings and no level has every rule's", () => {
  const { choice } = read('{ "replicas": { "namespaces": [] }, "all": "advisory" }');
  assert.deepEqual(choice.replicas, { level: "advisory", settings: { namespaces: [] } });
});

const expected = 'expected one of "mandatory", "advisory", "disabled"';
for (const [text, ...problems] of [
  ['{ "replica": "advisory" }', 'there is no rule "replica": there are labels, replicas, table'],
  ['{ "all": "warning" }', `all: found "warning", ${expected}`],
  ['{ "labels": "remediate" }', `labels: found "remediate", ${expected}`],
  ['{ "labels": null }', `labels: found null, ${expected}`],
  ['{ "labels": { "enforcementLevel": 1 } }', `labels.enforcementLevel: found 1, ${expected}`],
  ['{ "labels": { "reason": 1 } }', "labels.reason: found 1, expected a text"],
  ['{ "labels": { "minimum": 1 } }', "labels has no setting minimum: there are none"],
  [
    '{ "replicas": { "minimum": "3", "maximum": 4 } }',
    'replicas.minimum: found "3", expected a number',
    "replicas has no setting maximum: there are minimum, namespaces",
  ],
  [
    '{ "all": "none", "nobody": "mandatory", "replicas": { "namespaces": [1] } }',
    'there is no rule "nobody": there are labels, replicas, table',
    `all: found "none", ${expected}`,
    "replicas.namespaces.0: found 1, expected a text",
  ],
  [
    '{ "table": { "services": { "details": { "requires": 1 } }, "mode": "all", "open": 0, "more": 1 } }',
    "table.services.details.requires: found 1, expected what policies/README.md describes",
    'table.mode: found "all", expected one of "some", "none"',
    "table.open: found 0, expected true or false",
    "table has no setting more: there are services, mode, open",
  ],
  [
    '{ "table": { "services": { "details": { "requires": "public", "call": [] } } } }',
    "table.services.details.call: found an unknown key, expected what policies/README.md describes",
  ],
  ["[]", 'expected an object, as { "all": "mandatory" }'],
  ["", "it is not JSON: Unexpected end of JSON input"],
] as const) {
  test(`${text === "" ? "an empty file" : text} is refused, all of it at once, a line each`, () => {
    assert.deepEqual(
      read(text).problems,
      problems.map((problem) => `policies.team.json: ${problem}`),
    );
  });
}

test("what is not JSON is said in one line", () => {
  const { problems } = read('{\n  "all": mandatory\n}\n');
  assert.equal(problems.length, 1);
  assert.match(
    problems[0] ?? "",
    /^policies\.team\.json: it is not JSON: Unexpected token .+ is not valid JSON$/,
  );
});
