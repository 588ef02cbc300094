/** A sandbox with a login: how it comes up, its people, and what happens to it meanwhile. */
import assert from "node:assert/strict";
import { z } from "zod";
import { end } from "../../../lib/processes";
import { knownDecisions } from "../../../sandbox/state";
import { tenantService } from "../../../sandbox/tenant-service";
import type { StackOutputs } from "../../../commands/stack/outputs";
import type { Fetch } from "../../../lib/http";
import { clientOf } from "../../../commands/stack/client";
import { Clients, outputsOf } from "../clients";
import { sharedSandbox } from "../shared";
import { type Page, Visitor } from "../visitor";

export const moderator = "moderator@bookinfo.example";
/** The path that answers 200 with the permission for details, and 403 without. */
export const details = "/api/v1/products/0";
export const start = "/oauth2/start?rd=/productpage";
export const signOut = "/oauth2/sign_out";
export const callback = "/oauth2/callback";

const usersSchema = z.tuple([z.object({ user_id: z.string() })]);

export class Stand {
  readonly sandbox = sharedSandbox();
  #outputs: StackOutputs | undefined;
  #fetch: Fetch | undefined;

  /** Brings the stack up with these settings; every cell has to be as the table says. */
  async up(...settings: readonly string[]): Promise<void> {
    const words = settings.flatMap((one) => ["--set", one]);
    const { code, out, err } = await this.sandbox.runWords("up", ...words);
    assert.equal(code, 0, `${err}\n${out.slice(-3000)}`);
    assert.match(out, /\n\d+ cells, 0 differences, 0 not tried\n/);
    assert.match(out, /\n {2}moderator@bookinfo\.example \(session\) +200 +200 +200 +200 +403\n/);
    this.#outputs = await outputsOf(this.sandbox);
    this.#fetch = undefined;
  }

  get outputs(): StackOutputs {
    assert.ok(this.#outputs, "the stack is not up");
    return this.#outputs;
  }

  /** Sends requests to the gateway and the provider, whose private authorities count there. */
  get fetch(): Fetch {
    return (this.#fetch ??= clientOf(this.outputs));
  }

  /** A person with a browser that trusts the same. */
  visitor(): Visitor {
    return new Visitor(this.fetch);
  }

  /** A path's address at the gateway. */
  at(path: string): string {
    return new URL(path, this.outputs.gatewayUrl).href;
  }

  credentials(email = moderator) {
    return { email, password: this.outputs.userPasswords[email] ?? "" };
  }

  /** Opens an address that leads to the provider's sign-in, and fills it in. */
  async signIn(visitor: Visitor, path = start, email = moderator): Promise<Page> {
    return visitor.submit(await visitor.open(this.at(path)), this.credentials(email));
  }

  /** Somebody who has just signed in. */
  async signedIn(path = start, email = moderator): Promise<Visitor> {
    const visitor = this.visitor();
    const page = await this.signIn(visitor, path, email);
    assert.deepEqual([page.url, page.status], [this.at("/productpage"), 200], page.way.join(" → "));
    return visitor;
  }

  /** Signs out, at the provider too, and ends where that leads. */
  async signedOut(visitor: Visitor, path = signOut): Promise<Page> {
    const out = await visitor.open(this.at(path));
    if (!out.html.includes("op.logoutForm")) return out;
    const end = await visitor.submit(out);
    return { ...end, way: [...out.way, ...end.way] };
  }

  /** What a visitor gets for a path, or any client with these cookies. */
  async statusOf(visitor: Visitor, path = details): Promise<number> {
    return (await visitor.ask(this.at(path))).status;
  }

  async statusWith(cookie: string, path = details): Promise<number> {
    return (await this.visitor().ask(this.at(path), undefined, { cookie })).status;
  }

  /** What a machine gets that brings its own token. */
  async statusOfMachine(path = details): Promise<number> {
    const authorization = `Bearer ${await this.clients.token("reporting")}`;
    return (await this.visitor().ask(this.at(path), undefined, { authorization })).status;
  }

  get clients(): Clients {
    return Clients.from(this.outputs);
  }

  async shell(command: string): Promise<string> {
    const { code, err, out } = await this.sandbox.shell(command);
    assert.equal(code, 0, err + out);
    return out;
  }

  kubectl(command: string): Promise<string> {
    return this.shell(`kubectl ${command}`);
  }

  /** What a script of productpage's pod prints. */
  async inProductpage(script: string): Promise<string> {
    const pod = "-n bookinfo exec deploy/productpage-v1 -c productpage";
    return (await this.kubectl(`${pod} -- node -e "${script}"`)).trim();
  }

  /** Changes something of the tenant's by its Management API. */
  manage(method: string, path: string, body?: object): Promise<unknown> {
    const secret = knownDecisions(this.sandbox.layout)?.managementSecret ?? "";
    return this.clients.manage(secret, method, path, body);
  }

  /** The moderator's path in the Management API. */
  async account(): Promise<string> {
    const found = await this.manage("GET", `users-by-email?email=${encodeURIComponent(moderator)}`);
    const [{ user_id: id }] = usersSchema.parse(found);
    return `users/${encodeURIComponent(id)}`;
  }

  /** Has the tenant take connections and answer nothing meanwhile. */
  async whileTenantHangs(act: () => Promise<void>): Promise<void> {
    const { pid } = tenantService(this.sandbox.layout);
    assert.ok(pid, "the tenant does not run");
    end(pid, "SIGSTOP");
    try {
      await act();
    } finally {
      end(pid, "SIGCONT");
    }
  }
}
