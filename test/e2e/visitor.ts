/** A person with a browser: cookies, redirects to any site, and forms; no scripts. */
import assert from "node:assert/strict";
import { load } from "cheerio";
import { CookieJar } from "tough-cookie";
import { type Fetch, httpClient } from "../../lib/http";

/** Where a browser ended: the last answer, and every address on the way there. */
export interface Page {
  readonly url: string;
  readonly status: number;
  readonly html: string;
  readonly way: readonly string[];
}

/**
 * Has a request go on a connection of its own. One that is kept may be closed by the gateway, as after an update, in the
 * moment in which the next request goes out; a browser sends that again, and Node's fetch does not.
 */
export const onItsOwn = { connection: "close" } as const;

/** More than any sign-in takes: a browser gives up there, as on a loop. */
const mostRedirects = 20;

export class Visitor {
  jar = new CookieJar();
  /** An address that begins so is not followed: it is where `open` ends. Default: none. */
  stopsAt: string | undefined;

  /** @param fetch sends the requests. Default: a client that trusts no private authority */
  constructor(private readonly fetch: Fetch = httpClient()) {}

  /** Opens an address, and follows where it leads. */
  async open(url: string, form?: URLSearchParams, way: readonly string[] = []): Promise<Page> {
    assert.ok(way.length < mostRedirects, `a loop: ${way.join(" → ")}`);
    const page = await this.ask(url, form);
    const next = [...way, url];
    if (page.location === undefined) return { ...page, url, way: next };
    if (this.stopsAt !== undefined && page.location.startsWith(this.stopsAt))
      return { ...page, url: page.location, way: next };
    return this.open(page.location, undefined, next);
  }

  /** Opens an address, and goes nowhere from there. */
  async ask(url: string, form?: URLSearchParams, headers: Readonly<Record<string, string>> = {}) {
    const cookie = await this.jar.getCookieString(url);
    const response = await this.fetch(url, {
      redirect: "manual",
      // As a browser without cookies: no header, rather than an empty one.
      headers: { accept: "text/html", ...onItsOwn, ...(cookie !== "" && { cookie }), ...headers },
      signal: AbortSignal.timeout(20_000),
      ...(form !== undefined && { method: "POST", body: form }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      await this.jar.setCookie(cookie, url, { ignoreError: true });
    }
    const location = response.headers.get("location");
    return {
      status: response.status,
      html: await response.text(),
      location: location === null ? undefined : new URL(location, url).href,
    };
  }

  /** Sends the page's form, with these fields in addition to its own. */
  async submit(page: Page, fields: Readonly<Record<string, string>> = {}): Promise<Page> {
    const document = load(page.html);
    const form = document("form").first();
    assert.equal(form.length, 1, `no form at ${page.url}: ${page.html}`);
    // A field may stand outside of its form, and name it.
    const outside = document(`[form="${form.attr("id") ?? ""}"]`);
    const values = new URLSearchParams(
      [...form.serializeArray(), ...outside.serializeArray()].map(
        ({ name, value }): [string, string] => [name, value],
      ),
    );
    for (const [name, value] of Object.entries(fields)) values.set(name, value);
    return this.open(new URL(form.attr("action") ?? "", page.url).href, values);
  }

  /** The cookies for an address, by name. */
  async cookies(url: string): Promise<Readonly<Record<string, string>>> {
    const found = await this.jar.getCookies(url);
    return Object.fromEntries(found.map(({ key, value }) => [key, value]));
  }
}
