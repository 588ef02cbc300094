import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { z } from "zod";
import { resourceRule } from "../../../policies/rule";
import { readChoice } from "../../../preview/policies/choice";
import { temporaryFolder } from "../../sandbox/images/reading";

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
];

/** What is read of a file with this text; without a text there is no file. */
function read(text?: string) {
  const root = temporaryFolder();
  mkdirSync(join(root, "policies"));
  if (text !== undefined) writeFileSync(join(root, "policies/team.json"), text);
  return readChoice(root, "team", pack);
}

test("without a file every rule is mandatory, by its own settings", () => {
  assert.deepEqual(read(), {
    choice: {
      replicas: { level: "mandatory", settings: {} },
      labels: { level: "mandatory", settings: {} },
    },
    problems: [],
  });
});

test("a level is every rule's, one rule's, or comes with settings; a reason is nobody's setting", () => {
  const replicas = { enforcementLevel: "mandatory", minimum: 3, reason: "Two zones." };
  assert.deepEqual(read(JSON.stringify({ all: "advisory", replicas, labels: "disabled" })), {
    choice: {
      replicas: { level: "mandatory", settings: { minimum: 3 } },
      labels: { level: "disabled", settings: {} },
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
  ['{ "replica": "advisory" }', 'there is no rule "replica": there are labels, replicas'],
  ['{ "all": "warning" }', `all: found "warning", ${expected}`],
  ['{ "labels": "remediate" }', `labels: found "remediate", ${expected}`],
  ['{ "labels": null }', `labels: found null, ${expected}`],
  ['{ "labels": { "enforcementLevel": 1 } }', `labels.enforcementLevel: found 1, ${expected}`],
  ['{ "labels": { "reason": 1 } }', "labels.reason: found 1, expected a text"],
  ['{ "labels": { "minimum": 1 } }', "labels has no setting minimum: there are none"],
  [
    '{ "replicas": { "minimum": "3", "maximum": 4 } }',
    "replicas.minimum: Invalid input: expected number, received string",
    "replicas has no setting maximum: there are minimum, namespaces",
  ],
  [
    '{ "all": "none", "nobody": "mandatory", "replicas": { "namespaces": [1] } }',
    'there is no rule "nobody": there are labels, replicas',
    `all: found "none", ${expected}`,
    "replicas.namespaces.0: Invalid input: expected string, received number",
  ],
  ["[]", 'expected an object, as { "all": "mandatory" }'],
  ["", "it is not JSON: SyntaxError: Unexpected end of JSON input"],
] as const) {
  test(`${text === "" ? "an empty file" : text} is refused, all of it at once, a line each`, () => {
    assert.deepEqual(
      read(text).problems,
      problems.map((problem) => `policies/team.json: ${problem}`),
    );
  });
}

test("what is not JSON is said in one line", () => {
  const { problems } = read('{\n  "all": mandatory\n}\n');
  assert.equal(problems.length, 1);
  assert.match(problems[0] ?? "", /^policies\/team\.json: it is not JSON: SyntaxError: .+$/);
});
