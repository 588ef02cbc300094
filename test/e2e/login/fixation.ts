/**
 * Session fixation, as an attacker would try it: keep a cookie of one's own, make another user sign in in a browser that
 * has it, and read with the kept one.
 */
import assert from "node:assert/strict";
import { request } from "node:http";
import { connect } from "node:http2";
import { it } from "node:test";
import type { Visitor } from "../visitor";
import { callback, start, type Stand } from "./stand";

const attacker = "nobody@bookinfo.example";

/** What a browser sends of its cookies: the kept session's, and that of the sign-in that was begun in it. */
interface Cookies {
  readonly kept: string;
  readonly signIn: string;
}

/** Each as the Cookie headers of one request. */
const spellings: Readonly<Record<string, (cookies: Cookies) => readonly string[]>> = {
  "the kept one first": ({ kept, signIn }) => [`${kept}; ${signIn}`],
  "the kept one last": ({ kept, signIn }) => [`${signIn}; ${kept}`],
  "no blank between": ({ kept, signIn }) => [`${signIn};${kept}`],
  "tabs around": ({ kept, signIn }) => [`${signIn};\t${kept.replace("=", "\t=\t")}\t`],
  "blanks around": ({ kept, signIn }) => [`  ${kept.replace("=", "  =")}  ;${signIn}`],
  "empty ones around": ({ kept, signIn }) => [`;;${kept};;${signIn};`],
  quoted: ({ kept, signIn }) => [`${signIn}; ${kept.replace("=", '="')}"`],
  "in a second header": ({ kept, signIn }) => [signIn, kept],
  "in a first header": ({ kept, signIn }) => [kept, signIn],
  "after a byte that is not UTF-8": ({ kept, signIn }) => [`a=\xff\xfe; ${kept}; ${signIn}`],
  "before a byte that is not UTF-8": ({ kept, signIn }) => [`${kept}; ${signIn}; a=\xc3`],
  "after 200 others": ({ kept, signIn }) => [
    [...Array.from({ length: 200 }, (_, index) => `c${index}=x`), kept, signIn].join("; "),
  ],
  "in upper case, another name": ({ kept, signIn }) => [`${kept.toUpperCase()}; ${signIn}`],
};

/** Sends these headers as they are, which no client for browsers' requests does; gives the answer's status. */
function sendAsIs(url: string, method: string, cookies: readonly string[]): Promise<number> {
  const headers = ["host", new URL(url).host, ...cookies.flatMap((one) => ["cookie", one])];
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false, timeout: 20_000 }, (response) => {
      response.resume().on("end", () => {
        resolve(response.statusCode ?? 0);
      });
    });
    sent.on("timeout", () => sent.destroy(new Error("no answer in time"))).on("error", reject);
    sent.end();
  });
}

/** The same by HTTP/2, where each cookie may be a field of its own. */
function sendByHttp2(url: string, cookies: readonly string[]): Promise<number> {
  const { origin, pathname, search } = new URL(url);
  const session = connect(origin);
  return new Promise<number>((resolve, reject) => {
    session.on("error", reject);
    const stream = session.request({ ":path": `${pathname}${search}`, cookie: [...cookies] });
    stream.on("response", ({ ":status": status }) => {
      stream.resume().on("end", () => {
        resolve(Number(status));
      });
    });
    stream.setTimeout(20_000, () => stream.destroy(new Error("no answer in time")));
    stream.on("error", reject).end();
  }).finally(() => {
    session.destroy();
  });
}

/**
 * @param name of the session's cookie
 * @param signedOut what the API answers to a request without a session
 * @param begins where sign-ins begin
 * @param refused what leads to a sign-in where there is no session. Default: nothing does.
 */
export function fixation(
  stand: Stand,
  {
    name,
    signedOut,
    begins,
    refused = [],
  }: {
    name: string;
    signedOut: 401 | 403;
    begins: readonly string[];
    refused?: readonly string[];
  },
): void {
  const cookieOf = async (visitor: Visitor, wanted: (name: string) => boolean) => {
    const cookies = Object.entries(await visitor.cookies(stand.outputs.gatewayUrl));
    const found = cookies.find(([one]) => wanted(one));
    assert.ok(found, `no cookie among ${cookies.map(([one]) => one).join()}`);
    return found.join("=");
  };
  const sessionOf = (visitor: Visitor) => cookieOf(visitor, (one) => one === name);
  const signInOf = (visitor: Visitor) => cookieOf(visitor, (one) => one.endsWith("_csrf"));
  const keptCookie = async () => sessionOf(await stand.signedIn(start, attacker));
  const plant = (visitor: Visitor, kept: string) =>
    visitor.jar.setCookie(`${kept}; Path=/; HttpOnly`, stand.outputs.gatewayUrl);
  const end = (kept: string) =>
    stand.visitor().ask(stand.at("/oauth2/sign_out?rd=/"), undefined, { cookie: kept });
  /** Somebody who has signed in at the provider, and is about to come back from there. */
  const arriving = async () => {
    const visitor = stand.visitor();
    visitor.stopsAt = stand.at(callback);
    const { url } = await stand.signIn(visitor, `${start}%3Fu%3D1`);
    visitor.stopsAt = undefined;
    return { visitor, url };
  };
  const signedInAnew = async (visitor: Visitor, kept: string, how: string) => {
    assert.equal(await stand.statusOf(visitor), 200, `${how}: not signed in`);
    assert.ok((await sessionOf(visitor)) !== kept, `${how}: the browser goes on with the cookie`);
    assert.equal(await stand.statusWith(kept), signedOut, `${how}: the kept cookie`);
  };

  for (const state of ["lives", "has ended"] as const) {
    const keptWhose = async () => {
      const kept = await keptCookie();
      if (state === "has ended") await end(kept);
      return kept;
    };

    it(`a kept cookie whose session ${state} counts for nothing after a sign-in in its browser`, async () => {
      for (const path of state === "lives" ? begins : [...begins, ...refused]) {
        const kept = await keptWhose();
        const visitor = stand.visitor();
        await plant(visitor, kept);
        const { status, way } = await stand.signIn(visitor, path);
        assert.ok(status < 500, `${path}: ${status} by ${way.join(" → ")}`);
        await signedInAnew(visitor, kept, path);
      }
    });

    it(`nor one whose session ${state} and that comes during the sign-in, as from a second tab`, async () => {
      const kept = await keptWhose();
      const { visitor, url } = await arriving();
      await plant(visitor, kept);
      const page = await visitor.open(url);
      assert.deepEqual([page.url, page.status], [stand.at("/productpage?u=1"), 200]);
      await signedInAnew(visitor, kept, page.way.join(" → "));
    });

    it(`nor one whose session ${state}, however the browser spells it`, async () => {
      for (const [how, spelled] of Object.entries(spellings)) {
        const kept = await keptWhose();
        const { visitor, url } = await arriving();
        const cookies = spelled({ kept, signIn: await signInOf(visitor) });
        const status = await sendAsIs(url, "GET", cookies);
        assert.notEqual(await stand.statusWith(kept), 200, `${how}: ${status}`);
      }
      for (const method of ["POST", "HEAD", "PUT", "OPTIONS"]) {
        const kept = await keptWhose();
        const { visitor, url } = await arriving();
        const status = await sendAsIs(url, method, [`${kept}; ${await signInOf(visitor)}`]);
        assert.deepEqual([status, (await stand.statusWith(kept)) === 200], [404, false], method);
      }
      const kept = await keptWhose();
      const { visitor, url } = await arriving();
      const status = await sendByHttp2(url, [await signInOf(visitor), kept]);
      assert.notEqual(await stand.statusWith(kept), 200, `by HTTP/2: ${status}`);
    });
  }

  it("a callback that no sign-in waits for leads home, and ends no session", async () => {
    const visitor = await stand.signedIn();
    const page = await visitor.open(stand.at(`${callback}?code=a&state=b`));
    assert.deepEqual([page.url, page.status], [stand.at("/productpage?"), 200]);
    assert.equal(await stand.statusOf(visitor), 200);
  });

  it("a cookie that is not the proxy's is in the way of one sign-in at most", async () => {
    const visitor = stand.visitor();
    await plant(visitor, `${name}=x`);
    assert.equal((await visitor.open(stand.at(start))).status, 500);
    const page = await stand.signIn(visitor);
    assert.deepEqual([page.url, page.status], [stand.at("/productpage"), 200]);
  });

  it("tells no address the session's ID token where it ends the session first", async () => {
    for (const token of ["{id_token}", "%7Bid_token%7D"]) {
      for (const path of [
        `/oauth2/start?rd=/productpage?token=${token}`,
        `/oauth2/start?a=${token}&rd=/`,
        `/oauth2/start?rd=/&a=${token}`,
        `${callback}?code=${token}&state=b`,
        `${callback}?rd=/${token}&code=a&state=b`,
        `${callback}?%72d=https://${token}`,
      ]) {
        const visitor = await stand.signedIn();
        await plant(visitor, `${name}_a_csrf=b`);
        const { location } = await visitor.ask(stand.at(path));
        const next = new URL(location ?? "");
        assert.equal(next.origin, stand.outputs.gatewayUrl, path);
        assert.doesNotMatch(next.href, /ey[\w-]+\./, path);
      }
    }
  });
}
