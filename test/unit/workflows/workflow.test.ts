/** Workflows pin every action and image, have only the permissions that they need, and fit the project's files. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { z } from "zod";
import { readProjectFile, readStackFile, stacksOf } from "../../../commands/stack/stack-file";
import { describePlugins } from "../../../local/plugins/choice";
import { standIns } from "../../../local/plugins/launchers";
import { iptablesPackages, pulumiVersion } from "../../../local/toolchain/tools";
import { filled, instancesOf, jobs, root, steps, workflowFiles, workflowOf } from "./workflow";

const read = (file: string) => readFileSync(join(root, file), "utf8");

/** The pairs that are there, in order of their names. */
const table = <Value>(rows: readonly (readonly [string, Value])[]) => Object.fromEntries(rows);

test("every action is pinned by its commit, with its version next to it, and by the same commit everywhere", () => {
  const lines = workflowFiles.flatMap(({ text }) =>
    text.split("\n").filter((line) => /^\s*(- )?uses:/.test(line)),
  );
  const pinned = lines.flatMap((line) => {
    const found = /uses: ([\w./-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)$/.exec(line);
    return found === null ? [] : [found.slice(1)];
  });
  assert.deepEqual(
    lines.filter((line) => !/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line)),
    [],
  );
  assert.equal(pinned.length, steps.filter(({ step }) => step.uses !== undefined).length);
  const actions = new Set(pinned.map(([action]) => action));
  assert.equal(new Set(pinned.map((pin) => pin.join(" "))).size, actions.size);
});

test("a job's image is pinned by its digest", () => {
  const images = jobs.flatMap(({ job }) => job.container?.image ?? []);
  assert.equal(images.length, 3);
  assert.equal(new Set(images).size, 1);
  for (const image of images) assert.match(image, /^debian:12@sha256:[0-9a-f]{64}$/);
});

test("what starts each workflow", () => {
  assert.deepEqual(table(workflowFiles.map(({ file, workflow }) => [file, workflow.on])), {
    "drift.yml": { schedule: [{ cron: "23 3 * * *" }], workflow_dispatch: null },
    "main.yml": { push: { branches: ["main"] }, workflow_dispatch: null },
    "preview-comment.yml": {
      workflow_run: {
        workflows: [workflowOf("pull-request.yml").name],
        types: ["completed"],
      },
    },
    "pull-request.yml": { pull_request: null },
    "toolchain.yml": { workflow_dispatch: null },
    "trusted-preview.yml": { push: { branches: ["main"] }, pull_request: null },
  });
});

test("no workflow may do more than it has to, and no job more than its workflow unless it says so", () => {
  const reads = { contents: "read" };
  assert.deepEqual(table(workflowFiles.map(({ file, workflow }) => [file, workflow.permissions])), {
    "drift.yml": reads,
    "main.yml": reads,
    "preview-comment.yml": {},
    "pull-request.yml": reads,
    "toolchain.yml": reads,
    "trusted-preview.yml": reads,
  });
  const own = jobs.flatMap(({ where, job }) =>
    job.permissions === undefined ? [] : [[where, job.permissions] as const],
  );
  assert.deepEqual(table(own), {
    "drift.yml not-configured": {},
    "drift.yml refresh": { contents: "read", "id-token": "write" },
    "drift.yml report": { issues: "write" },
    "main.yml kind": { contents: "read", "id-token": "write" },
    "main.yml kind-not-configured": {},
    "preview-comment.yml comment": { actions: "read", "pull-requests": "write" },
    "toolchain.yml publish": {
      contents: "write",
      "id-token": "write",
      attestations: "write",
    },
    "trusted-preview.yml not-configured": {},
    "trusted-preview.yml preview": {
      contents: "read",
      "id-token": "write",
      "pull-requests": "write",
    },
  });
});

test("only what changes nothing is cancelled", () => {
  const cancels = [
    ...workflowFiles.map(({ file, workflow }) => [file, workflow.concurrency] as const),
    ...jobs.map(({ where, job }) => [where, job.concurrency] as const),
  ].flatMap(([where, concurrency]) =>
    concurrency === undefined ? [] : [[where, concurrency["cancel-in-progress"]] as const],
  );
  assert.deepEqual(table(cancels), {
    "drift.yml": false,
    "main.yml kind": false,
    "main.yml official-plug-ins": false,
    "main.yml sandbox": false,
    "preview-comment.yml": false,
    "pull-request.yml": true,
    "toolchain.yml": false,
    "trusted-preview.yml": true,
  });
  const changing = steps.filter(({ step }) => /pulumi (up|destroy)\b/.test(step.run ?? ""));
  assert.equal(changing.length, 2);
  for (const { job } of changing) assert.equal(job.concurrency?.["cancel-in-progress"], false);
});

test("no script has an expression whose value another user could write", () => {
  const scripts = steps.flatMap(({ where, step }) =>
    [step.run, step.with?.script].flatMap((script) =>
      script === undefined ? [] : [[where, script] as const],
    ),
  );
  const expressions = scripts.flatMap(([where, script]) =>
    (script.match(/\$\{\{.*?\}\}/g) ?? []).map((expression) => `${where}: ${expression}`),
  );
  assert.deepEqual(expressions, ["pull-request.yml checks 4: ${{ matrix.command }}"]);
});

test("a pull request's own checks are given nothing", () => {
  const checks = JSON.stringify(workflowOf("pull-request.yml"));
  assert.deepEqual(checks.match(/secrets\.|vars\.|\.token|environment|write|inherit/g), null);
});

test("what may comment on a pull request of a stranger has nothing of it but the artifacts' text", () => {
  const { comment } = workflowOf("preview-comment.yml").jobs;
  assert.deepEqual(
    comment?.steps.map(({ uses = "", run }) => [uses.split("@")[0], run]),
    [
      ["actions/download-artifact", undefined],
      ["actions/github-script", undefined],
    ],
  );
});

test("what publishes the toolchain runs nothing of the repository, and signs every file that is pinned", () => {
  const { publish } = workflowOf("toolchain.yml").jobs;
  assert.deepEqual(
    publish?.steps.map(({ uses = "" }) => uses.split("@")[0]),
    ["actions/download-artifact", "", "actions/attest-build-provenance", ""],
  );
  const [, check, attest, release] = publish.steps;
  assert.equal(check?.run, "cd toolchain && sha256sum --check --strict SHA256SUMS");
  assert.deepEqual(attest?.with, { "subject-path": "toolchain/*.tar.zst" });
  assert.match(release?.run ?? "", /^gh release create "\$RELEASE" /);
  // It is published where release.json says that it is.
  const build = workflowOf("toolchain.yml").jobs.build?.steps.find(({ run }) =>
    run?.includes("npm run toolchain"),
  );
  assert.equal(build?.env?.RELEASE, release?.env?.RELEASE);
  assert.match(build?.run ?? "", /\/releases\/download\/\$RELEASE"\n/);
});

test("the sources of Debian's programs are published with them, in the same versions", () => {
  const { run = "" } =
    workflowOf("toolchain.yml").jobs.build?.steps.find(({ name }) => name?.startsWith("Sources")) ??
    {};
  const versions = iptablesPackages.packages.map((one) =>
    typeof one === "string" ? one : one.version,
  );
  const named = [...run.matchAll(/[\w-]+=(\S+)/g)].map(([, version]) => version);
  assert.deepEqual(new Set(named), new Set(versions));
});

test("no checkout leaves a token behind", () => {
  const checkouts = steps.filter(({ step }) => step.uses?.startsWith("actions/checkout@"));
  assert.equal(checkouts.length, 9);
  for (const { where, step } of checkouts) {
    assert.equal(step.with?.["persist-credentials"], "false", where);
  }
});

test("the stacks are those that there are", () => {
  const stacks = stacksOf(root);
  const stacksIn = (file: string, job: string) =>
    instancesOf(workflowOf(file).jobs[job] ?? assert.fail(`${file} has no job ${job}`)).map(
      ({ stack }) => stack,
    );
  assert.deepEqual(stacksIn("pull-request.yml", "preview"), stacks);
  const [, script] = workflowOf("preview-comment.yml").jobs.comment?.steps ?? [];
  assert.deepEqual(script?.env?.STACKS?.split(" "), stacks);
  // A kind cluster is on its maker's own machine, and so is the sandbox.
  const reachable = stacks.filter((stack) => stack !== "sandbox" && clusterOf(stack) !== "kind");
  assert.deepEqual(stacksIn("trusted-preview.yml", "preview"), reachable);
  assert.deepEqual(stacksIn("drift.yml", "refresh"), reachable);
});

const withCluster = z.object({ "istio-auth0:cluster": z.object({ kind: z.string() }) });

const clusterOf = (stack: string) =>
  withCluster.parse(readStackFile(readProjectFile(root), stack).config)["istio-auth0:cluster"].kind;

test("the project's commands are those that package.json has", () => {
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(read("package.json")));
  const commands = steps.flatMap(({ job, step }) =>
    instancesOf(job).flatMap((values) =>
      [...filled(step.run ?? "", values).matchAll(/\bnpm (?:run )?([\w:-]+)/g)].map(([, name]) =>
        String(name),
      ),
    ),
  );
  assert.deepEqual([...new Set(commands)].sort(), [
    "lint",
    "preflight",
    "preview",
    "sandbox",
    "test",
    "toolchain",
    "typecheck",
    "verify",
  ]);
  for (const name of commands) assert.ok(scripts[name] !== undefined, name);
});

test("the official plug-ins that are tried are those that there is a stand-in for", () => {
  const { steps: tried = [] } = workflowOf("main.yml").jobs["official-plug-ins"] ?? {};
  const { run = "" } = tried.find((step) => step.run?.includes("pulumi plugin install")) ?? {};
  const [, named = ""] = /^for name in (.*); do$/m.exec(run) ?? [];
  assert.deepEqual(
    named.split(" "),
    standIns.map(({ name }) => name),
  );
  // What the log has to say is what the sandbox says.
  const { run: checked = "" } = tried.find((step) => step.run?.includes("grep")) ?? {};
  const [, sentence = ""] = /^grep -q "(.*)" /m.exec(checked) ?? [];
  assert.ok(
    describePlugins({ kind: "found", names: [], providers: [] }).startsWith(sentence) &&
      sentence !== "",
  );
});

test("Node, Go and Pulumi are what the project's own files say", () => {
  const given = (action: string, input: string) =>
    steps.flatMap(({ step }) =>
      step.uses?.startsWith(`${action}@`) === true ? [step.with?.[input]] : [],
    );
  assert.deepEqual(
    new Set(given("actions/setup-node", "node-version-file")),
    new Set(["package.json"]),
  );
  assert.deepEqual(
    new Set(given("actions/setup-go", "go-version-file")),
    new Set(["local/node/go.mod"]),
  );
  assert.deepEqual(new Set(given("pulumi/actions", "pulumi-version")), new Set([pulumiVersion]));
  // Where Pulumi runs the program, it is under the Node that package.json pins.
  const owns = jobs.filter(({ job }) =>
    job.steps.some(({ uses }) => uses?.startsWith("pulumi/actions@")),
  );
  assert.equal(owns.length, 4);
  for (const { where, job } of owns) {
    assert.ok(
      job.steps.some(({ run }) =>
        run?.includes('echo "$PWD/node_modules/node/bin" >> "$GITHUB_PATH"'),
      ),
      where,
    );
  }
});
