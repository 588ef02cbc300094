/** What a session is good for: its own cookie alone, what its person may do now, and as long as its provider says. */
import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { it } from "node:test";
import { z } from "zod";
import { eventually } from "../clients";
import type { Visitor } from "../visitor";
import { callback, details, signOut, start, type Stand } from "./stand";

const name = "bookinfo";

const rolesSchema = z.array(z.object({ id: z.string() }));

/** As OAuth2-Proxy signs a cookie: SignedValue in its pkg/encryption. */
function signed(secret: string, ticket: string, time: string): string {
  const signature = createHmac("sha256", secret).update(`${name}${ticket}${time}`).digest("base64");
  return [ticket, time, urlSafe(signature)].join("|");
}

const urlSafe = (base64: string) => base64.replaceAll("+", "-").replaceAll("/", "_");

/** The text with another character in its middle. */
function tampered(text: string): string {
  const middle = Math.floor(text.length / 2);
  return `${text.slice(0, middle)}${text[middle] === "A" ? "B" : "A"}${text.slice(middle + 1)}`;
}

/** Sessions in Redis, with tokens that are fetched anew after seconds. */
export function sessionsInRedis(stand: Stand): void {
  const cookieOf = async (visitor: Visitor) =>
    (await visitor.cookies(stand.outputs.gatewayUrl))[name] ?? "";

  it("counts a session's own cookie only, and no longer than the session", async () => {
    const [one, other] = [await stand.signedIn(), await stand.signedIn()];
    const [cookie, otherCookie] = [await cookieOf(one), await cookieOf(other)];
    const [ticket = "", time = "", signature = ""] = cookie.split("|");
    const [otherTicket = ""] = otherCookie.split("|");
    const encoded = await stand.kubectl(
      "-n login get secret oauth2-proxy -o jsonpath='{.data.cookie-secret}'",
    );
    const secret = Buffer.from(encoded, "base64").toString();
    assert.equal(signed(secret, ticket, time), cookie, "this is not how the proxy signs");
    for (const [what, value, status] of [
      ["its own", cookie, 200],
      ["a tampered signature", [ticket, time, tampered(signature)].join("|"), 403],
      ["no signature", [ticket, time, ""].join("|"), 403],
      ["a tampered ticket", [tampered(ticket), time, signature].join("|"), 403],
      ["another session's ticket", [otherTicket, time, signature].join("|"), 403],
      ["another time", [ticket, String(Number(time) + 1), signature].join("|"), 403],
      ["another secret", signed(randomBytes(24).toString("base64"), ticket, time), 403],
    ] as const) {
      assert.equal(await stand.statusWith(`${name}=${value}`), status, what);
    }
    await stand.signedOut(one);
    assert.equal(await stand.statusWith(`${name}=${cookie}`), 403, "one that was ended");
    assert.equal(await stand.statusWith(`${name}=${otherCookie}`), 200, "the other one goes on");

    const decoded = (text: string) => Buffer.from(text, "base64url").toString().split(".");
    const [version = "", id = ""] = decoded(otherTicket);
    const [, , key = ""] = decoded(ticket);
    const mixed = urlSafe(Buffer.from([version, id, key].join(".")).toString("base64"));
    const wellSigned = signed(secret, mixed, time);
    assert.equal(await stand.statusWith(`${name}=${wellSigned}`), 403, "another session's key");
  });

  it("keeps a session of more than 4 KB, and signs out by its long token", async () => {
    const account = await stand.account();
    const picture = (long: string) =>
      stand.manage("PATCH", account, { picture: `https://images.example/${long}` });
    await picture("a".repeat(6000));
    try {
      const visitor = await stand.signedIn();
      assert.ok((await cookieOf(visitor)).length < 400, "the cookie is a ticket only");
      assert.equal(await stand.statusOf(visitor), 200);
      const end = await stand.signedOut(visitor);
      const hints = end.way.map((url) => new URL(url).searchParams.get("id_token_hint") ?? "");
      assert.ok(Math.max(...hints.map(({ length }) => length)) > 4096, "the ID token is short");
      assert.equal(end.url, stand.at("/productpage"), end.way.join(" → "));
      assert.equal(await stand.statusOf(visitor), 403);
    } finally {
      await picture("small");
    }
  });

  it("follows what its person's roles come to be, by a token that is fetched anew", async () => {
    const held = `${await stand.account()}/roles`;
    const roles = rolesSchema.parse(await stand.manage("GET", held)).map(({ id }) => id);
    assert.equal(roles.length, 1);
    const visitor = await stand.signedIn();
    assert.equal(await stand.statusOf(visitor), 200);
    await stand.manage("DELETE", held, { roles });
    try {
      await eventually(60_000, async () => {
        assert.equal(await stand.statusOf(visitor), 403);
      });
    } finally {
      await stand.manage("POST", held, { roles });
    }
    await eventually(60_000, async () => {
      assert.equal(await stand.statusOf(visitor), 200);
    });
  });

  it("fetches a token anew that expires", async () => {
    const api = `resource-servers/${encodeURIComponent(stand.outputs.audience)}`;
    const lifetime = (seconds: number) =>
      stand.manage("PATCH", api, { token_lifetime: seconds, token_lifetime_for_web: seconds });
    await lifetime(10);
    try {
      const visitor = await stand.signedIn();
      const authorization = `Bearer ${await stand.clients.token("reporting")}`;
      const machine = () => stand.visitor().ask(stand.at(details), undefined, { authorization });
      assert.equal((await machine()).status, 200);
      // Envoy lets a token live a minute longer, for clocks that differ.
      await eventually(120_000, async () => {
        assert.equal((await machine()).status, 401, "a token of the same age has expired");
      });
      assert.equal(await stand.statusOf(visitor), 200);
    } finally {
      await lifetime(3600);
    }
  });

  it("ends a session that is revoked at the tenant, for good", async () => {
    const account = await stand.account();
    const visitor = await stand.signedIn();
    const cookie = await visitor.jar.getCookieString(stand.outputs.gatewayUrl);
    await stand.manage("PATCH", account, { blocked: true });
    try {
      await eventually(60_000, async () => {
        assert.equal(await stand.statusWith(cookie), 403);
      });
      const page = await stand.signIn(stand.visitor());
      assert.equal(page.status, 400);
      assert.match(page.html, /Your account has been blocked/);
    } finally {
      await stand.manage("PATCH", account, { blocked: false });
    }
    assert.equal(await stand.statusWith(cookie), 403);
  });

  it("survives a restart of Redis by asking for a new sign-in, and nothing else", async () => {
    const visitor = await stand.signedIn();
    await stand.kubectl("-n login delete pod -l app=redis --wait=true");
    await rolledOut("redis", "oauth2-proxy");
    await eventually(60_000, async () => {
      assert.equal(await stand.statusOf(visitor), 403);
    });
    const page = await visitor.open(stand.at(start));
    assert.deepEqual([page.url, page.status], [stand.at("/productpage"), 200]);
    assert.equal(await stand.statusOf(visitor), 200);
  });

  it("without Redis, makes browsers with cookies and sign-ins wait, and no other client", async () => {
    const visitor = await stand.signedIn();
    const cookie = await visitor.jar.getCookieString(stand.outputs.gatewayUrl);
    await stand.kubectl("-n login scale deploy/redis --replicas=0");
    try {
      await eventually(90_000, async () => {
        assert.equal(await stand.statusWith(cookie), 503);
      });
      // The proxy itself answers 500 until the kubelet has seen that it is not ready.
      await eventually(90_000, async () => {
        for (const path of [start, signOut, `${callback}?code=a&state=b`]) {
          assert.equal(await stand.statusWith(`${cookie}; ${name}_a_csrf=b`, path), 503, path);
        }
      });
      assert.equal(await stand.statusOf(stand.visitor(), "/productpage"), 200);
      assert.equal(await stand.statusOf(stand.visitor()), 403);
      assert.equal(await stand.statusOfMachine(), 200);
    } finally {
      await stand.kubectl("-n login scale deploy/redis --replicas=1");
      await rolledOut("redis", "oauth2-proxy");
    }
    await eventually(60_000, async () => {
      assert.equal(await stand.statusWith(cookie), 403);
    });
    assert.equal(await stand.statusOf(await stand.signedIn()), 200);
  });

  const rolledOut = (...deployments: readonly string[]) =>
    stand.kubectl(
      `-n login rollout status ${deployments.map((one) => `deploy/${one}`).join(" ")} --timeout=120s`,
    );
}
