/** The login while something that it needs is away: a clear end for browsers, no access, and machines go on. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { eventually } from "../clients";
import { callback, start, type Stand } from "./stand";

/** With the Auth0-compatible tenant, sessions in Redis, and tokens that are fetched anew after seconds. */
export function outages(stand: Stand): void {
  /** Gives the entries of the identity provider another host. */
  const enterProviderAs = (host: string) => {
    const patch = JSON.stringify({ spec: { hosts: [host] } });
    return stand.kubectl(
      `-n login get serviceentry -o name | xargs -n 1 kubectl -n login patch --type=merge -p '${patch}'`,
    );
  };

  it("without the proxy, browsers with cookies wait for it, and machines do not", async () => {
    const visitor = await stand.signedIn();
    await stand.kubectl("-n login scale deploy/oauth2-proxy --replicas=0");
    try {
      await eventually(60_000, async () => {
        assert.equal(await stand.statusOf(visitor), 503);
      });
      assert.equal(await stand.statusOf(stand.visitor(), start), 503);
      assert.equal(await stand.statusOf(stand.visitor(), "/productpage"), 200);
      assert.equal(await stand.statusOfMachine(), 200);
    } finally {
      await stand.kubectl("-n login scale deploy/oauth2-proxy --replicas=1");
      await stand.kubectl("-n login rollout status deploy/oauth2-proxy --timeout=120s");
    }
    await eventually(60_000, async () => {
      assert.equal(await stand.statusOf(visitor), 200);
    });
  });

  it("begins no session while the tenant hangs, before the sign-in and after it", async () => {
    const [early, late] = [stand.visitor(), stand.visitor()];
    late.stopsAt = stand.at(callback);
    const arrived = await stand.signIn(late);
    let page = "";
    await stand.whileTenantHangs(async () => {
      const sent = await early.ask(stand.at(start));
      assert.deepEqual(
        [sent.status, new URL(sent.location ?? "").origin],
        [302, new URL(stand.outputs.issuer).origin],
      );
      page = sent.location ?? "";
      const { status, html } = await late.ask(arrived.url);
      assert.deepEqual([status, html], [504, "upstream request timeout"]);
      assert.deepEqual([await stand.statusOf(early), await stand.statusOf(late)], [403, 403]);
    });
    // The page that did not come then comes when it is loaded again; the code counts once at most.
    const end = await early.submit(await early.open(page), stand.credentials());
    assert.deepEqual([end.url, end.status], [stand.at("/productpage"), 200]);
    late.stopsAt = undefined;
    const again = await late.open(stand.at(start));
    assert.deepEqual([again.url, again.status], [stand.at("/productpage"), 200]);
  });

  it("has a session wait whose token is to be fetched anew while the tenant hangs", async () => {
    const visitor = await stand.signedIn();
    const cookie = await visitor.jar.getCookieString(stand.outputs.gatewayUrl);
    await stand.whileTenantHangs(async () => {
      await eventually(60_000, async () => {
        assert.equal(await stand.statusWith(cookie), 503);
      });
    });
    await eventually(60_000, async () => {
      assert.equal(await stand.statusWith(cookie), 200);
    });
  });

  it("reaches the provider by the entry for its own namespace, and no other namespace does", async () => {
    const script = `fetch('${stand.outputs.issuer}').then(({status})=>console.log(status),({cause})=>console.log(cause.code))`;
    assert.equal(await stand.inProductpage(script), "ECONNRESET");
    await enterProviderAs("elsewhere.example");
    try {
      // Connections that are there already outlive the entry by a while.
      await eventually(120_000, async () => {
        const visitor = stand.visitor();
        const page = await stand.signIn(visitor, "/oauth2/start");
        assert.deepEqual([new URL(page.url).pathname, page.status], [callback, 500]);
        assert.equal(await stand.statusOf(visitor), 403);
      });
    } finally {
      await enterProviderAs(new URL(stand.outputs.issuer).hostname);
    }
    await eventually(60_000, async () => {
      assert.equal(await stand.statusOf(await stand.signedIn()), 200);
    });
  });

  it("is reached by the gateway alone, and Redis by the proxy alone", async () => {
    // A service does not even know the login's names: its namespace imports its own alone.
    for (const [address, expected] of [
      ["http://oauth2-proxy.login:4180/ping", "reset"],
      ["http://redis.login:6379/", "reset"],
    ] as const) {
      const script = `fetch('${address}').then(({status})=>console.log(status),()=>console.log('reset'))`;
      assert.equal(await stand.inProductpage(script), expected, address);
    }
  });
}
