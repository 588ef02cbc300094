/** A sandbox's services and its tenant, as their clients reach them. */
import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { request } from "node:https";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { application as bookinfo } from "../../application";
import { isFree } from "../../sandbox/state";
import { parseOutputs, type StackOutputs } from "../../commands/stack/outputs";
import type { SandboxCopy } from "./copy";

/** The status that the gateway answers for a service, or why it does not answer. */
export type Answers = Readonly<Record<string, number | string>>;

const paths = {
  productpage: "/productpage",
  details: "/api/v1/products/0",
  reviews: "/api/v1/products/0/reviews",
} as const;

const tokenAnswer = z.object({ access_token: z.string() });

/** What the sandbox's stack exports. */
export async function outputsOf(sandbox: SandboxCopy): Promise<StackOutputs> {
  const { code, out, err } = await sandbox.shell("pulumi stack output --json --show-secrets");
  assert.equal(code, 0, err);
  return parseOutputs(bookinfo, JSON.parse(out));
}

export class Clients {
  private constructor(private readonly outputs: StackOutputs) {}

  static async of(sandbox: SandboxCopy): Promise<Clients> {
    return new Clients(await outputsOf(sandbox));
  }

  static from(outputs: StackOutputs): Clients {
    return new Clients(outputs);
  }

  /** A token of one of the stack's machines. */
  async token(machine: string): Promise<string> {
    const { clientIds, clientSecrets, audience } = this.outputs;
    const id = clientIds.machines[machine] ?? "";
    return this.#credentials(id, clientSecrets.machines[machine] ?? "", audience);
  }

  /** Calls the Management API as the client that manages the tenant. */
  async manage(
    managementSecret: string,
    method: string,
    path: string,
    body: object = {},
  ): Promise<unknown> {
    const audience = `${this.outputs.issuer}api/v2/`;
    const token = await this.#credentials("sandbox-management", managementSecret, audience);
    return this.#tenant(method, `/api/v2/${path}`, body, { authorization: `Bearer ${token}` });
  }

  /** The ids of the keys that the tenant publishes. */
  async publishedKeys(): Promise<string[]> {
    const keys = z.object({ keys: z.array(z.object({ kid: z.string() })) });
    const answer = await this.#tenant("GET", new URL(this.outputs.jwksUri).pathname);
    return keys.parse(answer).keys.map(({ kid }) => kid);
  }

  /** What each service answers through the gateway to a request with this token. */
  async answers(token?: string): Promise<Answers> {
    const entries = Object.entries(paths).map(
      async ([service, path]) => [service, await this.#decision(path, token)] as const,
    );
    return Object.fromEntries(await Promise.all(entries));
  }

  async #credentials(clientId: string, secret: string, audience: string): Promise<string> {
    const answer = await this.#tenant("POST", "/oauth/token", {
      grant_type: "client_credentials",
      client_id: clientId,
      client_secret: secret,
      audience,
    });
    return tokenAnswer.parse(answer).access_token;
  }

  #tenant(
    method: string,
    path: string,
    body: object = {},
    headers: Readonly<Record<string, string>> = {},
  ): Promise<unknown> {
    const url = new URL(path, this.outputs.issuer);
    const sentBody = method === "GET" ? "" : JSON.stringify(body);
    const options = {
      method,
      headers: {
        ...headers,
        host: url.host,
        "content-type": "application/json",
        // Node says it by itself only where a method usually has a body, which DELETE has not.
        "content-length": Buffer.byteLength(sentBody),
      },
      servername: url.hostname,
      host: "127.0.0.1",
      port: url.port,
      path,
      ca: this.outputs.certificateAuthority,
    };
    return new Promise((resolve, reject) => {
      const sent = request(options, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (data: string) => (text += data));
        response.on("end", () => {
          const { statusCode = 0 } = response;
          if (statusCode < 300) resolve(text === "" ? undefined : JSON.parse(text));
          else reject(new Error(`${method} ${path}: ${statusCode}`));
        });
      });
      sent.on("error", reject);
      sent.end(sentBody);
    });
  }

  /**
   * A request that no service answers in time decides nothing (productpage makes it a 500, Envoy a 503), so it
   * is sent again for half a minute.
   */
  async #decision(path: string, token: string | undefined): Promise<number | string> {
    const deadline = Date.now() + 30_000;
    for (;;) {
      const status = await this.#status(path, token);
      const decided = typeof status === "number" && status < 500;
      if (decided || Date.now() > deadline) return status;
      await pause(200);
    }
  }

  #status(path: string, token: string | undefined): Promise<number | string> {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return new Promise((resolve) => {
      const sent = httpRequest(
        new URL(path, this.outputs.gatewayUrl),
        { headers, agent: false, timeout: 20_000 },
        (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        },
      );
      sent.on("timeout", () => sent.destroy(new Error("no answer in time")));
      sent.on("error", ({ message }) => {
        resolve(message);
      });
      sent.end();
    });
  }
}

/** A port of this machine for the gateway's HTTPS. */
export async function freePort(): Promise<number> {
  for (let candidate = 9443; ; candidate += 1) if (await isFree(candidate)) return candidate;
}

/** Tries until nothing is wrong any more, at most for so many milliseconds; then what was wrong last is thrown. */
export async function eventually(deadline: number, check: () => Promise<void>): Promise<void> {
  const end = Date.now() + deadline;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
      await pause(250);
    }
  }
}
