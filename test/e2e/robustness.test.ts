/**
 * What a mesh and its tenant have to bear, on one sandbox: a disk that fills, a control plane that stops, keys
 * that change, a tenant that is away when it is needed, programs that end.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { z } from "zod";
import { end, readProcess } from "../../lib/processes";
import { Clients, eventually, type Answers } from "./clients";
import { SandboxCopy } from "./copy";
import { SmallDisk } from "./disk";
import { processesOf } from "./kill/victims";

/** How long anything may take to come about, in milliseconds: a machine may be busy with other things. */
const timeoutMs = 5 * 60_000;

/** Room for a whole sandbox, in megabytes. */
const enough = 4_096;

/** Istio's own intervals are minutes: too long for a test, and nothing else differs. */
const settings = [
  "--set istio.values.istiod.keepaliveMaxServerConnectionAge=20s",
  "--set istio.values.istiod.env.PILOT_JWT_PUB_KEY_REFRESH_INTERVAL=5s",
].join(" ");

type Viewer = "anonymous" | "catalogue" | "reporting" | "tampered";

const enforced: Readonly<Record<Viewer, Answers>> = {
  anonymous: { productpage: 200, details: 403, reviews: 403 },
  catalogue: { productpage: 200, details: 200, reviews: 403 },
  reporting: { productpage: 200, details: 200, reviews: 200 },
  tampered: { productpage: 401, details: 401, reviews: 401 },
};

const refused: Answers = { productpage: 401, details: 401, reviews: 401 };

describe("a sandbox in adversity", { timeout: 60 * 60_000 }, () => {
  const sandbox = new SandboxCopy();
  let disk: SmallDisk;
  let clients: Clients;
  let tokens: Readonly<Record<Viewer, string | undefined>>;

  before(async () => {
    disk = await SmallDisk.over(sandbox.state, 1);
    sandbox.through = [...disk.through, sandbox.folder];
  });

  after(async () => {
    await disk.leave(enough);
    // Where a test has failed its command may still run, which down leaves alone.
    await eventually(timeoutMs, async () => {
      assert.equal((await sandbox.run("down")).code, 0);
    });
    await disk.close();
    sandbox.remove();
  });

  /** What every viewer is answered. */
  async function table(): Promise<Record<string, Answers>> {
    const rows = Object.keys(enforced).map(
      async (viewer) => [viewer, await clients.answers(tokens[viewer as Viewer])] as const,
    );
    return Object.fromEntries(await Promise.all(rows));
  }

  const isEnforced = async () => {
    assert.deepEqual(await table(), enforced);
  };

  async function shell(commands: string): Promise<void> {
    const { code, err } = await sandbox.shell(commands);
    assert.equal(code, 0, err);
  }

  const processOf = (name: string) => processesOf(sandbox).find((one) => one.name === name);

  /** Ends a program of the sandbox, and says how to tell that it runs again. */
  function kill(name: string): () => Promise<void> {
    const found = processOf(name);
    assert.ok(found, `${name} does not run`);
    end(found.pid, "SIGKILL");
    return () => {
      const now = processOf(name);
      assert.ok(now !== undefined && now.pid !== found.pid, `${name} has not come back`);
      return Promise.resolve();
    };
  }

  it("says in one line that the disk is too small, before it starts anything", async () => {
    const { code, err } = await sandbox.run("up");
    assert.equal(code, 1);
    assert.match(
      err,
      /error: no space left on the disk of \S+ \(\d MB are free, and the sandbox needs 1536 MB\): free some, and run the command again\n$/,
    );
    assert.doesNotMatch(err, /\n {4}at /);
    assert.deepEqual(processesOf(sandbox), []);
  });

  it("says in one line that the disk has filled up meanwhile", async () => {
    await disk.leave(enough);
    const child = sandbox.start("up", "pipe");
    const ended = sandbox.finish(child);
    const started = new Promise<void>((resolve) => {
      child.stderr?.on("data", (text: string) => {
        if (text.includes("API server ready")) resolve();
      });
    });
    await Promise.race([started, ended]);
    await disk.leave(0);
    const { code, err } = await ended;
    assert.equal(code, 1);
    assert.match(
      err,
      /\nerror: no space left on the disk of \S+ \(\d+ MB are free\): free some, and run the command again\n$/,
    );
    assert.doesNotMatch(err, /\n {4}at /);
  });

  it("goes on where it was once there is space", async () => {
    await disk.leave(enough);
    const { code, out, err } = await sandbox.run(`up ${settings}`);
    assert.equal(code, 0, err + out);
    assert.match(out, /\n\d+ cells, 0 differences, 0 not tried\n/);
    clients = await Clients.of(sandbox);
    const reporting = await clients.token("reporting");
    const catalogue = await clients.token("catalogue");
    const tampered = reporting.replace(/.{8}$/, "AAAAAAAA");
    tokens = { anonymous: undefined, catalogue, reporting, tampered };
    await isEnforced();
  });

  it("enforces the table while istiod is stopped", async () => {
    await shell("kubectl -n istio-system scale deployment istiod --replicas=0");
    await eventually(timeoutMs, () => {
      assert.equal(processOf("pilot-discovery"), undefined);
      return Promise.resolve();
    });
    await isEnforced();
    await shell(
      "kubectl -n istio-system scale deployment istiod --replicas=1 && kubectl -n istio-system rollout status deployment istiod --timeout=5m",
    );
    await isEnforced();
  });

  it("accepts the tokens of a new signing key at once, and those of the old one until it is revoked", async () => {
    const { managementSecret } = z
      .object({ managementSecret: z.string() })
      .parse(
        JSON.parse(readFileSync(disk.path(join(sandbox.layout.state, "decisions.json")), "utf8")),
      );
    const manage = (method: string, path: string) => clients.manage(managementSecret, method, path);
    const before = await clients.publishedKeys();
    const old = tokens.reporting ?? "";
    await manage("POST", "keys/signing/rotate");
    const renewed = await clients.token("reporting");
    assert.notEqual(keyOf(renewed), keyOf(old));
    // That is why it is accepted at once: a client that has the keys has this one.
    assert.ok(before.includes(keyOf(renewed)), "the next key was not published beforehand");
    assert.deepEqual(await clients.answers(renewed), enforced.reporting);
    assert.deepEqual(await clients.answers(old), enforced.reporting);
    await manage("PUT", `keys/signing/${keyOf(old)}/revoke`);
    await eventually(timeoutMs, async () => {
      assert.deepEqual(await clients.answers(old), refused);
    });
    assert.deepEqual(await clients.answers(renewed), enforced.reporting);
    tokens = { ...tokens, catalogue: await clients.token("catalogue"), reporting: renewed };
    await isEnforced();
  });

  it("enforces the table while the API server is away, and gets it back", async () => {
    const isBack = kill("kube-apiserver");
    await isEnforced();
    await eventually(timeoutMs, isBack);
    await eventually(timeoutMs, () => shell("kubectl get --raw /readyz"));
    await isEnforced();
  });

  it("gets a service back that has crashed, enforced as before", async () => {
    const isBack = kill("bookinfo/details.js");
    assert.equal((await clients.answers(tokens.tampered)).details, 401);
    assert.equal((await clients.answers()).details, 403);
    await eventually(timeoutMs, isBack);
    await eventually(timeoutMs, isEnforced);
  });

  it("refuses every token while a fresh istiod cannot fetch the keys, and recovers by itself", async () => {
    const tenant = processOf("tenant");
    assert.ok(tenant, "the tenant does not run");
    const startsAgain = asStarted(tenant.pid, disk.through);
    kill("tenant");
    kill("pilot-discovery");
    await eventually(timeoutMs, async () => {
      assert.deepEqual(await table(), {
        anonymous: enforced.anonymous,
        catalogue: refused,
        reporting: refused,
        tampered: refused,
      });
    });
    startsAgain();
    await eventually(timeoutMs, isEnforced);
  });
});

/** The id of the key that signed a token. */
function keyOf(token: string): string {
  const [header = ""] = token.split(".");
  const parsed = z
    .object({ kid: z.string() })
    .parse(JSON.parse(Buffer.from(header, "base64url").toString()));
  return parsed.kid;
}

/** A function that starts a process once more, as it was started, through a command line that leads to where it was. */
function asStarted(pid: number, through: readonly string[]): () => void {
  const list = (file: string) => readProcess(pid, file).split("\0").slice(0, -1);
  const [program = "", ...args] = [...through, "/", ...list("cmdline")];
  const environment = list("environ").map((entry): [string, string] => {
    const equals = entry.indexOf("=");
    return [entry.slice(0, equals), entry.slice(equals + 1)];
  });
  return () => {
    const options = { detached: true, stdio: "ignore" } as const;
    spawn(program, args, { ...options, env: Object.fromEntries(environment) }).unref();
  };
}
