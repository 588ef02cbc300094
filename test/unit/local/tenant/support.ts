/** Starts a tenant on a free port, calls its Management API, and checks its answers. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import tls from "node:tls";

import {
  certificateAuthority,
  startTenant,
  type TenantOptions,
} from "../../../../local/tenant/server";

export const management = { clientId: "management", clientSecret: "a secret of the management" };

/** An empty directory; the caller removes it. */
export function temporaryDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), "tenant-test-"));
}

/** Makes this process trust the tenant whose state is in the directory. */
export async function trust(stateDirectory: string): Promise<void> {
  const authority = await certificateAuthority(stateDirectory, ["localhost"]);
  tls.setDefaultCACertificates([...tls.getCACertificates("default"), authority]);
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** The keys of this process's tenants: to make them takes longer than most of what a test does with its tenant. */
let keys: Buffer | undefined;

/** A running tenant and the ways to talk to it that the tests share. */
export class TestTenant {
  private constructor(
    readonly stateDirectory: string,
    private running: Awaited<ReturnType<typeof startTenant>>,
    private token: string,
  ) {}

  /** Starts an empty tenant on a free port. */
  static async start(options: Pick<TenantOptions, "requestsPerSecond"> = {}): Promise<TestTenant> {
    const stateDirectory = await temporaryDirectory();
    await trust(stateDirectory);
    const keyFile = join(stateDirectory, "keys.json");
    if (keys !== undefined) await writeFile(keyFile, keys, { mode: 0o600 });
    const listen = { host: "127.0.0.1", port: 0 };
    const running = await startTenant({
      domain: "unused",
      // A second name that needs no entry in a hosts file.
      customDomain: "127.0.0.1",
      listen,
      stateDirectory,
      management,
      ...options,
    });
    keys ??= await readFile(keyFile);
    const tenant = new TestTenant(stateDirectory, running, "");
    tenant.token = await tenant.managementToken();
    return tenant;
  }

  get domain(): string {
    return this.running.domain;
  }

  get issuer(): string {
    return `https://${this.domain}/`;
  }

  /** What it calls itself at its custom domain. */
  get customIssuer(): string {
    return `https://${this.running.customDomain ?? ""}/`;
  }

  /** Ends the tenant and removes what it left on the disk. */
  async stop(): Promise<void> {
    await this.running.close();
    await rm(this.stateDirectory, { recursive: true });
  }

  /** Stops the tenant and starts it again on the same port and state. */
  async restart(): Promise<void> {
    const { domain, customDomain, port } = this.running;
    await this.running.close();
    const listen = { host: "127.0.0.1", port };
    const { stateDirectory } = this;
    this.running = await startTenant({
      domain,
      customDomain,
      listen,
      stateDirectory,
      management,
    });
  }

  async managementToken(parameters: Readonly<Record<string, string>> = {}): Promise<string> {
    const { status, body } = await this.tokenRequest({
      grant_type: "client_credentials",
      client_id: management.clientId,
      client_secret: management.clientSecret,
      audience: `${this.issuer}api/v2/`,
      ...parameters,
    });
    assert.equal(status, 200);
    return text(body, "access_token");
  }

  /** A form post to the token endpoint. */
  async tokenRequest(form: Readonly<Record<string, string>>): Promise<Answer> {
    return answerOf(
      await fetch(`${this.issuer}oauth/token`, {
        method: "POST",
        body: new URLSearchParams(form),
      }),
    );
  }

  /** A call of the Management API with the management client's token. */
  async call(method: string, path: string, body?: unknown, token = this.token): Promise<Answer> {
    return answerOf(
      await fetch(`${this.issuer}api/v2${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: body === undefined ? null : JSON.stringify(body),
      }),
    );
  }

  /** A call that makes something: its answer, after a check that it was made. A new role is a 200, all else a 201. */
  async make(path: string, body: unknown): Promise<object> {
    const answer = await this.call("POST", path, body);
    assert.equal(answer.status, path === "/roles" ? 200 : 201, JSON.stringify(answer.body));
    assert.ok(typeof answer.body === "object" && answer.body !== null);
    return answer.body;
  }
}

export async function answerOf(response: Response): Promise<Answer> {
  const raw = await response.text();
  return { status: response.status, body: raw === "" ? undefined : (JSON.parse(raw) as unknown) };
}

/** A text property of an answer. */
export function text(body: unknown, name: string): string {
  const value = property(body, name);
  assert.ok(typeof value === "string", `${name} is not a text in ${JSON.stringify(body)}`);
  return value;
}

/** A property of an answer. */
export function property(body: unknown, name: string): unknown {
  assert.ok(typeof body === "object" && body !== null, `not an object: ${String(body)}`);
  return Reflect.get(body, name);
}

/** Checks that the Management API refused, in Auth0's shape. */
export function refused(
  answer: Answer,
  statusCode: number,
  errorCode: string,
  message?: string,
): void {
  assert.equal(answer.status, statusCode, JSON.stringify(answer.body));
  assert.partialDeepStrictEqual(answer.body, {
    statusCode,
    errorCode,
    ...(message !== undefined && { message }),
  });
}
