/** `preflight` prints a line for each check, shows no secret, and exits with 1 on a failed check or a wrong setting. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { stringify } from "yaml";
import { advisories } from "../../../../components/mesh/advisories";
import { verifyScopes } from "../../../../commands/preflight/scopes";
import { argumentsFor } from "../../../support/node";
import { type Certificate, makeCertificate } from "../verify/support/certificate";
import {
  type Folder,
  type Reply,
  type Request,
  serve,
  type Server,
  temporaryFolder,
} from "./support";

const documentPath = "/.well-known/openid-configuration";

let folder: Folder;
let certificate: Certificate;
/** The provider, the API server and the chart repository in one. */
let server: Server;
let answer: (request: Request) => Reply | undefined;

before(async () => {
  certificate = await makeCertificate();
  server = await serve((request) => answer(request), certificate);
});
after(() => {
  server.close();
});
beforeEach(() => {
  folder = temporaryFolder();
  writeFileSync(join(folder.path, "Pulumi.yaml"), "name: istio-auth0\n");
});
afterEach(() => {
  folder.remove();
});

/** Runs the command with no program on its PATH but the folder's; ends it where it waits for what never answers. */
async function preflight(...args: string[]) {
  const child = spawn(process.execPath, [...argumentsFor("commands/preflight/main.ts"), ...args], {
    env: {
      HOME: folder.path,
      PATH: folder.path,
      FORCE_COLOR: "1",
      // As run.mjs gives it.
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
    },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 60_000,
  });
  const closed = once(child, "close");
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  await closed;
  return { code: child.exitCode, out, err };
}

const here = (...args: string[]) => preflight(...args, "--cwd", folder.path);

/** Writes the stack dev's file. */
function stackFile(sections: Readonly<Record<string, object>>): void {
  const config = Object.fromEntries(
    Object.entries(sections).map(([section, value]) => [`istio-auth0:${section}`, value]),
  );
  writeFileSync(join(folder.path, "Pulumi.dev.yaml"), stringify({ config }));
}

/** A pulumi command that gives the same settings, decrypted. */
function pulumiSays(sections: Readonly<Record<string, object>>): void {
  const values = Object.entries(sections).map(([section, value]) => [
    `istio-auth0:${section}`,
    { value: JSON.stringify(value), objectValue: value },
  ]);
  writeFileSync(join(folder.path, "values.json"), JSON.stringify(Object.fromEntries(values)));
  folder.program("pulumi", `/bin/cat '${join(folder.path, "values.json")}'`);
}

const canaries = ["client-secret-canary", "bearer-token-canary", "access-token-canary"] as const;
const [clientSecret, bearer, accessToken] = canaries;

/** A stack that is all on the server of this test. */
const sections = (secret: unknown) => ({
  cluster: {
    kind: "existing",
    kubeconfig: JSON.stringify({
      "current-context": "here",
      clusters: [
        {
          name: "here",
          cluster: {
            server: server.url,
            "certificate-authority-data": Buffer.from(certificate.certificate).toString("base64"),
          },
        },
      ],
      contexts: [{ name: "here", context: { cluster: "here", user: "me" } }],
      users: [{ name: "me", user: { token: bearer } }],
    }),
  },
  istio: { version: "1.31.0", charts: { oci: "oci://registry.example/charts" } },
  identity: {
    kind: "auth0",
    domain: server.host,
    clientId: "management",
    clientSecret: secret,
    certificateAuthority: certificate.certificate,
  },
  gateway: { url: "http://localhost:8080" },
});

/** Writes the file with encrypted secrets, and lets the CLI decrypt them. */
function configure(): void {
  const { cluster, ...others } = sections({ secure: "v1:abc" });
  stackFile({ ...others, cluster: { ...cluster, kubeconfig: { secure: "v1:def" } } });
  pulumiSays(sections(clientSecret));
}

const allScopes = ["resource_servers", "roles", "connections", "clients"]
  .flatMap((resource) =>
    ["create", "read", "update", "delete"].map((verb) => `${verb}:${resource}`),
  )
  .concat("update:client_keys", "read:client_credentials", ...verifyScopes)
  .join(" ");

const nothing = { kind: "List", items: [] };

function wellBehaved({ path, body }: Request): Reply | undefined {
  const table: Readonly<Record<string, unknown>> = {
    [documentPath]: {
      issuer: `${server.url}/`,
      jwks_uri: `${server.url}/.well-known/jwks.json`,
    },
    "/.well-known/jwks.json": {
      keys: [{ kty: "RSA", alg: "RS256", use: "sig", n: "…", e: "AQAB" }],
    },
    "/oauth/token": { access_token: accessToken, scope: allScopes },
    "/version": { gitVersion: "v1.34.4" },
    "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews": {
      ...(path.endsWith("reviews") && (JSON.parse(body) as object)),
      status: { allowed: true },
    },
    "/api/v1/namespaces": nothing,
    "/apis/apps/v1/deployments": nothing,
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions": nothing,
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations": nothing,
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations": nothing,
  };
  const found = table[path.replace(/\?.*$/, "").replace(/\/$/, "")];
  return found === undefined ? undefined : { body: found };
}

const expected =
  () => `ok         secrets                 all that are needed are set, none in plain text
ok         discovery document      ${server.url}${documentPath} answers
ok         issuer                  ${server.url}/, exactly
ok         keys' address           ${server.url}/.well-known/jwks.json, exactly
ok         signing keys            1 key for RS256 at ${server.url}/.well-known/jwks.json
ok         management credentials  ${server.host} takes identity.clientId and its secret
ok         management scopes       all 18 that the stack needs
ok         Istio's version         1.31.0: it has the fixes of all ${advisories.length} advisories known here
not tried  Istio's charts          oci://registry.example/charts is a registry, which is not checked. Ask it: helm show chart oci://registry.example/charts/base --version 1.31.0.
ok         API server              ${server.url} answers: Kubernetes v1.34.4
ok         cluster permissions     may create namespaces, clusterroles, clusterrolebindings, customresourcedefinitions, mutatingwebhookconfigurations, validatingwebhookconfigurations, validatingadmissionpolicies, validatingadmissionpolicybindings
ok         what is there already   no Istio, and no namespace istio-system, istio-ingress, bookinfo
ok         gateway's host          localhost is this machine

13 checks: 12 ok, 0 failed, 1 not tried
`;

test("all is well: a line for each check, plain on a pipe, and exit 0", async () => {
  configure();
  answer = wellBehaved;
  const { code, out, err } = await here("dev");
  assert.deepEqual({ code, out, err }, { code: 0, out: expected(), err: "" });
});

test("--json: a file, or standard output and the lines on standard error", async () => {
  configure();
  answer = wellBehaved;
  const file = join(folder.path, "report.json");
  assert.equal((await here("dev", "--json", file)).code, 0);
  const { out, err } = await here("dev", "--json", "-");
  assert.equal(err, expected());
  assert.equal(out, readFileSync(file, "utf8"));
  assert.deepEqual((JSON.parse(out) as { counts: object }).counts, {
    ok: 12,
    failed: 0,
    notTried: 1,
  });
});

test("no line shows a secret, although every server repeats what it was sent", async () => {
  configure();
  answer = ({ body, headers }) => ({
    status: 403,
    body: {
      error: `${headers.authorization ?? ""} ${accessToken}`,
      error_description: body,
      message: `${body} ${headers.authorization ?? ""}`,
    },
  });
  const file = join(folder.path, "report.json");
  const { code, out, err } = await here("dev", "--json", file);
  assert.equal(code, 1);
  assert.equal(err, "");
  assert.match(out, /client_secret=\[secret\]/, "the server did repeat it");
  const all = out + readFileSync(file, "utf8");
  assert.ok(!all.includes(clientSecret));
  assert.ok(!all.includes(bearer));
  assert.ok(!/\n {4}at /.test(all), "no stack trace");
});

test("wrong settings: all of them at once, no secret, and no request is sent", async () => {
  const before = server.requests.length;
  stackFile({
    cluster: { kind: "kind", workers: 12 },
    identity: {
      kind: "auth0",
      domain: "https://tenant",
      clientId: "x",
      clientSecret: clientSecret,
    },
    gateway: { url: "localhost" },
  });
  const { code, out, err } = await here("dev");
  assert.deepEqual(
    { code, out, err },
    {
      code: 1,
      out: "",
      err: `error: The configuration of stack dev is wrong (docs/settings.md describes every setting):
  cluster.workers: found 12, expected a number from 0 to 9
  identity.domain: found "https://tenant", expected the tenant's host name, without https:// and path, such as tenant.eu.auth0.com
  gateway.url: found "localhost", expected an http or https URL without path, such as http://localhost:8080
`,
    },
  );
  assert.equal(server.requests.length, before);
});

for (const [args, message] of [
  [["nosuch"], "there is no stack nosuch: there are dev, prod, sandbox"],
  [["../dev"], "there is no stack ../dev: there are dev, prod, sandbox"],
  [["dev", "--cwd", "/nowhere"], "there is no folder /nowhere"],
  [[], "missing required argument 'STACK'. See istio-auth0 preflight --help."],
  [
    ["dev", "--json", "/nowhere/report.json"],
    "--json /nowhere/report.json cannot be written: there is no folder /nowhere",
  ],
  [["dev", "--json", "/tmp"], "--json /tmp: there is something that is not a file"],
  [["dev", "--json", "/dev/full"], "--json /dev/full: there is something that is not a file"],
] as const) {
  test(`"${args.join(" ")}" is refused in one line`, async () => {
    const { code, out, err } = await preflight(...args);
    assert.deepEqual({ code, out, err }, { code: 1, out: "", err: `error: ${message}\n` });
  });
}

test("--help", async () => {
  const { code, out, err } = await preflight("--help");
  assert.deepEqual([code, err], [0, ""]);
  assert.ok(out.startsWith("Usage: istio-auth0 preflight [options] [STACK]"));
  assert.ok(out.split("\n").every((each) => each.length <= 100));
});

// As they are in a fresh clone: on a machine without Pulumi, and with a network or without.
for (const [stack, secrets, checks] of [
  ["dev", `failed +secrets +identity.clientSecret not set. Set it encrypted: `, 15],
  [
    "prod",
    "failed +secrets +cluster.token, identity.clientSecret not set. Set each encrypted: ",
    15,
  ],
  [
    "sandbox",
    "not tried +secrets +identity.clientSecret, cluster.kubeconfig not in Pulumi.sandbox.yaml itself. The sandbox sets what is missing: npm run sandbox.$",
    14,
  ],
] as const) {
  test(
    `the stack ${stack} as it is committed: every check has its line`,
    { timeout: 120_000 },
    async () => {
      const { code, out, err } = await preflight(stack);
      // Nothing of the sandbox's is asked where there is none: another program may listen at its usual ports.
      assert.deepEqual([code, err], [stack === "sandbox" ? 0 : 1, ""]);
      const [first, ...others] = out.split("\n");
      assert.match(first ?? "", new RegExp(`^${secrets.replaceAll(".", "\\.")}`));
      assert.match(
        others.at(-2) ?? "",
        new RegExp(`^${checks} checks: \\d+ ok, \\d+ failed, \\d+ not tried$`),
      );
      const lines = out.split("\n").slice(0, checks);
      assert.deepEqual(
        lines.filter((each) => !/^(ok|failed|not tried) +\S.+ {2}\S/.test(each)),
        [],
      );
    },
  );
}
