/**
 * The machine, before, while and after two sandboxes run on it side by side: what it may see of them is what the
 * docs/sandbox.md says, and after `down` it is as it was.
 */
import assert from "node:assert/strict";
import { spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import {
  lstatSync,
  lchownSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  unlinkSync,
} from "node:fs";
import { request as plainRequest } from "node:http";
import { request as secureRequest, type RequestOptions } from "node:https";
import { homedir, tmpdir } from "node:os";
import { join, sep } from "node:path";
import { after, before, describe, it } from "node:test";
import { commandLines, run } from "../../lib/processes";
import { knownDecisions, type Decisions } from "../../sandbox/state";
import { SandboxCopy, type Ended, type Traces } from "./copy";
import { differences, fingerprint, listening } from "./machine";
import { PrivateFiles } from "./private-files";

/** A sandbox whose commands see the machine's files with what they write caught. */
class WatchedCopy extends SandboxCopy {
  files: PrivateFiles | undefined;

  override start(args: string, stdio: StdioOptions): ChildProcess {
    const words = ["npm", "run", "--silent", "sandbox", "--", ...args.split(" ").filter(Boolean)];
    const inFolder = ["sh", "-c", 'cd "$0" && exec "$@"', this.folder];
    const [program = "", ...rest] = [...(this.files?.prefix ?? []), ...inFolder, ...words];
    const env = { ...process.env, XDG_STATE_HOME: this.state, NO_COLOR: "1" };
    return spawn(program, rest, { env, stdio });
  }

  override traces(): Traces {
    const traces = super.traces();
    return { ...traces, mounts: traces.mounts.filter((pid) => pid !== this.files?.pid) };
  }

  /**
   * What its commands wrote outside the folders that docs/sandbox.md names, the clone's own packages, next to which the
   * built programs lie, and npm's own, where npm keeps its logs.
   */
  strayFiles(): string[] {
    const packages = realpathSync(join(this.folder, "node_modules"));
    const owns = [join(packages, ".cache"), join(homedir(), ".npm")];
    const written = this.files?.written() ?? [];
    return written.filter(
      (path) => !owns.some((own) => path === own || path.startsWith(own + sep)),
    );
  }
}

/** A user of this machine who has no name, no home and no right to anything but the clone. */
const somebody = 123_456;

/** A sandbox of a user's clone that root runs, as by sudo, with nothing installed in it yet. */
class SomebodysCopy extends SandboxCopy {
  constructor() {
    super();
    this.byNpm = true;
    unlinkSync(join(this.folder, "node_modules"));
    for (const path of this.paths()) lchownSync(path, somebody, somebody);
  }

  override start(args: string, stdio: StdioOptions): ChildProcess {
    const sudo = { SUDO_UID: String(somebody), SUDO_GID: String(somebody) };
    return super.start(args, stdio, sudo);
  }

  /** The clone's tree: every file and folder of it. */
  paths(): string[] {
    const below = readdirSync(this.folder, { recursive: true, encoding: "utf8" });
    return [this.folder, ...below.map((name) => join(this.folder, name))];
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** One request to a port of 127.0.0.1, with any Host header. */
function ask(
  request: typeof plainRequest,
  port: number,
  options: RequestOptions & { headers?: Readonly<Record<string, string>> },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port, agent: false, ...options }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (data: string) => (text += data));
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, text });
      });
    })
      .on("error", reject)
      .end();
  });
}

/** Every file and folder below a folder, but some and what is in them. Files may come and go meanwhile. */
function filesBelow(folder: string, without: readonly string[]): string[] {
  const entries = lstatSync(folder, { throwIfNoEntry: false })?.isDirectory()
    ? readdirSync(folder, { withFileTypes: true })
    : [];
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (without.includes(path)) return [];
    return entry.isDirectory() ? [path, ...filesBelow(path, without)] : [path];
  });
}

const proven = (ended: Ended) => {
  assert.equal(ended.code, 0, ended.err + ended.out);
  assert.match(ended.out, /\n\d+ cells, 0 differences, 0 not tried\n/);
};

describe("the machine under two sandboxes", { timeout: 60 * 60_000 }, () => {
  let first: WatchedCopy;
  let second: SomebodysCopy;
  const untouched = fingerprint();

  before(async () => {
    first = new WatchedCopy();
    first.files = await PrivateFiles.make([first.layout.cache, first.state]);
    second = new SomebodysCopy();
    proven(await first.run("up"));
  });

  after(async () => {
    for (const copy of [first, second]) await copy.run("down");
    await first.files?.end();
    first.remove();
    second.remove();
  });

  const decisions = (copy: SandboxCopy): Decisions => {
    const known = knownDecisions(copy.layout);
    assert.ok(known);
    return known;
  };

  /** What listens on this machine and belongs to a sandbox, or to an unknown process. */
  const portsOf = (copy: SandboxCopy) => {
    const { processes } = copy.traces();
    return listening()
      .filter(({ owners }) => owners.some((pid) => processes.includes(pid)))
      .map(({ address }) => address)
      .sort();
  };

  it("shows three ports of 127.0.0.1, one control group and processes of a sandbox, and no more", () => {
    assert.deepEqual(differences(untouched, fingerprint()), []);
    const { gateway, tenant, api } = decisions(first).ports;
    assert.deepEqual(
      portsOf(first),
      [api, gateway, tenant].map((port) => `127.0.0.1:${port}`).sort(),
    );
    const { groups, processes } = first.traces();
    assert.deepEqual(
      new Set(groups.map((path) => path.split("/").at(-1))),
      new Set([first.layout.name]),
    );
    assert.notDeepEqual(processes, []);
  });

  it("has no file of a sandbox but in its cache and its state", () => {
    assert.deepEqual(first.strayFiles(), []);
  });

  it("keeps a sandbox's files for its owner", () => {
    // These hold what pods read and write, whose users are others, in the modes that they and the kubelet give it;
    // kubectl sets the mode of its list of the API's resources by itself. All of it is in folders that are private.
    const folders = ["node/containerd", "node/kubelet", "node/logs/var-log", "kubectl"];
    const ofOthers = folders.map((name) => join(first.layout.state, name));
    const open = filesBelow(first.state, ofOthers).filter((path) => {
      const status = lstatSync(path, { throwIfNoEntry: false });
      if (status === undefined || status.isSymbolicLink()) return false;
      return (status.mode & 0o077) !== 0 || status.uid !== 0;
    });
    assert.deepEqual(open, []);
    for (const folder of [first.layout.cache, first.layout.state, first.layout.node])
      assert.equal(lstatSync(folder).mode & 0o777, 0o700, folder);
  });

  it("has a kubelet that answers no anonymous request, and nothing that pods could reach on 127.0.0.1", async () => {
    const kubelet = commandLines().find(
      ({ line }) => line.includes("/kubelet\0") && line.includes(first.layout.node),
    );
    const script = `
      const ask = (url) => fetch(url).then(({ status }) => status, ({ cause }) => cause.code);
      const urls = ["https://10.244.0.1:10250/pods", "https://10.244.0.1:10250/metrics", "http://10.244.0.1:10255/pods"];
      const routes = require("fs").readFileSync("/proc/sys/net/ipv4/conf/all/route_localnet", "utf8").trim();
      Promise.all(urls.map(ask)).then((found) => console.log(JSON.stringify([...found, routes])));`;
    const inNode = [`--target=${kubelet?.pid}`, "--net", process.execPath, "--eval", script];
    const env = { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: "0", NODE_NO_WARNINGS: "1" };
    const found = JSON.parse(await run("nsenter", inNode, { env })) as unknown;
    assert.deepEqual(found, [401, 401, "ECONNREFUSED", "0"]);
  });

  it("forwards a port to the gateway, which answers for its own host only", async () => {
    const { gateway: port } = decisions(first).ports;
    const asked = (host: string) =>
      ask(plainRequest, port, { path: "/productpage", headers: { host } });
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, "localhost"])
      assert.equal((await asked(host)).status, 200, host);
    for (const host of ["rebound.example", `rebound.example:${port}`, `tenant.localhost:${port}`])
      assert.deepEqual(await asked(host), { status: 404, text: "" }, host);
  });

  it("forwards a port to the tenant, which answers for its own host and asks for a token", async () => {
    const { tenant: port } = decisions(first).ports;
    const ca = readFileSync(join(first.layout.tenant, "ca.crt"), "utf8");
    const domain = `tenant.localhost:${port}`;
    const asked = (path: string, headers: Readonly<Record<string, string>>) =>
      ask(secureRequest, port, { path, headers, ca, servername: "tenant.localhost" });
    const discovery = "/.well-known/openid-configuration";
    assert.equal((await asked(discovery, { host: domain })).status, 200);
    const rebound = await asked(discovery, { host: `rebound.example:${port}` });
    assert.equal(rebound.status, 421);
    assert.match(rebound.text, /requests for another host are not answered/);
    for (const authorization of ["", "Bearer", "Bearer wrong"]) {
      const { status } = await asked("/api/v2/users", { host: domain, authorization });
      assert.equal(status, 401, authorization);
    }
  });

  it("forwards a port to the API server, which asks for a certificate, so that no Host is of any use", async () => {
    const { api: port } = decisions(first).ports;
    for (const host of [`127.0.0.1:${port}`, "rebound.example"]) {
      const { status } = await ask(secureRequest, port, {
        path: "/api/v1/secrets",
        headers: { host },
        rejectUnauthorized: false,
      });
      assert.equal(status, 401, host);
    }
  });

  it("runs a second one next to it, which continues when the first is down", async () => {
    const port = 18_080;
    proven(await second.run(`up --set gateway.url=http://localhost:${port}`));
    proven(await first.run("verify"));
    const [one, other] = [portsOf(first), portsOf(second)];
    assert.equal(new Set([...one, ...other]).size, 6);
    assert.ok(other.includes(`127.0.0.1:${port}`));
    assert.equal((await first.run("down")).code, 0);
    assert.deepEqual(first.leftovers(), []);
    proven(await second.run("verify"));
  });

  it("leaves nothing of another's in a clone that root ran it from", () => {
    const foreign = second.paths().filter((path) => {
      const { uid, gid } = lstatSync(path);
      return uid !== somebody || gid !== somebody;
    });
    assert.deepEqual(foreign, []);
    assert.ok(second.paths().length > 10_000, "nothing was installed");
  });

  it("is as it was after both are down", async () => {
    assert.equal((await second.run("down")).code, 0);
    assert.deepEqual([...first.leftovers(), ...second.leftovers()], []);
    assert.deepEqual(differences(untouched, fingerprint()), []);
    assert.deepEqual(first.strayFiles(), []);
    assert.deepEqual([...portsOf(first), ...portsOf(second)], []);
  });
});

describe("what is left behind is named", () => {
  it("a mount", async () => {
    const folder = mkdtempSync(join(tmpdir(), "istio-auth0-mount-"));
    const clean = fingerprint();
    await run("mount", ["-t", "tmpfs", "left", folder]);
    const found = differences(clean, fingerprint());
    await run("umount", [folder]);
    rmSync(folder, { recursive: true });
    assert.equal(found.length, 1);
    assert.match(String(found), new RegExp(`^mounts: new: .* ${folder} .* tmpfs left `));
  });

  it("a setting, a link and a rule, by their lines", () => {
    const clean = { settings: ["kernel/panic = 0"], links: ["lo"], rules: [] };
    const dirty = { settings: ["kernel/panic = 10"], links: ["lo", "cni0"], rules: ["-A INPUT"] };
    assert.deepEqual(differences(clean, dirty), [
      "settings: gone: kernel/panic = 0",
      "settings: new: kernel/panic = 10",
      "links: new: cni0",
      "rules: new: -A INPUT",
    ]);
  });

  it("a file that is new, changed or gone, and no file of a folder that is passed through", async () => {
    const through = mkdtempSync(join(tmpdir(), "istio-auth0-through-"));
    const watched = mkdtempSync(join(tmpdir(), "istio-auth0-watched-"));
    symlinkSync("target", join(watched, "gone"));
    const files = await PrivateFiles.make([through]);
    const script = `touch ${watched}/new ${through}/new ${watched}/short; rm ${watched}/gone ${watched}/short; chmod 711 /etc`;
    const [program, ...rest] = [...files.prefix, "sh", "-c", script];
    await run(program, rest);
    assert.deepEqual(files.written().sort(), ["/etc", join(watched, "gone"), join(watched, "new")]);
    assert.deepEqual(readdirSync(watched), ["gone"]);
    assert.deepEqual(readdirSync(through), ["new"]);
    await files.end();
    rmSync(watched, { recursive: true });
    rmSync(through, { recursive: true });
  });
});
