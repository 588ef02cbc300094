/** The login by HTTPS: its cookies are this host's alone, and never sent without encryption. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { certificateAuthority } from "../../../local/tenant/certificate";
import { knownDecisions } from "../../../sandbox/state";
import { eventually, freePort } from "../clients";
import type { Visitor } from "../visitor";
import { details, signOut, start, type Stand } from "./stand";

const host = "bookinfo.localhost";
/** Of the session's cookie, or of each part of it. */
const sessionName = /^__Host-bookinfo(_\d+)?$/;

/** Makes the certificate's Secret in a sandbox that is up; gives the settings by which the gateway has it. */
export async function httpsSettings(stand: Stand): Promise<string[]> {
  const folder = join(stand.sandbox.state, "certificate");
  const authority = await certificateAuthority(folder, [host]);
  const files = `--cert=${folder}/server.crt --key=${folder}/server.key`;
  await stand.kubectl(`create secret tls bookinfo-tls ${files}`);
  return [
    `gateway.url=https://${host}:${await freePort()}`,
    "gateway.tls.secret=default/bookinfo-tls",
    `gateway.tls.certificateAuthority=${authority}`,
  ];
}

/**
 * Asks for pages by HTTP without session and token, again and again, while the stack changes.
 * @param seen gets every status that is answered
 * @param ended ends it
 */
export async function askByHttp(
  stand: Stand,
  seen: Set<number>,
  ended: AbortSignal,
): Promise<void> {
  const hosts = [new URL(stand.outputs.gatewayUrl).hostname, host];
  while (!ended.aborted) {
    for (const name of hosts) {
      for (const path of ["/productpage", details]) {
        const asked = stand.visitor().ask(`http://${name}:${httpPort(stand)}${path}`);
        const status = await asked.then(
          (page) => page.status,
          // While the gateway restarts no request passes either.
          () => undefined,
        );
        if (status !== undefined) seen.add(status);
      }
    }
    await pause(20);
  }
}

const httpPort = (stand: Stand) => knownDecisions(stand.sandbox.layout)?.ports.gateway ?? 0;

export function loginByHttps(stand: Stand): void {
  const cookiesOf = async ({ jar }: Visitor) => {
    const cookies = await jar.getCookies(stand.outputs.gatewayUrl);
    return cookies.map(({ key, secure, httpOnly, sameSite, hostOnly, path }) => ({
      key,
      flags: [secure, httpOnly, sameSite, hostOnly, path],
    }));
  };

  it("gives cookies to this host alone, encrypted, and to no script or other site", async () => {
    const visitor = stand.visitor();
    const form = await visitor.open(stand.at(start));
    const begun = await cookiesOf(visitor);
    const page = await visitor.submit(form, stand.credentials());
    assert.deepEqual([page.url, page.status], [stand.at("/productpage"), 200]);
    const signedIn = await cookiesOf(visitor);
    assert.equal(begun.filter(({ key }) => /^__Host-bookinfo_[\w-]+_csrf$/.test(key)).length, 1);
    assert.ok(
      signedIn.some(({ key }) => sessionName.test(key)),
      signedIn.map(({ key }) => key).join(),
    );
    for (const { key, flags } of [...begun, ...signedIn])
      assert.deepEqual(flags, [true, true, "lax", true, "/"], key);
    assert.equal(await stand.statusOf(visitor), 200);
  });

  it("signs out, and leaves the browser no session", async () => {
    const visitor = await stand.signedIn();
    const end = await stand.signedOut(visitor);
    assert.ok(end.way.includes(stand.at("/productpage")), end.way.join(" → "));
    const left = (await cookiesOf(visitor)).filter(({ key }) => sessionName.test(key));
    assert.deepEqual(left, []);
    assert.equal(await stand.statusOf(visitor), 401);
  });

  it("lets a machine in by its token", async () => {
    assert.equal(await stand.statusOfMachine(), 200);
  });

  it("answers HTTP by a redirect, with a session and without, and sets no cookie there", async () => {
    for (const visitor of [stand.visitor(), await stand.signedIn()]) {
      const before = await visitor.jar.serialize();
      for (const path of ["/productpage", details, start, signOut]) {
        // What counts is the answer: a connection may end without one while the gateway's listeners change.
        await eventually(30_000, async () => {
          const page = await visitor.ask(`http://${host}:${httpPort(stand)}${path}`);
          assert.deepEqual([page.status, page.location], [301, stand.at(path)]);
        });
      }
      const names = ({ cookies }: typeof before) => cookies.map(({ key }) => key);
      assert.deepEqual(names(await visitor.jar.serialize()), names(before));
    }
  });
}
