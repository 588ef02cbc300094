/** The policy pack under the real engine, in clones whose program or pack is another. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { z } from "zod";
import { readProjectFile, readStackFile } from "../../../commands/stack/stack-file";
import { temporaryFolder } from "../../unit/local/images/reading";
import { skipWithoutEngine } from "../engine";
import { cloneWith, preview, replaceIn, root } from "../preview";

const skip = skipWithoutEngine;

/** A clone whose stack `team` is the sandbox's. */
function cloneOf(policies?: unknown): string {
  const { config, rest } = readStackFile(readProjectFile(root), "sandbox");
  return cloneWith({ team: { ...rest, config } }, policies);
}

/** The same, and its program is one object without mutual TLS: for what does not depend on what is judged. */
function smallClone(policies?: unknown): string {
  const clone = cloneOf(policies);
  writeFileSync(join(clone, "index.ts"), small);
  return clone;
}

const small = `import * as kubernetes from "@pulumi/kubernetes";
import { application } from "./application";
import { loadSettings } from "./components/config";

const { kubeconfig } = loadSettings(application).cluster;
const provider = new kubernetes.Provider("cluster", { kubeconfig });
new kubernetes.apiextensions.CustomResource(
  "access-mutual-tls",
  {
    apiVersion: "security.istio.io/v1",
    kind: "PeerAuthentication",
    metadata: { namespace: "istio-system", name: "default" },
    spec: { mtls: { mode: "PERMISSIVE" } },
  },
  { provider },
);
`;

const found = 'spec.mtls.mode of PeerAuthentication istio-system/default is "PERMISSIVE"';
const titled = "kubernetes:security.istio.io/v1:PeerAuthentication access-mutual-tls";

test("a weakened program is refused, and the whole plan is there", { skip }, async () => {
  const folder = temporaryFolder();
  const [json, markdown] = [join(folder, "plan.json"), join(folder, "plan.md")];
  const args = ["team", "--json", json, "--markdown", markdown];
  const clone = cloneOf();
  const [strict, permissive] = ['{ mode: "STRICT" }', '{ mode: "PERMISSIVE" }'];
  replaceIn(clone, "components/enforcement/policies.ts", strict, permissive);
  const { code, stdout, left } = await preview(args, { clone });
  const said = stdout.split("\n");
  assert.deepEqual({ code, left }, { code: 1, left: [] });
  const from = said.findIndex((line) => line.startsWith("mandatory: "));
  assert.deepEqual(said.slice(from), [
    `mandatory: mesh-mutual-tls: ${titled}`,
    `  found ${found}`,
    '  write "STRICT"',
    "",
    "1 violation: 1 mandatory",
    "team: 97 to create",
    "",
  ]);
  const dependent = z.object({ name: z.string(), dependencies: z.array(z.string()) });
  const written = z
    .object({ violations: z.array(z.looseObject({})), resources: z.array(dependent) })
    .parse(JSON.parse(readFileSync(json, "utf8")));
  const type = "kubernetes:security.istio.io/v1:PeerAuthentication";
  const urn = `urn:pulumi:team::istio-auth0::istio-auth0:index:Enforcement$${type}::access-mutual-tls`;
  assert.deepEqual(written.violations, [
    {
      rule: "mesh-mutual-tls",
      level: "mandatory",
      found,
      write: '"STRICT"',
      resource: { urn, type, name: "access-mutual-tls" },
    },
  ]);
  assert.equal(written.resources.length, 97);
  const scopes = written.resources.find(({ name }) => name === "identity-scopes");
  assert.notDeepEqual(scopes?.dependencies, []);
  assert.deepEqual(readFileSync(markdown, "utf8").split("\n").slice(0, 8), [
    "<!-- preview of team -->",
    "",
    "### ❌ `team`: 97 to create, 1 violation: 1 mandatory",
    "",
    "| level | rule | resource | found | write |",
    "| --- | --- | --- | --- | --- |",
    `| mandatory | \`mesh-mutual-tls\` | \`${titled}\` | \`${found}\` | \`"STRICT"\` |`,
    "",
  ]);
});

for (const [policies, count] of [
  [{ all: "advisory" }, /^\d+ violations: \d+ advisory$/],
  [{ all: "disabled" }, /^0 violations$/],
] as const) {
  test(`it passes where every rule is ${policies.all}`, { skip }, async () => {
    const { code, stdout, stderr } = await preview(["team"], { clone: smallClone(policies) });
    assert.equal(code, 0, stderr);
    assert.match(stdout.split("\n").at(-3) ?? "", count);
    const said = stdout.includes(`advisory: mesh-mutual-tls: ${titled}\n  found ${found}\n`);
    assert.equal(said, policies.all === "advisory");
    assert.equal(stderr.includes("policies.team.json disables "), policies.all === "disabled");
  });
}

for (const [what, source, complaint] of [
  ["throws", 'throw new Error("broken");\n', "does not start: Error: broken"],
  ["ends", "process.exit(0);\n", "does not start: it ended without a message"],
  [
    "is another",
    'import { PolicyPack } from "@pulumi/policy";\nnew PolicyPack("another", { policies: [] });\n',
    "has not judged the stack",
  ],
] as const) {
  test(`a pack that ${what} is said in one line, and is no pass`, { skip }, async () => {
    const clone = smallClone();
    writeFileSync(join(clone, "policies/index.ts"), source);
    const { code, stdout, stderr, left } = await preview(["team"], { clone });
    assert.deepEqual({ code, stdout, left }, { code: 1, stdout: "", left: [] });
    assert.equal(stderr.split("\n").at(-2), `error: the policy pack ${complaint}`);
  });
}

test("a rule that throws is named, and is no pass", { skip }, async () => {
  const clone = smallClone();
  const begins = "judgeAll(resources, { rootNamespace }) {";
  const throws = `${begins}\n    if (resources.length > 0) throw new Error("no rule");`;
  replaceIn(clone, "policies/rules/mesh-mutual-tls.ts", begins, throws);
  const { code, stdout, stderr } = await preview(["team"], { clone });
  assert.deepEqual({ code, stdout }, { code: 1, stdout: "" });
  assert.equal(
    stderr.split("\n").at(-2),
    "error: the policy pack's rule mesh-mutual-tls failed: Error: no rule",
  );
});

test("a pack that is killed in between is no pass", { skip }, async () => {
  const clone = smallClone();
  // With the first resource that it is asked about.
  replaceIn(
    clone,
    "policies/resource.ts",
    "  return {\n    type,",
    '  process.kill(process.pid, "SIGKILL");\n  return {\n    type,',
  );
  const { code, stdout, stderr, left } = await preview(["team"], { clone });
  assert.deepEqual({ code, stdout, left }, { code: 1, stdout: "", left: [] });
  assert.equal(
    stderr.split("\n").at(-2),
    "error: the policy pack ended before it had judged everything",
  );
});

test("everything wrong in a stack's files is said, printed and written", { skip }, async () => {
  const clone = cloneOf({ all: "strict", nobody: "advisory" });
  replaceIn(clone, "Pulumi.team.yaml", "nodePort: 30080", "nodePort: 70000");
  const folder = temporaryFolder();
  const [json, markdown] = [join(folder, "plan.json"), join(folder, "plan.md")];
  const args = ["team", "--json", json, "--markdown", markdown];
  const { code, stdout, stderr } = await preview(args, { clone });
  assert.deepEqual({ code, stdout }, { code: 1, stdout: "" });
  const lines = stderr
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(/^error: /, "").trim());
  assert.deepEqual(
    lines.map((line) => line.replace(/: there are .*/, "")),
    [
      "The configuration of stack team is wrong (docs/settings.md describes every setting):",
      "gateway.nodePort: found 70000, expected a port number from 1 to 65535",
      'policies.team.json: there is no rule "nobody"',
      'policies.team.json: all: found "strict", expected one of "mandatory", "advisory", "disabled"',
    ],
  );
  assert.deepEqual(JSON.parse(readFileSync(json, "utf8")), { stack: "team", errors: lines });
  assert.deepEqual(readFileSync(markdown, "utf8").split("\n").slice(0, 6), [
    "<!-- preview of team -->",
    "",
    "### ❌ `team`: no preview",
    "",
    ...lines.slice(0, 2).map((line) => `- \`${line}\``),
  ]);
});

const canary = "canary-71c0";

test("a rule's error with a secret is redacted", { skip }, async () => {
  const clone = cloneOf();
  replaceIn(clone, "Pulumi.team.yaml", "kind: auth0", `kind: auth0\n    clientSecret: ${canary}`);
  replaceIn(
    clone,
    "policies/rules/mesh-mutual-tls.ts",
    "const weaker = all.flatMap(weakened);",
    `const weaker = all.flatMap(weakened);
    const told = resources.flatMap(({ inputs }) => Object.values(inputs)).filter((input) => input === "${canary}");
    weaker.push(...told.map((input) => ({ found: \`\${String(input)} is told\`, write: String(input) })));`,
  );
  const folder = temporaryFolder();
  const [json, markdown] = [join(folder, "plan.json"), join(folder, "plan.md")];
  const args = ["team", "--json", json, "--markdown", markdown, "--diff"];
  const { code, stdout, stderr } = await preview(args, { clone });
  assert.equal(code, 1, stderr);
  assert.ok(stdout.includes("  found [secret] is told\n  write [secret]\n"), stdout.slice(-600));
  for (const said of [stdout, stderr, readFileSync(json, "utf8"), readFileSync(markdown, "utf8")]) {
    assert.ok(!said.includes(canary));
  }
});

test("--policy-config writes what pulumi takes, and needs no engine", async () => {
  const file = join(temporaryFolder(), "policies.json");
  assert.deepEqual(await preview(["prod", "--policy-config", file]), {
    code: 0,
    stdout: "",
    stderr: "",
    left: [],
  });
  const written = z
    .record(z.string(), z.looseObject({ enforcementLevel: z.literal("mandatory") }))
    .parse(JSON.parse(readFileSync(file, "utf8")));
  assert.deepEqual(written["mesh-mutual-tls"], {
    enforcementLevel: "mandatory",
    rootNamespace: "istio-system",
  });
  assert.ok(!readFileSync(file, "utf8").includes('"reason"'));
});

test("ended while the pack starts, it leaves nothing", { skip }, async () => {
  const clone = smallClone();
  const started = join(temporaryFolder(), "started");
  writeFileSync(
    join(clone, "policies/index.ts"),
    `require("node:fs").writeFileSync(${JSON.stringify(started)}, String(process.pid));
    setInterval(() => undefined, 1000);\n`,
  );
  const json = join(temporaryFolder(), "plan.json");
  let asked: NodeJS.Timeout | undefined;
  const { code, stdout, left } = await preview(["team", "--json", json], {
    clone,
    onSaid(_, send) {
      asked ??= setInterval(() => {
        if (!existsSync(started)) return;
        clearInterval(asked);
        send("SIGTERM");
      }, 50);
    },
  });
  clearInterval(asked);
  const ended = { code: 128 + constants.signals.SIGTERM, stdout: "", left: [] };
  assert.deepEqual({ code, stdout, left }, ended);
  assert.ok(!existsSync(json));
  const pid = Number(readFileSync(started, "utf8"));
  assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
});
