/**
 * Signs a user in through the provider's own login page, as a browser would: cookies, redirects and forms, without
 * knowing which provider's page it is.
 */
import { load } from "cheerio";
import { CookieJar } from "tough-cookie";
import { UserError, firstLine, reasonOf } from "../../../lib/errors";
import type { Fetch } from "../../../lib/http";

/** A sign-in that stopped at one place, with the message of that place, or because it did not answer. */
export class SignInFailure extends UserError {
  /**
   * @param origin scheme, host and port of the place
   * @param status of its answer; undefined if there was none
   */
  constructor(
    message: string,
    readonly origin?: string,
    readonly status?: number,
  ) {
    super(message);
  }
}

/** The login page does not accept a program that fills in forms; with a browser it may. */
export class PageRefusal extends SignInFailure {}

export interface SignIn {
  /** The authorization request. */
  readonly start: URL;
  /** Where the provider sends the browser at the end. It is never requested. */
  readonly callback: URL;
  readonly email: string;
  readonly password: string;
  /** Asks for the pages. */
  readonly fetch: Fetch;
  readonly signal: AbortSignal;
  /** The browser's cookies. Default: none, and they are discarded afterwards. */
  readonly jar?: CookieJar;
}

/** A page, an e-mail or password form or a consent form at most once, and some room for others. */
const maximumForms = 5;
const maximumRedirects = 20;
const pageDeadline = 20_000;

interface Page {
  readonly url: URL;
  readonly status: number;
  readonly html: string;
}

interface PageRequest {
  readonly url: URL;
  /** The form's fields, if one is posted. */
  readonly form?: URLSearchParams;
}

/**
 * Signs in and returns the callback's address, as the provider redirected to it.
 * @throws PageRefusal with the page's message when it does not let the user in
 */
export async function signIn(request: SignIn): Promise<URL> {
  const { jar = new CookieJar() } = request;
  const submitted = new Set<FormKind>();
  let next: PageRequest = { url: request.start };
  for (let forms = 0; forms <= maximumForms; forms++) {
    const arrived = await follow(next, request, jar);
    if (arrived instanceof URL) return arrived;
    const form = formOf(arrived, request);
    if (form === undefined || submitted.has(form.kind)) throw refusedBy(arrived, request.email);
    submitted.add(form.kind);
    next = form.request;
  }
  throw new PageRefusal(`sign-in of ${request.email} failed: the pages do not come to an end`);
}

/** Sends requests until a page is shown or the callback is named. */
async function follow(first: PageRequest, signIn: SignIn, jar: CookieJar): Promise<Page | URL> {
  let request = first;
  for (let redirects = 0; redirects <= maximumRedirects; redirects++) {
    const response = await fetchPage(request, signIn, jar);
    const location = response.headers.get("location");
    if (response.status < 300 || response.status > 399 || location === null) {
      return { url: request.url, status: response.status, html: await response.text() };
    }
    await response.body?.cancel();
    const target = new URL(location, request.url);
    if (isCallback(target, signIn.callback)) return target;
    const repeated = response.status === 307 || response.status === 308;
    if (repeated && request.form !== undefined) requireSameSite(target, request.url, signIn.email);
    request = repeated ? { ...request, url: target } : { url: target };
  }
  throw new UserError(
    `sign-in of ${signIn.email} failed: more than ${maximumRedirects} redirects in a row`,
  );
}

async function fetchPage(request: PageRequest, signIn: SignIn, jar: CookieJar): Promise<Response> {
  const { href } = request.url;
  try {
    const response = await signIn.fetch(href, {
      method: request.form === undefined ? "GET" : "POST",
      redirect: "manual",
      headers: { accept: "text/html", cookie: await jar.getCookieString(href) },
      signal: AbortSignal.any([signIn.signal, AbortSignal.timeout(pageDeadline)]),
      ...(request.form && { body: request.form }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      await jar.setCookie(cookie, href, { ignoreError: true });
    }
    return response;
  } catch (error) {
    signIn.signal.throwIfAborted();
    const { origin } = request.url;
    throw new SignInFailure(
      `sign-in of ${signIn.email} failed: ${origin} does not answer (${reasonOf(error)})`,
      origin,
    );
  }
}

export function isCallback(url: URL, callback: URL): boolean {
  return url.origin === callback.origin && url.pathname === callback.pathname;
}

/** A password is sent to the site that showed the form, and to no other. */
function requireSameSite(target: URL, page: URL, email: string): void {
  if (target.origin !== page.origin) {
    throw new UserError(
      `sign-in of ${email} failed: the form at ${page.origin} is sent to ${target.origin}, another site`,
    );
  }
}

type FormKind = "password" | "e-mail" | "consent";

const passwordField = "input[type=password]";
/** The most informative first. */
const emailFields = [
  "input[type=email]",
  "input[name=username]",
  "input[name=email]",
  "input[autocomplete~=username]",
  "input[autocomplete~=email]",
  "input[type=text]",
];
const acceptButton = "button[value=accept], button[value=yes], input[type=submit][value=accept]";
const submitButton = "button[type=submit], button:not([type]), input[type=submit]";

/** The form to fill in: one with a password, otherwise one with an e-mail address, otherwise a consent. */
function formOf(
  page: Page,
  signIn: SignIn,
): { readonly kind: FormKind; readonly request: PageRequest } | undefined {
  const document = load(page.html);
  const emailField = emailFields.find((field) => document(`form ${field}`).length > 0);
  const kinds: readonly (readonly [FormKind, string | undefined])[] = [
    ["password", passwordField],
    ["e-mail", emailField],
    ["consent", acceptButton],
  ];
  const found = kinds.find(([, mark]) => mark && document(`form ${mark}`).length > 0);
  if (found?.[1] === undefined) return undefined;
  const [kind, mark] = found;
  const form = document(`form ${mark}`).first().closest("form");
  const fields = new URLSearchParams(
    form.serializeArray().map(({ name, value }): [string, string] => [name, value]),
  );
  const fill = (selector: string | undefined, value: string) => {
    const name = selector && form.find(selector).first().attr("name");
    if (name) fields.set(name, value);
  };
  if (kind !== "consent") {
    fill(
      emailFields.find((field) => form.find(field).length > 0),
      signIn.email,
    );
    fill(passwordField, signIn.password);
  }
  // The button that the Enter key would press.
  const button = form.find(kind === "consent" ? acceptButton : submitButton).first();
  const pressed = button.attr("name");
  if (pressed) fields.set(pressed, button.attr("value") ?? "");

  const action = new URL(form.attr("action") ?? "", page.url);
  requireSameSite(action, page.url, signIn.email);
  if (form.attr("method")?.toLowerCase() === "post") {
    return { kind, request: { url: action, form: fields } };
  }
  if (kind === "password") return undefined; // A password never goes into an address.
  action.search = fields.toString();
  return { kind, request: { url: action } };
}

/** The page's message about the error: its error line, otherwise its heading. */
function refusedBy(page: Page, email: string): PageRefusal {
  const document = load(page.html);
  const said = ["[role=alert]", "[id^=error]", "[class*=error]", "h1", "title", "body"]
    .flatMap((selector) => document(selector).toArray())
    .map((element) => firstLine(document(element).text()))
    .find((line) => line !== "");
  const { status, url } = page;
  return new PageRefusal(
    `sign-in of ${email} failed: ${said ?? "an empty page"} (status ${status}, ${url.origin}${url.pathname})`,
    url.origin,
    status,
  );
}
