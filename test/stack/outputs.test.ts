import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { delimiter } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { bookinfo } from "../../components/access";
import { parseOutputs, readOutputs } from "../../stack/outputs";
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
  ["none at all", {}, "gatewayUrl (Invalid input: expected string, received undefined)"],
  ["not a URL", { ...outputs, gatewayUrl: "localhost" }, "gatewayUrl (Invalid URL)"],
  [
    "an unknown role",
    { ...outputs, viewers: { ...outputs.viewers, users: [{ email: "a", roles: ["admin"] }] } },
    'viewers.users.0.roles.0 (Invalid option: expected one of "user"|"moderator")',
  ],
  [
    "no machine",
    {
      ...outputs,
      clientIds: { web: "w", machines: {} },
      clientSecrets: { web: "s3cret", machines: {} },
    },
    "clientIds.machines.catalogue, clientSecrets.machines.catalogue missing",
  ],
];

for (const [name, given, problem] of broken) {
  test(`one line that names every missing or malformed output: ${name}`, () => {
    assert.throws(
      () => parseOutputs(bookinfo, given),
      (error: Error) => {
        assert.equal(error.name, "StackError");
        assert.ok(
          error.message.startsWith(`the stack's outputs are not complete: ${problem}`),
          error.message,
        );
        assert.ok(error.message.endsWith(". Run `pulumi up` and try again."));
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
    "cannot read the outputs of stack x: pulumi failed and said nothing",
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
    await assert.rejects(readOutputs(bookinfo, tmpdir(), stack), { name: "StackError", message });
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
