/** `preview` plans a stack without network or secrets, compares it with the reviewed plan, and leaves no file. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { constants } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { z } from "zod";
import { readProjectFile, readStackFile, stacksOf } from "../../commands/stack/stack-file";
import { kubeconfigOfNothing } from "../../commands/preview/nothing";
import { standIns } from "../../local/plugins/launchers";
import { temporaryFolder } from "../unit/local/images/reading";
import { skipWithoutEngine } from "./engine";
import { cloneWith, keepPlans, preview, replaceIn, root, writeStack } from "./preview";

const skip = skipWithoutEngine;
const plugins = `plug-ins: this project's stand-ins (${standIns.map(({ name }) => name).join(", ")})`;
const placeholders =
  "a preview has placeholders for these: cluster.kubeconfig, identity.clientSecret";

/** A run that several tests judge: the first of them begins it. */
function shared<Result>(run: () => Promise<Result>): () => Promise<Result> {
  let result: Promise<Result> | undefined;
  return () => (result ??= run());
}

/** A network of its own, in which nothing but this process and what it starts can be reached. */
const alone = [
  "unshare",
  "--map-root-user",
  "--net",
  "sh",
  "-c",
  'ip link set lo up && exec "$@"',
  "",
];
const [unshare, ...unshareArguments] = [...alone, "true"];
const cannotBeAlone =
  spawnSync(unshare, unshareArguments).status !== 0 && "no network namespaces for this user";

/** The stack as it is, without a network where the machine allows that. */
const checked = (stack: string) =>
  preview([stack, "--check"], { within: cannotBeAlone === false ? alone : [] });
const checkedSandbox = shared(() => checked("sandbox"));

test(
  "a stack is previewed with nothing but PATH and a home, and nothing is left",
  { skip },
  async () => {
    const { stdout, ...rest } = await checkedSandbox();
    assert.deepEqual(rest, {
      code: 0,
      stderr: [
        plugins,
        placeholders,
        "previewing sandbox …",
        "plans/sandbox.yaml: as planned",
        "",
      ].join("\n"),
      left: [],
    });
    const lines = stdout.trimEnd().split("\n");
    assert.deepEqual(lines.slice(-2), ["0 violations", "sandbox: 97 to create"]);
    assert.equal(lines.filter((line) => line.startsWith("create ")).length, 97);
    assert.deepEqual(lines.slice(0, 3), [
      "create  pulumi:pulumi:Stack istio-auth0-sandbox",
      "create  ├─ istio-auth0:index:Auth0Identity identity",
      "create  │  ├─ auth0:index/client:Client identity-machine-catalogue",
    ]);
    assert.ok(lines.includes('    web: "[unknown]"'));
    assert.ok(lines.includes('  clientSecrets: "[secret]"'));
  },
);

test("no network is needed", { skip: skip || cannotBeAlone }, async () => {
  const { code, stdout, left } = await checkedSandbox();
  const last = stdout.trimEnd().split("\n").at(-1);
  assert.deepEqual({ code, last, left }, { code: 0, last: "sandbox: 97 to create", left: [] });
});

for (const stack of stacksOf(root)) {
  const run = stack === "sandbox" ? checkedSandbox : shared(() => checked(stack));
  test(`stack ${stack} plans what was reviewed`, { skip }, async () => {
    const { code, stderr } = await run();
    assert.equal(code, 0, stderr);
  });

  test(`stack ${stack} violates nothing`, { skip }, async () => {
    const { code, stdout, stderr, left } = await run();
    const line = stdout.split("\n").at(-3);
    assert.deepEqual({ code, line, left }, { code: 0, line: "0 violations", left: [] }, stderr);
  });
}

/** The sandbox's stack file with other values of some settings. */
function stackWith(changes: Readonly<Record<string, Readonly<Record<string, unknown>>>>) {
  const { config } = readStackFile(readProjectFile(root), "sandbox");
  for (const [section, fields] of Object.entries(changes)) {
    const key = `istio-auth0:${section}`;
    config[key] = { ...(config[key] as object), ...fields };
  }
  return { config };
}

/** Of a program that prints something, and whose output is what it learns; in an environment that would mislead it. */
const talkative = shared(() => {
  const clone = cloneWith({ team: stackWith({}) }, { all: "disabled" });
  writeFileSync(
    join(clone, "index.ts"),
    `export const learned = Object.keys(process.env).sort();
console.log("from the program");
`,
  );
  return preview(["team", "--json", "-"], {
    clone,
    environment: {
      AUTH0_DOMAIN: "elsewhere.example",
      HTTPS_PROXY: "http://127.0.0.1:1",
      KUBECONFIG: "/nowhere",
      NODE_COMPILE_CACHE: undefined,
      PULUMI_ACCESS_TOKEN: "none",
      PULUMI_BACKEND_URL: "s3://nowhere",
      PULUMI_CONFIG_PASSPHRASE_FILE: "/nowhere",
      PULUMI_STACK: "another",
    },
  });
});

test(
  "the program and the engine learn nothing of the user's cluster, account and backend",
  { skip },
  async () => {
    const { code, stdout, stderr } = await talkative();
    assert.deepEqual([code, stderr.trimEnd().split("\n").at(-1)], [0, "team: 1 to create"]);
    const { outputs } = z
      .object({ outputs: z.object({ learned: z.array(z.string()) }) })
      .parse(JSON.parse(stdout));
    assert.deepEqual(outputs.learned, [
      "HOME",
      "PATH",
      "PULUMI_BACKEND_URL",
      "PULUMI_CONFIG_PASSPHRASE",
      "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION",
      "PULUMI_HOME",
      "PULUMI_SKIP_UPDATE_CHECK",
      "TMPDIR",
      "TSX_DISABLE_CACHE",
    ]);
  },
);

test(
  "standard output has only the report, even if the stack's program prints something",
  { skip },
  async () => {
    const { code, stdout, stderr, left } = await talkative();
    assert.deepEqual({ code, left }, { code: 0, left: [] }, stderr);
    assert.equal((JSON.parse(stdout) as { stack: string }).stack, "team");
    const said = stderr.trimEnd().split("\n");
    assert.ok(said.includes("from the program"));
    assert.equal(said.at(-1), "team: 1 to create");
  },
);

/** Its sources are the clone's own: each test writes the file of its stack `team`. */
const unchanged = cloneWith({ team: stackWith({}) });

const canary = "canary-3f9a";

/** Of a stack with secrets, in plain text and encrypted, and a cluster that notes who asks it. */
const secretive = shared(async () => {
  const asked: string[] = [];
  const cluster = createServer((socket) => {
    asked.push("the cluster");
    socket.destroy();
  }).listen(0, "127.0.0.1");
  await once(cluster, "listening");
  const { port } = cluster.address() as AddressInfo;
  const { config } = stackWith({
    cluster: {
      kubeconfig: kubeconfigOfNothing()
        .replace("127.0.0.1:1", `127.0.0.1:${String(port)}`)
        .replace("token: none", `token: ${canary}`),
    },
    gateway: { url: "https://books.example", tls: { secret: "default/books-tls" } },
    identity: {
      kind: "auth0",
      clientSecret: canary,
      clientId: { secure: "v1:encrypted" },
    },
  });
  writeStack(unchanged, "team", {
    environment: ["istio-auth0/team"],
    encryptionsalt: "v1:salt",
    config: { ...config, "another:token": { secure: "v1:encrypted" } },
  });
  const json = join(temporaryFolder(), "plan.json");
  const ended = await preview(["team", "--diff", "--json", json], { clone: unchanged });
  cluster.close();
  return { ...ended, asked, written: readFileSync(json, "utf8") };
});

test("a certificate's Secret is in a cluster that is not asked", { skip }, async () => {
  const { code, stdout, stderr, left, asked } = await secretive();
  assert.deepEqual({ code, asked, left }, { code: 0, asked: [], left: [] }, stderr);
  assert.equal(stdout.trimEnd().split("\n").at(-1), "team: 101 to create");
  assert.match(stdout, /^read +[├└]─ kubernetes:core\/v1:Secret gateway\.tls\.secret$/m);
});

test(
  "no secret is in what is printed or written, and encrypted ones need no passphrase",
  { skip },
  async () => {
    const { code, stdout, stderr, left, written } = await secretive();
    assert.deepEqual(
      { code, stderr, left },
      {
        code: 0,
        stderr: [
          plugins,
          "a preview has placeholders for these: identity.clientId",
          "a preview reads no Pulumi ESC environment: left out istio-auth0/team",
          "previewing team …",
          "",
        ].join("\n"),
        left: [],
      },
    );
    for (const said of [stdout, written]) {
      assert.ok(said.includes("[secret]") && said.includes("[unknown]"));
      assert.ok(!said.includes(canary));
    }
    assert.ok(/^ +│ {2}│ {5}\+ clientSecret: "\[secret\]"$/m.test(stdout));
    const plan = z
      .object({
        stack: z.string(),
        counts: z.record(z.string(), z.number()),
        resources: z.array(z.object({ operation: z.string(), type: z.string(), name: z.string() })),
      })
      .parse(JSON.parse(written));
    assert.deepEqual([plan.stack, plan.counts], ["team", { create: 101 }]);
    assert.equal(plan.resources.length, 102);
  },
);

test(
  "an operation that a service's document does not have is told in each report",
  { skip },
  async () => {
    const clone = cloneWith({});
    replaceIn(
      clone,
      "examples/orders/application.ts",
      "operations: api.operations,",
      'operations: { ...api.operations, "GET /health": "public" },',
    );
    const [json, markdown] = ["json", "md"].map((end) => join(temporaryFolder(), `plan.${end}`));
    assert.ok(json !== undefined && markdown !== undefined);
    const args = ["--project", "examples/orders", "--json", json, "--markdown", markdown];
    const { code, stdout } = await preview(["sandbox", ...args], { clone });
    const message = "orders: GET /health is in the table, and orders.yaml does not have it";
    assert.equal(code, 1);
    const lines = stdout.split("\n");
    assert.ok(lines.includes(`warning: ${message}`), stdout);
    assert.equal(lines.at(-3), "1 violation: 1 mandatory");
    assert.ok(readFileSync(markdown, "utf8").includes(`\n\n- \`warning: ${message}\`\n\n`));
    const { diagnostics, violations } = z
      .object({
        diagnostics: z.array(z.object({ severity: z.string(), message: z.string() })),
        violations: z.array(z.object({ rule: z.string(), found: z.string() })),
      })
      .parse(JSON.parse(readFileSync(json, "utf8")));
    assert.deepEqual(diagnostics, [{ severity: "warning", message }]);
    assert.deepEqual(
      violations.map(({ rule }) => rule),
      ["api-document"],
    );
  },
);

/** What these tests say of a plan does not depend on when it was made. */
const kept = cloneWith({ team: stackWith({}) });
keepPlans(kept);
const planned = (...args: string[]) => preview(["team", ...args], { clone: kept });

test("--check shows what differs by resource; --accept writes it down", { skip }, async () => {
  const graph = "plans/team.yaml";
  const accept = "npm run preview -- team --accept";
  const run = async (...args: string[]) => {
    const { code, stderr, left } = await planned(...args);
    return { code, said: stderr.split("\n").slice(3, -1), left };
  };
  assert.deepEqual(await run("--check"), {
    code: 1,
    said: [`error: there is no ${graph}: ${accept} writes it`],
    left: [],
  });
  assert.deepEqual(await run("--accept"), { code: 0, said: [`${graph}: written`], left: [] });
  assert.deepEqual(await run("--accept"), { code: 0, said: [`${graph}: as it was`], left: [] });
  const folder = temporaryFolder();
  const [json, markdown] = [join(folder, "plan.json"), join(folder, "plan.md")];
  const headingOf = () => readFileSync(markdown, "utf8").split("\n")[2];
  assert.deepEqual(await run("--check", "--markdown", markdown), {
    code: 0,
    said: [`${graph}: as planned`],
    left: [],
  });
  assert.equal(headingOf(), "### ✅ `team`: 97 to create, 0 violations, as reviewed");
  writeStack(kept, "team", stackWith({ gateway: { nodePort: 30081 } }));
  assert.deepEqual(await run("--check", "--json", json, "--markdown", markdown), {
    code: 1,
    said: [
      "~ kubernetes:helm.sh/v3:Release istio-gateway",
      "               targetPort: 15021",
      "             - name: http2",
      "    -          nodePort: 30080",
      "    +          nodePort: 30081",
      "               port: 80",
      "               protocol: TCP",
      `error: the plan of team is not the one in ${graph}: see above, and if it should be so: ${accept}`,
    ],
    left: [],
  });
  assert.equal(headingOf(), "### ❌ `team`: 97 to create, 0 violations, not the reviewed plan");
  const comment = readFileSync(markdown, "utf8");
  assert.ok(comment.includes("\n    -          nodePort: 30080\n    +          nodePort: 30081\n"));
  assert.ok(comment.includes(`If it should be this one: \`${accept}\`, and commit the file.\n`));
  const { check } = z
    .object({
      check: z.object({
        result: z.string(),
        file: z.string(),
        accept: z.string(),
        difference: z.array(z.string()),
      }),
    })
    .parse(JSON.parse(readFileSync(json, "utf8")));
  assert.deepEqual(
    [check.result, check.file, check.accept, check.difference[0], check.difference.length],
    ["different", graph, accept, "~ kubernetes:helm.sh/v3:Release istio-gateway", 7],
  );
  writeFileSync(join(kept, graph), "<<<<<<< ours\n");
  assert.deepEqual(await run("--check", "--markdown", markdown), {
    code: 1,
    said: [`error: ${graph} is not a plan that can be read: ${accept} writes it anew`],
    left: [],
  });
  assert.equal(headingOf(), "### ❌ `team`: no preview");
});

test("a comment says who gains what against another branch's plan", { skip }, async () => {
  writeStack(kept, "team", stackWith({}));
  const markdown = join(temporaryFolder(), "plan.md");
  assert.equal((await planned("--accept")).code, 0);
  const base = join(temporaryFolder(), "base.yaml");
  cpSync(join(kept, "plans/team.yaml"), base);
  replaceIn(
    kept,
    "application.ts",
    'ratings: { callers: ["reviews"], requires: "read:book-reviews" }',
    'ratings: { callers: ["reviews", "details"], requires: "public" }',
  );
  // The author has accepted the plan, as a pull request has to.
  await planned("--accept");
  const { stdout } = await planned("--check", "--against", base, "--markdown", markdown);
  for (const text of [
    "workload reviews gains everything of ratings",
    "workload details gains everything of ratings",
  ]) {
    assert.ok(stdout.includes(`\n  ${text}\n`), stdout);
    assert.ok(readFileSync(markdown, "utf8").includes(`\n- \`${text}\`\n`), text);
  }
  assert.ok(!(await planned("--check")).stdout.includes("\nAccess, compared with "));
  const lost = await planned("--against", join(kept, "none.yaml"));
  assert.equal(lost.code, 1);
  assert.match(lost.stderr, /--against .*none\.yaml: there is no such file/);
});

test("where there is no plan, the report on standard output says why", async () => {
  writeStack(unchanged, "team", stackWith({ gateway: { nodePort: 70000 } }));
  const { code, stdout, left } = await preview(["team", "--markdown", "-"], { clone: unchanged });
  assert.deepEqual({ code, left }, { code: 1, left: [] });
  assert.equal(stdout.split("\n")[2], "### ❌ `team`: no preview");
  const pack = await preview(["sandbox", "--policy-config", "-"]);
  assert.deepEqual([pack.code, pack.stderr], [0, ""]);
  assert.ok(Object.keys(JSON.parse(pack.stdout) as object).includes("mesh-mutual-tls"));
});

test("wrong settings are all named, and nothing is started", { skip }, async () => {
  writeStack(
    unchanged,
    "team",
    stackWith({
      cluster: { kind: "existing", kubeconfig: "no kubeconfig" },
      gateway: { nodePort: 70000, serviceType: "Ingress" },
      identity: { issuer: "https://elsewhere.example" },
    }),
  );
  const { code, stdout, stderr, left } = await preview(["team"], { clone: unchanged });
  assert.deepEqual({ code, stdout, left }, { code: 1, stdout: "", left: [] });
  assert.deepEqual(
    stderr.split("\n").map((line) => line.replace(/: found.*/, "")),
    [
      "error: The configuration of stack team is wrong (docs/settings.md describes every setting):",
      "  cluster.kubeconfig",
      "  identity.issuer",
      "  gateway.serviceType",
      "  gateway.nodePort",
      "",
    ],
  );
});

/** A program whose one resource is dynamic, as a kind cluster is. */
const dynamic = `import * as pulumi from "@pulumi/pulumi";
class Thing extends pulumi.dynamic.Resource {
  declare readonly made: pulumi.Output<string>;
  constructor(name: string, size: number) {
    const provider: pulumi.dynamic.ResourceProvider = {
      check: (_olds, news) => Promise.resolve({ inputs: { ...news, checked: true } }),
      create: (inputs) => Promise.resolve({ id: "id", outs: { ...inputs, made: "now" } }),
    };
    super(provider, name, { size, made: undefined });
  }
}
export const { made } = new Thing("thing", 3);
`;

test("an error of the program is the command's, in the program's words", { skip }, async () => {
  const clone = cloneWith({ team: stackWith({}) });
  writeFileSync(
    join(clone, "index.ts"),
    `${dynamic}\nthrow new pulumi.RunError("nothing goes");\n`,
  );
  const { code, stdout, stderr, left } = await preview(["team"], { clone });
  assert.deepEqual({ code, stdout, left }, { code: 1, stdout: "", left: [] });
  assert.equal(stderr.split("\n").at(-2), "error: nothing goes");
});

test("ended early, it leaves nothing", { skip }, async () => {
  const clone = cloneWith({ team: stackWith({}) });
  const endless = 'console.error("the program runs");\nexport = new Promise(() => undefined) ?? ';
  replaceIn(clone, "index.ts", "export = ", endless);
  for (const [when, signal] of [
    ["previewing team", "SIGTERM"],
    ["the program runs", "SIGINT"],
  ] as const) {
    const { code, stdout, stderr, left } = await preview(["team"], {
      clone,
      onSaid(said, send) {
        if (said.includes(when)) send(signal);
      },
    });
    const ended = { code: 128 + constants.signals[signal], stdout: "", left: [] };
    assert.deepEqual({ code, stdout, left }, ended);
    const [last = "", ...end] = stderr.split("\n").slice(-3);
    assert.ok(last.startsWith(when), stderr);
    assert.deepEqual(end, [`error: ended by ${signal}`, ""]);
  }
});

test(
  "a dynamic resource is planned by Pulumi's own plug-in, without its code",
  { skip },
  async () => {
    const clone = cloneWith({ team: stackWith({}) }, { all: "disabled" });
    writeFileSync(join(clone, "index.ts"), dynamic);
    const { code, stdout, left } = await preview(["team", "--diff"], { clone });
    assert.deepEqual({ code, left }, { code: 0, left: [] });
    assert.deepEqual(stdout.split("\n"), [
      "create  pulumi:pulumi:Stack istio-auth0-team",
      "create  └─ pulumi-nodejs:dynamic:Resource thing",
      '              + __provider: "[code]"',
      "              + checked: true",
      "              + size: 3",
      "",
      "Outputs:",
      '  made: "[unknown]"',
      "",
      "0 violations",
      "team: 2 to create",
      "",
    ]);
  },
);

const help = ". See istio-auth0 preview --help.";
const there = `there are ${stacksOf(root).join(", ")}`;
for (const [args, message] of [
  [["staging"], `there is no stack staging: ${there}`],
  [["../sandbox"], `there is no stack ../sandbox: ${there}`],
  [["dev", "--check", "--accept"], `either --check or --accept${help}`],
  [["dev", "--json"], `option '--json <FILE>' argument missing${help}`],
  [
    ["dev", "--json", "/nowhere/plan"],
    "--json /nowhere/plan cannot be written: there is no folder /nowhere",
  ],
  [["dev", "--markdown", "/tmp"], "--markdown /tmp: there is something that is not a file"],
  [["dev", "--json", "/dev/full"], "--json /dev/full: there is something that is not a file"],
  [["dev", "--policy-config", "/"], "--policy-config /: there is something that is not a file"],
  [
    ["dev", "--json", "/tmp/a", "--markdown", "/tmp/./a"],
    "--json and --markdown cannot both go to /tmp/a",
  ],
  [
    ["dev", "--json", "-", "--markdown", "-"],
    "--json and --markdown cannot both go to standard output",
  ],
  [
    ["dev", "--policy-config", "/tmp/a", "--check"],
    `--policy-config previews nothing: leave out --check${help}`,
  ],
] as const) {
  test(`"${args.join(" ")}" is refused in one line`, async () => {
    assert.deepEqual(await preview(args), {
      code: 1,
      stdout: "",
      stderr: `error: ${message}\n`,
      left: [],
    });
  });
}

test("--help says how to call it, and what each option does", async () => {
  const { stdout, ...rest } = await preview(["--help"]);
  assert.deepEqual(rest, { code: 0, stderr: "", left: [] });
  const described = [...stdout.matchAll(/^ {2}(--[\w-]+)/gm)].map(([, option]) => option);
  assert.deepEqual(described, [
    "--project",
    "--diff",
    "--json",
    "--markdown",
    "--check",
    "--accept",
    "--against",
    "--official",
    "--policy-config",
    "--help",
  ]);
});
