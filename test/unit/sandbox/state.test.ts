/** A sandbox's ports and secrets are chosen once and kept, and no two sandboxes choose the same ports. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { createServer, Server, type AddressInfo, type ListenOptions } from "node:net";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { UserError } from "../../../lib/errors";
import { writePrivate } from "../../../lib/files";
import { layout, type Layout } from "../../../sandbox/layout";
import { alone, decide, hold, isFree, knownDecisions, unusualPorts } from "../../../sandbox/state";
import { temporaryFolder } from "../local/images/reading";

const places = (): Layout => layout({ XDG_STATE_HOME: temporaryFolder() }, "/clone");
const fileOf = ({ state }: Layout) => join(state, "decisions.json");

/** A server of this test, on a port that the kernel chose. */
async function occupy(context: TestContext): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  context.after(() => server.close());
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/**
 * Has a server that listens on a port of 127.0.0.1 find it in use where `inUse` says so, and free otherwise,
 * no matter what else runs on this machine. Gives the ports that were tried, in order.
 */
async function ports(context: TestContext, inUse: (port: number) => boolean): Promise<number[]> {
  const occupied = await occupy(context);
  const tried: number[] = [];
  type Listen = (this: Server, place: ListenOptions, listening: () => void) => Server;
  const listen = Reflect.get(Server.prototype, "listen") as Listen;
  const instead: Listen = function ({ port, host, path }, listening) {
    // What another sandbox on this machine holds is not this test's affair.
    if (path !== undefined) return listen.call(this, { port: 0, host: "127.0.0.1" }, listening);
    assert.equal(host, "127.0.0.1");
    assert.ok(port !== undefined);
    tried.push(port);
    return listen.call(this, { port: inUse(port) ? occupied : 0, host }, listening);
  };
  context.mock.method(Server.prototype, "listen", instead);
  return tried;
}

test("a port is free while no program listens on it", async (context) => {
  const server = createServer().listen(0, "127.0.0.1");
  context.after(() => server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  assert.equal(await isFree(port), false);
  server.close();
  await once(server, "close");
  assert.equal(await isFree(port), true);
});

test("where they are free, the usual ports are taken, and kept in a private file", async (context) => {
  const tried = await ports(context, () => false);
  const here = places();
  assert.equal(knownDecisions(here), undefined);
  const made = await decide(here);
  assert.deepEqual(made.ports, { gateway: 8080, tenant: 8443, api: 6443 });
  assert.deepEqual(tried, [8080, 8443, 6443]);
  assert.deepEqual(JSON.parse(readFileSync(fileOf(here), "utf8")), made);
  assert.equal((statSync(fileOf(here)).mode & 0o777).toString(8), "600");
  assert.deepEqual(readdirSync(here.state), ["decisions.json"]);
});

test("the secrets are 24 random bytes each, and no two are alike", async (context) => {
  await ports(context, () => false);
  const made = await Promise.all([decide(places()), decide(places())]);
  const secrets = made.flatMap(({ passphrase, managementSecret }) => [
    passphrase,
    managementSecret,
  ]);
  for (const secret of secrets) assert.match(secret, /^[\w-]{32}$/);
  assert.equal(new Set(secrets).size, 4);
});

test("a port in use gives way to the next free one", async (context) => {
  const tried = await ports(context, (port) => [8080, 8081, 6443].includes(port));
  const { ports: made } = await decide(places());
  assert.deepEqual(made, { gateway: 8082, tenant: 8443, api: 6444 });
  assert.deepEqual(tried, [8080, 8081, 8082, 8443, 6443, 6444]);
});

test("what was decided stays, even where its ports are in use by now", async (context) => {
  const here = places();
  const tried = await ports(context, (port) => port === 8080);
  const first = await decide(here);
  tried.length = 0;
  assert.deepEqual(await decide(here), first);
  assert.deepEqual(knownDecisions(here), first);
  assert.deepEqual(tried, []);
});

test("where nothing was made with them, ports in use by now are chosen anew, and the secrets stay", async (context) => {
  const here = places();
  const inUse = new Set<number>();
  await ports(context, (port) => inUse.has(port));
  const first = await decide(here, false);
  assert.deepEqual(await decide(here, false), first);
  inUse.add(8443);
  const second = { ...first, ports: { gateway: 8080, tenant: 8444, api: 6443 } };
  assert.deepEqual(await decide(here, false), second);
  assert.deepEqual(knownDecisions(here), second);
});

test("the ports that another clone has chosen are left to it, also while it does not run", async (context) => {
  await ports(context, () => false);
  const home = temporaryFolder();
  const clones = ["/one", "/two"].map((root) => layout({ XDG_STATE_HOME: home }, root));
  const chosen: unknown[] = [];
  for (const one of clones) chosen.push((await decide(one)).ports);
  assert.deepEqual(chosen, [
    { gateway: 8080, tenant: 8443, api: 6443 },
    { gateway: 8081, tenant: 8444, api: 6444 },
  ]);
});

test("ports that another sandbox has chosen and does not listen on yet are left to it", async (context) => {
  const { ports: free } = await decide(places());
  // As another process holds one.
  const holder = createServer().listen(`\0istio-auth0-port-${free.gateway}`);
  context.after(() => holder.close());
  await once(holder, "listening");
  const { ports: chosen } = await decide(places());
  assert.notEqual(chosen.gateway, free.gateway);
  assert.deepEqual([chosen.tenant, chosen.api], [free.tenant, free.api]);
});

test("ports that this process holds are held against others, and free for itself", async () => {
  const first = await decide(places());
  await hold(first);
  const held = createServer().listen(`\0istio-auth0-port-${first.ports.api}`);
  const [refusal] = (await once(held, "error")) as [NodeJS.ErrnoException];
  assert.equal(refusal.code, "EADDRINUSE");
  assert.deepEqual((await decide(places())).ports, first.ports);
});

test("ports that are other ones than usual are said once", async (context) => {
  await ports(context, (port) => port === 8080);
  const made = await decide(places());
  assert.deepEqual(unusualPorts(made, undefined), ["gateway at 8081, since 8080 is taken"]);
  assert.deepEqual(unusualPorts(made, made), []);
});

test("what is done alone is done one after the other, also after a failure", async () => {
  const order: string[] = [];
  const act = (name: string) =>
    alone(async () => {
      order.push(`${name} begins`);
      // Long enough for the other to try, several times.
      const deadline = Date.now() + 200;
      const met = () => order.includes("one begins") && order.includes("two begins");
      while (!met() && Date.now() < deadline) await new Promise(setImmediate);
      order.push(`${name} ends`);
      if (name === "one") throw new Error("one fails");
    });
  const ended = await Promise.allSettled([act("one"), act("two")]);
  assert.deepEqual(
    ended.map(({ status }) => status),
    ["rejected", "fulfilled"],
  );
  assert.deepEqual(order, ["one begins", "one ends", "two begins", "two ends"]);
});

test("where a hundred ports are in use it fails, and keeps nothing", async (context) => {
  const tried = await ports(context, (port) => port >= 8443);
  const here = places();
  await assert.rejects(
    decide(here),
    new UserError("no port of 127.0.0.1 is free from 8443 to 8542"),
  );
  assert.equal(tried.length, 101);
  assert.throws(() => readdirSync(here.state), { code: "ENOENT" });
});

const complete = {
  ports: { gateway: 8080, tenant: 8443, api: 6443 },
  passphrase: "passphrase",
  managementSecret: "secret",
};
const { passphrase, ...incomplete } = complete;
for (const [what, content] of [
  ["lacks a part", JSON.stringify(incomplete)],
  [
    "has a port that is none",
    JSON.stringify({ ...complete, ports: { ...complete.ports, api: 0 } }),
  ],
  ["holds something else", JSON.stringify([passphrase])],
  ["was cut short", JSON.stringify(complete).slice(0, 40)],
  ["is empty", ""],
] as const) {
  test(`a file that ${what} is damaged, and stays for the person to see`, async () => {
    const here = places();
    writePrivate(fileOf(here), content);
    const failure = new UserError(
      `${fileOf(here)} is damaged: run "npm run sandbox -- down" and start again`,
    );
    assert.throws(() => knownDecisions(here), failure);
    await assert.rejects(decide(here), failure);
    assert.equal(readFileSync(fileOf(here), "utf8"), content);
  });
}
