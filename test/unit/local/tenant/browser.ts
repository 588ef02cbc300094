/** A browser and an application for the tenant's tests: cookies, redirects, forms, and sign-ins by code with PKCE. */
import { load } from "cheerio";
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { CookieJar } from "tough-cookie";

import { type Answer, text, type TestTenant } from "./support";

/** Where a request ended: the last answer of the tenant, or the address elsewhere that it sent the browser to. */
export interface Page {
  readonly url: string;
  readonly status: number;
  readonly html: string;
  readonly headers: Headers;
}

/** A browser: it keeps cookies, follows redirects within the tenant, and fills in forms. */
export class Browser {
  readonly #jar = new CookieJar();

  constructor(readonly tenant: TestTenant) {}

  async open(url: string, form?: URLSearchParams): Promise<Page> {
    const response = await fetch(url, {
      redirect: "manual",
      headers: { cookie: await this.#jar.getCookieString(url), accept: "text/html" },
      ...(form !== undefined && { method: "POST", body: form }),
    });
    for (const cookie of response.headers.getSetCookie()) await this.#jar.setCookie(cookie, url);
    const html = await response.text();
    const location = response.headers.get("location");
    if (location === null) return { url, status: response.status, html, headers: response.headers };
    const target = new URL(location, url).href;
    return target.startsWith(this.tenant.issuer)
      ? this.open(target)
      : { url: target, status: response.status, html, headers: response.headers };
  }

  /** Sends the page's only form, with the given fields in addition to its own. */
  async submit(page: Page, fields: Readonly<Record<string, string>> = {}): Promise<Page> {
    const $ = load(page.html);
    assert.equal($("form").length, 1, page.html);
    const form = new URLSearchParams();
    $("input[name]").each((_, input) => {
      form.set($(input).attr("name") ?? "", $(input).attr("value") ?? "");
    });
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    return this.open(new URL($("form").attr("action") ?? "", page.url).href, form);
  }
}

/** An application that signs users in: authorization code with PKCE. */
export interface Application {
  readonly clientId: string;
  readonly clientSecret?: string;
  readonly callback: string;
}

/** A sign-in that an application has begun. */
export class SignIn {
  readonly #verifier = randomBytes(32).toString("base64url");
  readonly state = randomBytes(8).toString("hex");

  constructor(
    readonly tenant: TestTenant,
    readonly application: Application,
    readonly parameters: Readonly<Record<string, string>>,
  ) {}

  get url(): string {
    const query = new URLSearchParams({
      client_id: this.application.clientId,
      redirect_uri: this.application.callback,
      response_type: "code",
      state: this.state,
      code_challenge: createHash("sha256").update(this.#verifier).digest("base64url"),
      code_challenge_method: "S256",
      ...this.parameters,
    });
    return `${this.tenant.issuer}authorize?${query.toString()}`;
  }

  /** What the callback was given. */
  result({ url }: Page): URLSearchParams {
    assert.ok(url.startsWith(`${this.application.callback}?`), `not at the callback: ${url}`);
    const { searchParams } = new URL(url);
    assert.equal(searchParams.get("state"), this.state);
    return searchParams;
  }

  /** The tokens for the code that the callback was given. */
  async redeem(page: Page): Promise<Answer> {
    const code = this.result(page).get("code");
    assert.ok(code !== null, `no code in ${page.url}`);
    return this.exchange({ grant_type: "authorization_code", code, code_verifier: this.#verifier });
  }

  exchange(form: Readonly<Record<string, string>>): Promise<Answer> {
    const { clientId, clientSecret, callback } = this.application;
    return this.tenant.tokenRequest({
      client_id: clientId,
      ...(clientSecret !== undefined && { client_secret: clientSecret }),
      redirect_uri: callback,
      ...form,
    });
  }
}

/** Signs in on the login page, with a new browser, and gives the tokens. */
export async function signIn(
  tenant: TestTenant,
  application: Application,
  user: { readonly email: string; readonly password: string },
  parameters: Readonly<Record<string, string>>,
): Promise<unknown> {
  const browser = new Browser(tenant);
  const attempt = new SignIn(tenant, application, parameters);
  const page = await browser.submit(await browser.open(attempt.url), user);
  const { status, body } = await attempt.redeem(page);
  assert.equal(status, 200, JSON.stringify(body));
  text(body, "access_token");
  return body;
}
