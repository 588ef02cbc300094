/** Outputs are read through the Pulumi CLI, and one line says what is missing or malformed and what to do. */
import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { delimiter } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { application as bookinfo } from "../../../../application";
import { upVariable } from "../../../../commands/stack/last-update";
import { NoStack, parseOutputs, readOutputs } from "../../../../commands/stack/outputs";
import { fakePulumi } from "../verify/support/pulumi";
import type { FakePulumi } from "../verify/support/pulumi";

const outputs = {
  gatewayUrl: "http://localhost:8080",
  issuer: "https://tenant.localhost:8443/",
  jwksUri: "https://tenant.localhost:8443/.well-known/jwks.json",
  audience: "https://bookinfo.io",
  permissionsClaim: ["permissions"],
  authentication: {
    at: "gateway",
    required: true,
    clients: "listed",
    issuers: [
      {
        issuer: "https://other.example",
        jwksUri: "https://other.example/keys",
        audience: "books",
        permissionsClaim: ["roles"],
        clients: "any",
      },
    ],
  },
  clientIds: { web: "w", machines: { catalogue: "c" } },
  clientSecrets: { web: "s3cret", machines: { catalogue: "s3cret" } },
  userPasswords: { "user@bookinfo.example": "s3cret" },
  kubeconfig: "apiVersion: v1",
  routing: {
    egress: "REGISTRY_ONLY",
    imports: [],
    admission: true,
    traffic: [{ service: "details", shares: { v1: 100 } }],
  },
  accepted: [{ object: "Pod bookinfo/legacy", reason: "It answers with public data." }],
  viewers: {
    users: [{ email: "user@bookinfo.example", roles: ["user"] }],
    machines: [{ name: "catalogue", permissions: ["read:book-details"] }],
  },
};

test("complete outputs are taken as they are; outputs of other purposes are no problem", () => {
  assert.deepEqual(parseOutputs(bookinfo, { ...outputs, somethingElse: 1 }), outputs);
});

const broken: readonly [string, object, string][] = [
  [
    "none at all",
    {},
    "Missing: gatewayUrl, issuer, jwksUri, audience, permissionsClaim, authentication, clientIds, clientSecrets, userPasswords, kubeconfig, routing, viewers",
  ],
  ["no object", [], "Wrong: all (Invalid input: expected object, received array)"],
  [
    "one and another one",
    { ...outputs, gatewayUrl: "localhost", kubeconfig: undefined },
    "Missing: kubeconfig; Wrong: gatewayUrl (Invalid URL)",
  ],
  [
    "an unknown role",
    { ...outputs, viewers: { ...outputs.viewers, users: [{ email: "a", roles: ["admin"] }] } },
    'Wrong: viewers.users[0].roles[0] (Invalid option: expected one of "user"|"moderator")',
  ],
  [
    "no machine",
    {
      ...outputs,
      clientIds: { web: "w", machines: {} },
      clientSecrets: { web: "s3cret", machines: {} },
    },
    "Missing: clientIds.machines.catalogue, clientSecrets.machines.catalogue",
  ],
];

for (const [name, given, problem] of broken) {
  test(`one line that names every missing or malformed output: ${name}`, () => {
    assert.throws(
      () => parseOutputs(bookinfo, given),
      (error: Error) => {
        assert.equal(error.name, "UserError");
        assert.equal(
          error.message,
          `the outputs of the stack are not complete: run \`pulumi up\` and try again. ${problem}`,
        );
        assert.ok(!error.message.includes("\n") && !error.message.includes("s3cret"));
        return true;
      },
    );
  });
}

async function pulumiOnPath(t: TestContext): Promise<FakePulumi> {
  const pulumi = await fakePulumi();
  const path = process.env.PATH;
  process.env.PATH = [pulumi.directory, path].join(delimiter);
  t.after(async () => {
    process.env.PATH = path;
    await pulumi.remove();
  });
  return pulumi;
}

test("the outputs come from the CLI, run in the project's folder, secrets included", async (t) => {
  const pulumi = await pulumiOnPath(t);
  await pulumi.prints(outputs);
  const asked = [tmpdir(), "stack", "output", "--json", "--show-secrets", "--non-interactive"];
  assert.deepEqual(await readOutputs(bookinfo, tmpdir(), "-dev"), outputs);
  assert.deepEqual(await pulumi.asked(), [...asked, "--stack=-dev"]);
  assert.deepEqual(await readOutputs(bookinfo, tmpdir()), outputs);
  assert.deepEqual(await pulumi.asked(), asked);
});

/** A CLI whose stack has one output, and of whose last update it says this. */
const historyIs = (script: string) =>
  `case "$*" in "stack history --json --page-size 1 --non-interactive --stack=x") ${script};; *) echo '{"gatewayUrl":"http://a"}';; esac`;

for (const [name, script, said] of [
  [
    "failed half-way",
    `echo '[{"kind":"update","result":"failed"}]'`,
    "its last update did not finish. Run `pulumi up` until it does, and try again.",
  ],
  [
    "still runs",
    `echo '[{"kind":"update","result":"in-progress"}]'`,
    "its last update did not finish. Run `pulumi up` until it does, and try again.",
  ],
  [
    "was a destroy",
    `echo '[{"kind":"destroy","result":"succeeded"}]'`,
    "the stack was destroyed. Run `pulumi up` and try again.",
  ],
  ["never was", "echo '[]'", "no update of the stack has finished. Run `pulumi up` and try again."],
  [
    "was another program's",
    `echo '[{"kind":"update","result":"succeeded"}]'`,
    "another version of this program made them. Run `pulumi up` and try again.",
  ],
  [
    "is not known",
    "exit 1",
    "its last update did not finish, or was another program's. Run `pulumi up` and try again.",
  ],
] as const) {
  test(`outputs that are missing as the last update ${name}: the line says so, and what to do`, async (t) => {
    await (await pulumiOnPath(t)).does(historyIs(script));
    await assert.rejects(readOutputs(bookinfo, tmpdir(), "x"), ({ message }: Error) => {
      const line = `the outputs of stack x are not complete: ${said} Missing: issuer, jwksUri, `;
      assert.ok(message.startsWith(line), message);
      return true;
    });
  });
}

test("the sandbox's own command is what a person is to run for the sandbox's stack", async (t) => {
  await (await pulumiOnPath(t)).does(historyIs(`echo '[{"kind":"update","result":"failed"}]'`));
  process.env[upVariable] = "npm run sandbox";
  t.after(() => {
    Reflect.deleteProperty(process.env, upVariable);
  });
  await assert.rejects(readOutputs(bookinfo, tmpdir(), "x"), {
    message:
      /: its last update did not finish\. Run `npm run sandbox` until it does, and try again\. Missing: /,
  });
});

const refusals: readonly [string, string, string | undefined, string][] = [
  [
    "a stack that does not exist",
    `echo "error: no stack named 'x' found" >&2; echo more >&2; exit 255`,
    "x",
    "cannot read the outputs of stack x: no stack named 'x' found",
  ],
  [
    "no stack selected",
    'echo "error: no stack selected" >&2; exit 255',
    undefined,
    "cannot read the outputs of the selected stack: no stack selected",
  ],
  [
    "a CLI that says nothing",
    "echo s3cret; exit 1",
    "x",
    "cannot read the outputs of stack x: pulumi failed without a message",
  ],
  [
    "a CLI that prints no JSON",
    "echo s3cret",
    "x",
    "cannot read the outputs of stack x: pulumi did not print JSON.",
  ],
];

for (const [name, script, stack, message] of refusals) {
  test(`one line: ${name}`, async (t) => {
    await (await pulumiOnPath(t)).does(script);
    await assert.rejects(readOutputs(bookinfo, tmpdir(), stack), { name: "UserError", message });
  });
}

for (const [said, reason] of [
  ["no stack selected; please use `pulumi stack select` to choose one", "none is selected"],
  [
    "PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions",
    "Pulumi is not logged in",
  ],
] as const) {
  test(`where ${reason} there is no stack`, async (t) => {
    await (await pulumiOnPath(t)).does(`echo 'error: ${said}' >&2; exit 1`);
    await assert.rejects(
      readOutputs(bookinfo, tmpdir()),
      (error) => error instanceof NoStack && error.reason === reason,
    );
  });
}

test("one line: no pulumi", async (t) => {
  const { directory } = await pulumiOnPath(t);
  process.env.PATH = directory;
  await assert.rejects(readOutputs(bookinfo, tmpdir(), "x"), {
    message:
      "cannot read the outputs of stack x: the pulumi command is not on PATH. Install the Pulumi CLI, or leave --stack out: then it is about the sandbox's.",
  });
});
