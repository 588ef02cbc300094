/**
 * The main job from end to end, on a copy of this clone: the sandbox goes up, the mesh enforces the table,
 * what is changed by hand is named and repaired, and nothing is left behind.
 */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { machine, SandboxCopy, type Ended } from "./copy";

describe("npm run sandbox", { timeout: 45 * 60_000 }, () => {
  let copy: SandboxCopy;
  const untouched = machine();

  before(() => {
    copy = new SandboxCopy();
  });

  after(async () => {
    await sandbox("down");
    copy.remove();
  });

  const sandbox = (args: string, input?: string) => copy.run(args, input);

  /** The lines after the tables: one for each difference. */
  const differences = ({ out }: Ended) =>
    out.split("\n").filter((line) => line.startsWith("different: "));
  const lastOfStack = ({ err }: Ended) =>
    err
      .split("\n")
      .filter((line) => / stack {2}/.test(line))
      .at(-1) ?? "";

  it("goes up, and the mesh enforces the table", async () => {
    const ended = await sandbox("up");
    assert.equal(ended.code, 0, ended.err + ended.out);
    assert.deepEqual(differences(ended), []);
    assert.match(ended.out, /\n\d+ cells, 0 differences, 0 not tried\n/);
  });

  it("changes nothing the second time", async () => {
    const ended = await sandbox("");
    assert.equal(ended.code, 0, ended.err + ended.out);
    assert.match(lastOfStack(ended), /nothing to change$/);
    assert.deepEqual(differences(ended), []);
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

  it("names what a policy deleted by hand changes, and puts it back", async () => {
    const deleted = await sandbox(
      "shell",
      "kubectl -n bookinfo delete authorizationpolicy details",
    );
    assert.equal(deleted.code, 0, deleted.err);
    const verified = await sandbox("verify");
    assert.equal(verified.code, 1);
    assert.ok(differences(verified).length > 0);
    for (const line of differences(verified))
      assert.match(line, /^different: .* → details: expected 200, got 403/);
    const repaired = await sandbox("");
    assert.equal(repaired.code, 0, repaired.err + repaired.out);
    assert.match(lastOfStack(repaired), /done: 1 to create$/);
  });

  it("makes exactly one update of one edited replica count", async () => {
    const undo = copy.edit("components/bookinfo.ts", /replicas: 1\b/, "replicas: 2");
    const ended = await sandbox("");
    undo();
    assert.equal(ended.code, 0, ended.err + ended.out);
    assert.match(lastOfStack(ended), /done: 1 to update$/);
  });

  it("names the wrong-audience cells, and no others, where the audience is left out", async () => {
    const undo = copy.edit("components/enforcement/policies.ts", /^\s*audiences: .*\n/m, "");
    const ended = await sandbox("");
    undo();
    assert.equal(ended.code, 1, ended.err);
    assert.ok(differences(ended).length > 0);
    for (const line of differences(ended)) assert.match(line, /wrong audience/);
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
