/**
 * The main job from end to end, on a copy of this clone: the sandbox goes up, the mesh enforces the table,
 * what is changed by hand is named and repaired, and nothing is left behind.
 */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  globSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { layout } from "../../sandbox/layout";
import { readProcess } from "../../sandbox/processes";

const clone = join(__dirname, "../..");

/** A folder that holds what git tracks or would track, and this clone's installed packages. */
function copyOfClone(): string {
  const copy = mkdtempSync(join(tmpdir(), "istio-auth0-clone-"));
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    cwd: clone,
    encoding: "utf8",
  });
  for (const file of listed
    .split("\n")
    .filter((name) => name !== "" && existsSync(join(clone, name)))) {
    cpSync(join(clone, file), join(copy, file));
  }
  symlinkSync(join(clone, "node_modules"), join(copy, "node_modules"));
  return copy;
}

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

describe("npm run sandbox", { timeout: 45 * 60_000 }, () => {
  let copy: string;
  let state: string;
  const untouched = machine();

  before(() => {
    copy = copyOfClone();
    state = mkdtempSync(join(tmpdir(), "istio-auth0-state-"));
  });

  after(async () => {
    await sandbox("down");
    rmSync(copy, { recursive: true });
    rmSync(state, { recursive: true });
  });

  /** Runs the command as a person would, with commands on its standard input where it is a shell. */
  function sandbox(args: string, input = ""): Promise<Ended> {
    const child = spawn(
      "npm",
      ["run", "--silent", "sandbox", "--", ...args.split(" ").filter(Boolean)],
      {
        cwd: copy,
        env: { ...process.env, XDG_STATE_HOME: state, NO_COLOR: "1" },
      },
    );
    const text = { out: "", err: "" };
    child.stdout.setEncoding("utf8").on("data", (data: string) => (text.out += data));
    child.stderr.setEncoding("utf8").on("data", (data: string) => (text.err += data));
    child.stdin.end(input);
    return new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => {
        resolve({ code, ...text });
      });
    });
  }

  function edit(file: string, from: string | RegExp, to: string): () => void {
    const path = join(copy, file);
    const original = readFileSync(path, "utf8");
    const edited = original.replace(from, to);
    assert.notEqual(edited, original, `${file} has no ${String(from)}`);
    writeFileSync(path, edited);
    return () => {
      writeFileSync(path, original);
    };
  }

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
    const undo = edit("components/bookinfo.ts", /replicas: 1\b/, "replicas: 2");
    const ended = await sandbox("");
    undo();
    assert.equal(ended.code, 0, ended.err + ended.out);
    assert.match(lastOfStack(ended), /done: 1 to update$/);
  });

  it("names the wrong-audience cells, and no others, where the audience is left out", async () => {
    const undo = edit("components/enforcement/policies.ts", /^\s*audiences: .*\n/m, "");
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
    const { name } = layout({ XDG_STATE_HOME: state }, copy);
    const up = tracesOf(name, state);
    const ended = await sandbox("down");
    assert.equal(ended.code, 0, ended.err);
    for (const [kind, found] of Object.entries(up)) {
      assert.notDeepEqual(found, [], `${kind} of a sandbox that is up are not seen`);
    }
    assert.deepEqual(tracesOf(name, state), { processes: [], mounts: [], groups: [] });
    assert.deepEqual(readdirSync(join(state, "istio-auth0")), []);
    assert.deepEqual(machine(), untouched);
  });
});

/** What a sandbox, by its name and its state's folder, has on the machine: a namespace lives by its processes. */
function tracesOf(
  name: string,
  folder: string,
): Record<"processes" | "mounts" | "groups", string[]> {
  const processes = readdirSync("/proc").filter((entry) => /^\d+$/.test(entry));
  const naming = (file: string, text: string) =>
    processes.filter((pid) => readProcess(pid, file).includes(text));
  return {
    processes: [...naming("cmdline", folder), ...naming("cgroup", name)],
    mounts: naming("mountinfo", folder),
    groups: globSync(`/sys/fs/cgroup/{${name},*/${name}}`),
  };
}

/** What a sandbox must leave as it was. */
function machine() {
  const settings = ["kernel/panic", "kernel/panic_on_oops", "vm/overcommit_memory"];
  return {
    links: readdirSync("/sys/class/net"),
    settings: settings.map((path) => readFileSync(join("/proc/sys", path), "utf8")),
    hosts: readFileSync("/etc/hosts", "utf8"),
  };
}
