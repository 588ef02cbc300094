/** The tenant's process prints no secret, refuses bad options in one line, and keeps every acknowledged write. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, beforeEach, describe, test } from "node:test";

import { argumentsFor } from "../../../support/node";
import { management, temporaryDirectory, TestTenant, text, trust } from "./support";

const main = argumentsFor("local/tenant/main.ts");

/** A tenant as a process of its own. */
class TenantProcess {
  output = "";
  readonly #child: ChildProcess;
  readonly ended: Promise<unknown[]>;

  constructor(...parameters: readonly string[]) {
    this.#child = spawn(process.execPath, [...main, ...parameters], {
      stdio: ["ignore", "pipe", "pipe"],
      // Where a person sets it, oidc-provider would talk at length.
      env: { ...process.env, DEBUG: "" },
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on("data", (chunk) => (this.output += String(chunk)));
    this.ended = once(this.#child, "close");
    running.add(this);
    void this.ended.then(() => running.delete(this));
  }

  /** The tenant's address, once it says that it is ready. */
  async ready(): Promise<string> {
    const stop = AbortSignal.timeout(60_000);
    const { stdout } = this.#child;
    assert.ok(stdout !== null);
    while (!this.output.includes("\n")) await once(stdout, "data", { signal: stop });
    const [, issuer] = /^tenant ready at (\S+)\n/.exec(this.output) ?? [];
    assert.ok(issuer !== undefined, this.output);
    return issuer;
  }

  async end(signal: NodeJS.Signals): Promise<unknown[]> {
    this.#child.kill(signal);
    return this.ended;
  }
}

const running = new Set<TenantProcess>();

describe("the tenant's process", () => {
  let directory = "";
  const directories: string[] = [];
  beforeEach(async () => {
    directory = await temporaryDirectory();
    directories.push(directory);
  });
  after(async () => {
    for (const tenant of running) await tenant.end("SIGKILL");
    for (const path of directories) await rm(path, { recursive: true });
  });

  async function writeOptions(changes: object = {}): Promise<string> {
    const path = join(directory, "options.json");
    const options = {
      domain: "localhost",
      listen: { host: "127.0.0.1", port: 0 },
      stateDirectory: join(directory, "state"),
      management,
      ...changes,
    };
    await writeFile(path, JSON.stringify(options), { mode: 0o600 });
    return path;
  }

  test("says one line, keeps private files, says no secret, and ends on SIGTERM", async () => {
    const tenant = new TenantProcess("serve", await writeOptions());
    const issuer = await tenant.ready();
    const stateDirectory = join(directory, "state");
    await trust(stateDirectory);
    const answer = await fetch(`${issuer}oauth/token`, {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "client_credentials",
        client_id: management.clientId,
        client_secret: management.clientSecret,
        audience: `${issuer}api/v2/`,
      }),
    });
    assert.equal(answer.status, 200);
    await fetch(`${issuer}nothing`);
    await fetch(`${issuer}authorize?client_id=stranger`);
    assert.deepEqual(await tenant.end("SIGTERM"), [0, null]);
    assert.equal(tenant.output, `tenant ready at ${issuer}\n`);
    assert.equal((await stat(stateDirectory)).mode & 0o777, 0o700);
    const files = await readdir(stateDirectory);
    assert.deepEqual(files.sort(), [
      ...["ca.crt", "ca.key", "keys.json", "server.crt", "server.key"],
      ...["sessions.json", "state.json"],
    ]);
    for (const file of files)
      assert.equal((await stat(join(stateDirectory, file))).mode & 0o777, 0o600, file);
  });

  const badOptions: readonly (readonly [string, object, RegExp])[] = [
    [
      "all that is wrong",
      { domain: "https://x/", listen: { host: "127.0.0.1", port: 70_000 }, stateDirectory: "x" },
      /^error: \S+options\.json: domain: must be a host name, or HOST:PORT; listen\.port: .*; stateDirectory: must be an absolute path\n$/,
    ],
    [
      "an option that is none",
      { prot: 1 },
      /^error: \S+options\.json: the whole: Unrecognized key: "prot"\n$/,
    ],
  ];
  for (const [what, changes, message] of badOptions)
    test(`refuses bad options in one line: ${what}`, async () => {
      const tenant = new TenantProcess("serve", await writeOptions(changes));
      assert.deepEqual(await tenant.ended, [1, null]);
      assert.match(tenant.output, message);
      assert.equal(tenant.output.includes(management.clientSecret), false);
    });

  test("refuses an options file that others can read, that is missing, or that is not named", async () => {
    const path = await writeOptions();
    await chmod(path, 0o644);
    const readable = new TenantProcess("serve", path);
    assert.deepEqual(await readable.ended, [1, null]);
    assert.equal(
      readable.output,
      `error: ${path} holds a secret and others may read it: chmod 600 ${path}\n`,
    );
    const missing = new TenantProcess("serve", join(directory, "none.json"));
    assert.deepEqual(await missing.ended, [1, null]);
    assert.match(
      missing.output,
      /^error: cannot read the options file: ENOENT: no such file .*none\.json.*\n$/,
    );
    const unnamed = new TenantProcess();
    assert.deepEqual(await unnamed.ended, [1, null]);
    assert.equal(
      unnamed.output,
      "error: usage: node --import tsx local/tenant/main.ts serve OPTIONS_FILE\n",
    );
  });

  test("says in one line that its port is taken", async () => {
    const other = createServer();
    await once(other.listen(0, "127.0.0.1"), "listening");
    const address = other.address();
    assert.ok(typeof address === "object" && address !== null);
    const listen = { host: "127.0.0.1", port: address.port };
    const tenant = new TenantProcess("serve", await writeOptions({ listen }));
    assert.deepEqual(await tenant.ended, [1, null]);
    other.close();
    assert.match(
      tenant.output,
      /^error: cannot listen on 127\.0\.0\.1:[0-9]+: listen EADDRINUSE.*\n$/,
    );
  });

  test("refuses a state that is not its own, without quoting it", async () => {
    const path = await writeOptions();
    const state = join(directory, "state");
    await mkdir(state);
    await writeFile(join(state, "state.json"), `{"cookieKeys": ["a secret"], "clients": 5`);
    const cut = new TenantProcess("serve", path);
    assert.deepEqual(await cut.ended, [1, null]);
    assert.equal(
      cut.output,
      `error: ${state}/state.json is not JSON: restore it, or delete it to start with an empty tenant\n`,
    );
    await writeFile(join(state, "state.json"), `{"cookieKeys": ["a secret"], "clients": 5}`);
    const foreign = new TenantProcess("serve", path);
    assert.deepEqual(await foreign.ended, [1, null]);
    assert.match(
      foreign.output,
      /^error: \S+ is not the tenant's \(wrong: clients, .*\): restore it/,
    );
    assert.equal(foreign.output.includes("a secret"), false);
  });

  test("killed at any moment, it has lost nothing that it had acknowledged", async () => {
    const path = await writeOptions();
    const acknowledged: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      const tenant = new TenantProcess("serve", path);
      const issuer = await tenant.ready();
      await trust(join(directory, "state"));
      const token = await managementToken(issuer);
      const known = await roleNames(issuer, token);
      for (const name of acknowledged) assert.ok(known.includes(name), `lost ${name}`);
      let answered = 0;
      const calls = Array.from({ length: 40 }, async (_, index) => {
        const name = `role-${round}-${index}`;
        const answer = await fetch(`${issuer}api/v2/roles`, {
          method: "POST",
          headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
          body: JSON.stringify({ name }),
        });
        assert.equal(answer.status, 200);
        acknowledged.push(name);
        answered += 1;
        // In the middle of the others' writes.
        if (answered === 10 + round) await tenant.end("SIGKILL");
      });
      await Promise.allSettled(calls);
      await tenant.ended;
      JSON.parse(await readFile(join(directory, "state", "state.json"), "utf8"));
    }
    assert.ok(acknowledged.length >= 33);
  });
});

test("a restart keeps everything: keys, clients, users, and the certificate authority", async (t) => {
  const tenant = await TestTenant.start();
  t.after(() => tenant.stop());
  await tenant.make("/connections", { name: "users", strategy: "auth0" });
  const user = { connection: "users", email: "a@b.example", password: "Quite-good-1" };
  const id = text(await tenant.make("/users", user), "user_id");
  const paths = [
    ...["/clients", "/client-grants", "/connections", "/resource-servers", "/keys/signing"],
    `/users/${encodeURIComponent(id)}`,
  ];
  const read = () => Promise.all(paths.map((path) => tenant.call("GET", path)));
  const before = await read();
  const authority = await readFile(join(tenant.stateDirectory, "ca.crt"), "utf8");
  await tenant.restart();
  // The same token as before is used: the keys are the same too.
  assert.deepEqual(await read(), before);
  assert.equal(await readFile(join(tenant.stateDirectory, "ca.crt"), "utf8"), authority);
});

async function managementToken(issuer: string): Promise<string> {
  const answer = await fetch(`${issuer}oauth/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: management.clientId,
      client_secret: management.clientSecret,
      audience: `${issuer}api/v2/`,
    }),
  });
  return text(await answer.json(), "access_token");
}

async function roleNames(issuer: string, token: string): Promise<string[]> {
  const names: string[] = [];
  for (;;) {
    const page = String(names.length / 100);
    const answer = await fetch(`${issuer}api/v2/roles?per_page=100&page=${page}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const roles: unknown = await answer.json();
    assert.ok(Array.isArray(roles));
    names.push(...roles.map((role: unknown) => text(role, "name")));
    if (roles.length < 100) return names;
  }
}
