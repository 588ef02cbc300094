/**
 * The main job from end to end, on a copy of this clone: the sandbox goes up, the mesh enforces the table,
 * what kubectl changes is named and repaired, and nothing is left behind.
 */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { commandLines } from "../../lib/processes";
import { eventually } from "./clients";
import { machine, SandboxCopy, type Ended } from "./copy";
import { assertAsDecided } from "./decided";
import { processesOf } from "./kill/victims";

describe("npm run sandbox", { timeout: 45 * 60_000 }, () => {
  let copy: SandboxCopy;
  const untouched = machine();

  before(() => {
    copy = new SandboxCopy();
    copy.byNpm = true;
  });

  after(async () => {
    await sandbox("down");
    copy.remove();
  });

  const sandbox = (args: string, input?: string, environment?: NodeJS.ProcessEnv) =>
    copy.run(args, input, environment);

  /** The lines after the tables, with --all: one for each difference. */
  const differences = ({ out }: Ended) =>
    out
      // A long line goes on below, further in.
      .replaceAll("\n    ", " ")
      .split("\n")
      .filter((line) => line.startsWith("different: "));
  const ofCommands = () => processesOf(copy).filter(({ ofCommand }) => ofCommand);
  /** An engine's processes have an environment of their own, and name the clone. */
  const ofClone = () => commandLines().filter(({ line }) => line.includes(copy.folder));
  const lastOfStack = ({ err }: Ended) =>
    err
      .split("\n")
      .filter((line) => / stack {2}/.test(line))
      .at(-1) ?? "";

  it("goes up, and the mesh enforces the table", async () => {
    const ended = await sandbox("up --all");
    assert.equal(ended.code, 0, ended.err + ended.out);
    assert.deepEqual(differences(ended), []);
    assert.match(
      ended.out,
      /\nThe \d+ objects of Istio's that the stack asks for are there, and nothing else was found\.\n/,
    );
    assert.match(ended.out, /\nFrom a pod as productpage\n/);
    assert.match(ended.out, /\n1264 cells, 0 differences, 0 not tried\n/);
  });

  it("explains every cell as the mesh decides it", async () => {
    const file = join(copy.state, "report.json");
    const ended = await sandbox(`verify --json ${file}`);
    assert.equal(ended.code, 0, ended.err + ended.out);
    assertAsDecided(file, 1000);
  });

  it("explains an anonymous request to details by the policy and the principal that it lacks", async () => {
    const ended = await sandbox("explain --service details");
    assert.equal(ended.code, 0, ended.err);
    assert.match(ended.out, /AuthorizationPolicy bookinfo\/details/);
    assert.match(ended.out.replaceAll(/\s+/g, " "), /principal/);
  });

  it("changes nothing the second time, and says in a line how each place fared", async () => {
    const ended = await sandbox("");
    assert.equal(ended.code, 0, ended.err + ended.out);
    assert.match(lastOfStack(ended), /nothing to change$/);
    assert.match(ended.out, /\n {2}from a pod as productpage +47 +8 +256 {2}as expected\n/);
    assert.match(ended.out, /\n1264 cells, 0 differences, 0 not tried\n/);
  });

  it("runs commands from standard input in the shell", async () => {
    const ended = await sandbox(
      "shell",
      "kubectl get namespaces -o name && helm list --all-namespaces --short && pulumi stack output issuer",
    );
    assert.equal(ended.code, 0, ended.err);
    for (const line of ["namespace/bookinfo", "istiod", "istio-base", "istio-ingress"]) {
      assert.ok(ended.out.split("\n").includes(line), `${line} is not in:\n${ended.out}`);
    }
    assert.match(ended.out, /\nhttps:\/\/tenant\.localhost:\d+\/\n$/);
  });

  /** Each command with what shows that it is at work: what it says, or a process. */
  for (const [command, atWork] of [
    ["verify", /Sending \d+ requests/],
    ["up", "pulumi"],
    ["shell", "sleep"],
    ["explain", "explain/main.js"],
    ["token reporting", "token/main.js"],
    ["preflight", "pulumi"],
    ["preview sandbox", /^previewing sandbox/m],
  ] as const) {
    it(`is ended by a signal while it runs ${command}, and leaves no process`, async () => {
      const [name = "", ...args] = command.split(" ");
      const scripts = ["preflight", "preview"];
      const child = scripts.includes(name)
        ? copy.startScript(name, ...args, ...(args.length > 0 ? [] : ["sandbox"]))
        : copy.start(command, "pipe");
      const before = ofClone();
      let said = "";
      child.stderr?.on("data", (text: Buffer) => (said += text.toString()));
      const ended = copy.finish(child, "sleep 600");
      await eventually(60_000, () => {
        const names = ofCommands().map((one) => one.name);
        const isAtWork = typeof atWork === "string" ? names.includes(atWork) : atWork.test(said);
        assert.ok(isAtWork, `not ${String(atWork)}: ${names.join(", ")}; ${said}`);
        return Promise.resolve();
      });
      child.kill("SIGTERM");
      assert.notEqual((await ended).code, 0);
      await eventually(60_000, () => {
        assert.deepEqual([ofCommands(), ofClone()], [[], before]);
        return Promise.resolve();
      });
    });
  }

  it("has nothing of the ended commands in the cluster, and goes on", async () => {
    const ended = await sandbox("up");
    assert.equal(ended.code, 0, ended.err + ended.out);
    const pods = await sandbox("shell", "kubectl get pods,serviceaccounts -A -o name");
    assert.doesNotMatch(pods.out, /verify|stranger|outsider/);
  });

  it("names what a deleted policy changes, and restores it", async () => {
    const deleted = await sandbox(
      "shell",
      "kubectl -n bookinfo delete authorizationpolicy details",
    );
    assert.equal(deleted.code, 0, deleted.err);
    const verified = await sandbox("verify --all --wait 5");
    assert.equal(verified.code, 1);
    assert.match(verified.out, /\nWhat differs, by cause\n {2}Permitted, but refused: details /);
    assert.ok(differences(verified).length > 0);
    for (const line of differences(verified))
      assert.match(
        line,
        /^different: (AuthorizationPolicy bookinfo\/details is missing$|.* → .*(details|products).*: expected (200|an answer of the service's own)(, no access-control-allow-origin)?, got 403)/,
      );
    const repaired = await sandbox("");
    assert.equal(repaired.code, 0, repaired.err + repaired.out);
    assert.match(lastOfStack(repaired), /done: 1 to create$/);
  });

  it("puts back what kubectl has changed", async () => {
    const patch = JSON.stringify({ spec: { action: "DENY" } });
    const changed = await sandbox(
      "shell",
      `kubectl -n bookinfo patch authorizationpolicy details --type=merge -p '${patch}'`,
    );
    assert.equal(changed.code, 0, changed.err);
    const repaired = await sandbox("");
    assert.equal(repaired.code, 0, repaired.err + repaired.out);
    assert.match(lastOfStack(repaired), /done: 1 to update$/);
  });

  it("makes exactly one update of one edited replica count", async () => {
    const one = "replicas: 1,";
    const two = 'replicas: name === "details-v1" ? 2 : 1,';
    const undo = copy.edit("components/workloads/index.ts", one, two);
    const ended = await sandbox("");
    undo();
    assert.equal(ended.code, 0, ended.err + ended.out);
    assert.match(lastOfStack(ended), /done: 1 to update$/);
  });

  it("refuses in a line what kubectl scale owns, and takes it over where it is told to", async () => {
    const scaled = await sandbox(
      "shell",
      "kubectl -n bookinfo scale deployment details-v1 --replicas=3",
    );
    assert.equal(scaled.code, 0, scaled.err);
    const refused = await sandbox("");
    assert.equal(refused.code, 1);
    assert.match(
      refused.err,
      /Deployment \S*details\S*: others own what the stack sets, conflict with "kubectl" with subresource "scale" using apps\/v1: \.spec\.replicas: change it back .*PULUMI_K8S_ENABLE_PATCH_FORCE=true/,
    );
    assert.doesNotMatch(refused.err, /\n {4}at /);
    const taken = await sandbox("", "", { PULUMI_K8S_ENABLE_PATCH_FORCE: "true" });
    assert.equal(taken.code, 0, taken.err + taken.out);
    assert.match(taken.err, / {2}updated kubernetes:apps\/v1:Deployment \S*details-v1\n/);
  });

  it("names the wrong-audience cells, and no others, where the audience is left out", async () => {
    const undo = copy.edit("components/enforcement/issuers.ts", /^\s*audiences: .*\n/m, "");
    const ended = await sandbox("up --all");
    undo();
    assert.equal(ended.code, 1, ended.err);
    assert.ok(differences(ended).length > 0);
    assert.match(
      ended.out,
      /(^|\n)What differs, by cause\n {2}Bad tokens are not refused as they have to be /,
    );
    for (const line of differences(ended))
      assert.match(line, /, (wrong audience|audiences without ours|no audience|ID token) → /);
  });

  it("reports every problem of the settings at once, and touches nothing", async () => {
    const ended = await sandbox("up --set gateway.serviceType=Anything --set identity.audience=");
    assert.equal(ended.code, 1);
    assert.match(ended.err, /gateway\.serviceType/);
    assert.match(ended.err, /identity\.audience/);
    assert.doesNotMatch(ended.err, /\n {4}at /);
  });

  it("leaves no process, mount, namespace, control group, link or file", async () => {
    const up = copy.traces();
    const ended = await sandbox("down");
    assert.equal(ended.code, 0, ended.err);
    for (const [kind, found] of Object.entries(up)) {
      assert.notDeepEqual(found, [], `${kind} of a sandbox that is up are not seen`);
    }
    assert.deepEqual(copy.traces(), { processes: [], mounts: [], groups: [] });
    assert.deepEqual(readdirSync(join(copy.state, "istio-auth0")), []);
    assert.deepEqual(machine(), untouched);
  });
});
