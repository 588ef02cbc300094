/** A person at a real browser: every address on the way, and everything that went wrong in a page. */
import assert from "node:assert/strict";
import type { Browser, BrowserContext, Page } from "playwright-core";
import type { StackOutputs } from "../../../commands/stack/outputs";

/** What the book's page shows of what its services may tell. */
export interface Shown {
  /** The headings of its panes. */
  readonly panes: readonly string[];
  /** Whether data of the service's own is anywhere on the page. */
  readonly details: boolean;
  readonly reviews: boolean;
}

/** Milliseconds for a step: where redirects never end the browser gives up sooner. */
const timeoutMs = 20_000;

export class Person {
  readonly #navigations: string[] = [];
  readonly #complaints: string[] = [];
  /** Of the last page. */
  status: number | undefined;

  private constructor(
    private readonly context: BrowserContext,
    private readonly page: Page,
    private readonly outputs: Pick<StackOutputs, "gatewayUrl" | "issuer">,
  ) {
    page.on("request", (request) => {
      if (request.isNavigationRequest()) this.#navigations.push(request.url());
    });
    page.on("response", (response) => {
      if (response.request().isNavigationRequest()) this.status = response.status();
    });
    page.on("console", (message) => {
      if (!["error", "warning"].includes(message.type())) return;
      this.#complaints.push(`${message.text()} (${message.location().url})`);
    });
    page.on("pageerror", ({ message }) => this.#complaints.push(message));
  }

  /** Somebody whom this browser has never seen. */
  static async of(browser: Browser, outputs: StackOutputs): Promise<Person> {
    const context = await browser.newContext({
      // The tenant's authority is the sandbox's own; that its certificates are right is for other tests.
      ignoreHTTPSErrors: true,
      viewport: { width: 960, height: 680 },
    });
    context.setDefaultTimeout(timeoutMs);
    return new Person(context, await context.newPage(), outputs);
  }

  async open(path: string): Promise<void> {
    await this.page.goto(new URL(path, this.outputs.gatewayUrl).href);
  }

  async click(link: string): Promise<void> {
    await this.page.getByRole("link", { name: link, exact: true }).click();
    await this.page.waitForLoadState();
  }

  async back(): Promise<void> {
    await this.page.goBack();
  }

  async reload(): Promise<void> {
    await this.page.reload();
  }

  /** Fills the provider's form, and goes wherever it leads. */
  async submit(email: string, password: string): Promise<void> {
    await this.page.getByLabel("Email address").fill(email);
    await this.page.getByLabel("Password").fill(password);
    await this.page.getByRole("button", { name: "Continue" }).click();
    await this.page.waitForLoadState();
  }

  /** Waits for a page whose scripts may lead to it. */
  async arriveAt(path: string): Promise<void> {
    await this.page.waitForURL(new URL(path, this.outputs.gatewayUrl).href);
  }

  /** Where the person is: as the ways say it. */
  get place(): string {
    return this.#placeOf(this.page.url());
  }

  async shown(): Promise<Shown> {
    const panes = await this.page.locator("section h2").allTextContents();
    const html = await this.page.content();
    return { panes, details: html.includes("ISBN-10"), reviews: html.includes("Reviewer1") };
  }

  /** The page's own heading. */
  heading(): Promise<string> {
    return this.page.locator("h1, .title").first().innerText();
  }

  /** What a form complains about. */
  alert(): Promise<string> {
    return this.page.getByRole("alert").innerText();
  }

  /** What a script of the page gets. */
  statusOf(path: string): Promise<number> {
    return this.page.evaluate(async (wanted) => (await fetch(wanted)).status, path);
  }

  /** Where the browser went since this was asked last, redirects too: paths, with what is new each time left out. */
  takeWay(): string[] {
    return this.#navigations.splice(0).map((url) => this.#placeOf(url));
  }

  /** What pages and their scripts complained about since this was asked last. */
  takeComplaints(): string[] {
    return this.#complaints.splice(0);
  }

  /** Where the provider sends a user who refuses what the last sign-in requested. */
  denial(): URL {
    const begun = this.#navigations.find((url) => url.includes("/authorize?"));
    assert.ok(begun, this.#navigations.join(" → "));
    const { searchParams } = new URL(begun);
    const answer = new URL(searchParams.get("redirect_uri") ?? "");
    answer.searchParams.set("error", "access_denied");
    answer.searchParams.set("error_description", "User did not authorize the request");
    answer.searchParams.set("state", searchParams.get("state") ?? "");
    return answer;
  }

  async picture(path: string): Promise<void> {
    await this.page.screenshot({ path });
  }

  async leave(): Promise<void> {
    await this.context.close();
  }

  #placeOf(url: string): string {
    const { origin, pathname } = new URL(url);
    const path = pathname.replace(/^(\/u\/login|\/authorize)\/.*/, "$1/…");
    if (origin === this.outputs.gatewayUrl) return path;
    return origin === new URL(this.outputs.issuer).origin ? `tenant${path}` : url;
  }
}
