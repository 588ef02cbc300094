/** A number, a boolean, a date or nothing where a text is meant, and the reverse: the message to the user. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { application as bookinfo } from "../../../../application";
import { settingsProblems } from "../../../../components/config";
import { parseStackFile } from "../../../../commands/stack/stack-file";

/** What is said of a stack's file with these lines in it. */
function problemsOf(lines: string): string[] {
  const file = `config:\n${lines.replace(/^(?=.)/gm, "  ")}`;
  const { config, plain } = parseStackFile(file, "Pulumi.dev.yaml", "istio-auth0");
  const sections = Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key.replace("istio-auth0:", ""), value]),
  );
  const said = settingsProblems(bookinfo, { ...rest, ...sections }, plain);
  // As the program is told, which has no file.
  assert.equal(settingsProblems(bookinfo, { ...rest, ...sections }).length, said.length);
  return said;
}

const rest = {
  cluster: { kind: "kind" },
  identity: { kind: "auth0", domain: "a.example", clientId: "a", clientSecret: "secret" },
  gateway: { url: "http://localhost:8080" },
};

const tag = "istio.tag";
const expected = "expected an image tag";
const asText = (written: string, shell = written) =>
  `. As text it is written in quotes, ${JSON.stringify(written)}; or set it with: pulumi config set --path --type string ${tag} ${shell}`;

for (const [what, written, found, shell] of [
  ["a number with a zero at its end", "1.30", "1.30, which YAML reads as the number 1.3"],
  ["digits alone", "1234", "1234, which YAML reads as a number"],
  ["digits with a zero before them", "0123", "0123, which YAML reads as the number 83"],
  ["digits with a zero before an 8", "0189", "0189, which YAML reads as the number 189"],
  ["an octal number", "0o17", "0o17, which YAML reads as the number 15"],
  ["a hexadecimal number", "0x1F", "0x1F, which YAML reads as the number 31"],
  ["a binary number", "0b101", "0b101, which YAML reads as the number 5"],
  ["an exponent", "1e3", "1e3, which YAML reads as the number 1000"],
  ["underscores", "1_000", "1_000, which YAML reads as the number 1000"],
  [
    "more digits than a number keeps",
    "12345678901234567890",
    "12345678901234567890, which YAML reads as a number",
  ],
  [
    "more digits than Pulumi keeps",
    "123456789012345678901",
    "123456789012345678901, which YAML reads as the number 123456789012345680000",
  ],
  ["a boolean", "True", "True, which YAML reads as a boolean"],
  ["null", "~", "~, which YAML reads as nothing", "'~'"],
  ["a date", "2026-11-28", "2026-11-28, which YAML reads as a date"],
  ["a time", "2026-11-28T10:00:00Z", "2026-11-28T10:00:00Z, which YAML reads as a date"],
] as const) {
  test(`${what} where a text is meant is shown as it is written, with how to write it`, () => {
    assert.deepEqual(problemsOf(`istio:\n  tag: ${written}\n`), [
      `${tag}: found ${found}, ${expected}${asText(written, shell)}`,
    ]);
  });
}

test("a negative number is no option of the command that sets it", () => {
  assert.deepEqual(problemsOf("istio:\n  tag: -12\n"), [
    `${tag}: found -12, which YAML reads as a number, ${expected}. As text it is written in quotes, "-12"; or set it with: pulumi config set --path --type string -- ${tag} -12`,
  ]);
});

test("yes, no, on, off and times of day are text, as to Pulumi", () => {
  for (const text of ["yes", "No", "on", "OFF", "y", "12:30", "1.2.3", "1,000", "0o8", "=", "'1'"])
    assert.deepEqual(problemsOf(`istio:\n  tag: ${text}\n`), []);
});

test("numbers are found inside lists, and labels with dots in their names", () => {
  const advice = (path: string, written: string) =>
    `. As text it is written in quotes, "${written}"; or set it with: pulumi config set --path --type string '${path}' ${written}`;
  const label = 'cluster.nodes.labels["example.com/tier"]';
  assert.deepEqual(
    problemsOf(
      [
        "cluster: { kind: digitalocean, token: secret, region: fra1, version: 1.34.1-do.0, nodes:",
        "  { count: 1, labels: { example.com/tier: 1.0 } } }",
        "identity: { kind: auth0, domain: a.example, clientId: a, clientSecret: b, users: [",
        "  { email: one@a.example, name: 1 }, { email: two@a.example, name: 0010 } ] }",
        "authentication: { issuers: [ { issuer: https://b.example, jwksUri: https://b.example,",
        "  audience: b, permissionsClaim: [a, 7], clients: [ 0b1, c ] } ] }",
      ].join("\n"),
    ),
    [
      `${label}: found 1.0, which YAML reads as the number 1, expected a label's value, a text${advice(label, "1.0")}`,
      `identity.users[0].name: found 1, which YAML reads as a number, expected the name that the tenant shows for the user${advice("identity.users[0].name", "1")}`,
      `identity.users[1].name: found 0010, which YAML reads as the number 8, expected the name that the tenant shows for the user${advice("identity.users[1].name", "0010")}`,
      `authentication.issuers[0].permissionsClaim[1]: found 7, which YAML reads as a number, expected a claim's name, or a list of names that leads to a nested one${advice("authentication.issuers[0].permissionsClaim[1]", "7")}`,
      `authentication.issuers[0].clients[0]: found 0b1, which YAML reads as the number 1, expected a list of client ids, or "any"${advice("authentication.issuers[0].clients[0]", "0b1")}`,
    ],
  );
});

test("a number by a merge key or an alias is shown as it is written where it stands", () => {
  const found = problemsOf(
    "istio:\n  hub: &hub 1.10\n  <<: { tag: 0x10 }\nbookinfo:\n  registry: *hub\n",
  ).map((line) => line.replace(/, expected.*/, ""));
  assert.deepEqual(found, [
    "istio.hub: found 1.10, which YAML reads as the number 1.1",
    "istio.tag: found 0x10, which YAML reads as the number 16",
    "bookinfo.registry: found 1.10, which YAML reads as the number 1.1",
  ]);
});

test("a secret that is a number is not shown", () => {
  const [line, ...others] = problemsOf(
    "identity: { kind: auth0, domain: a.example, clientId: a, clientSecret: 4711 }\n",
  );
  assert.deepEqual(others, []);
  assert.equal(
    line,
    "identity.clientSecret: found a number (not shown), expected the client secret of the tenant's Management API client. As text it is written in quotes; or set it with: pulumi config set --path --secret identity.clientSecret",
  );
});

test("a text where a number or a boolean is meant is shown as text, with how to write it", () => {
  assert.deepEqual(
    problemsOf(
      "gateway: { url: 'http://localhost:8080', nodePort: '30080' }\nmesh: { admission: 'false', networkPolicies: yes }\n",
    ),
    [
      'mesh.admission: found the text "false", expected true or false. As a boolean it is written without quotes: false',
      'mesh.networkPolicies: found the text "yes", expected true or false',
      'gateway.nodePort: found the text "30080", expected a port number from 1 to 65535. As a number it is written without quotes: 30080',
    ],
  );
});

test("a number that is written in another base is shown with the number that YAML reads", () => {
  assert.deepEqual(problemsOf("cluster: { kind: kind, workers: 0x10 }\n"), [
    "cluster.workers: found 0x10, which YAML reads as the number 16, expected a number from 0 to 9",
  ]);
});

test("a Helm value that would arrive as another one is a problem, and any other is not", () => {
  const values = "base: { id: 12345678901234567890, on: [ 2026-11-28 ], n: 1.30, t: true }";
  const advice = (path: string, written: string, shell = path) =>
    `. As text it is written in quotes, "${written}"; or set it with: pulumi config set --path --type string ${shell} ${written}`;
  assert.deepEqual(problemsOf(`istio: { values: { ${values} } }\n`), [
    `istio.values.base.id: found 12345678901234567890, which YAML reads as a number, expected text, or a number that keeps its digits${advice("istio.values.base.id", "12345678901234567890")}`,
    `istio.values.base.on[0]: found 2026-11-28, which YAML reads as a date, expected text, or a number that keeps its digits${advice("istio.values.base.on[0]", "2026-11-28", "'istio.values.base.on[0]'")}`,
  ]);
});
