/** A tenant whose calls by the auth0 stand-in are recorded, and resources that are made and changed through it. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import tls from "node:tls";
import { ManagementClient } from "auth0";
import { auth0 } from "../../../local/plugins/auth0/auth0";
import { ManagementApi } from "../../../local/plugins/auth0/managementApi";
import type { Properties } from "../../../local/plugins/shared/values";
import { certificateAuthority, startTenant } from "../../../local/tenant/server";

const management = { clientId: "management", clientSecret: "a secret of the management" };
const operation = { urn: "urn", timeoutSeconds: undefined, signal: new AbortController().signal };

/** A tenant, and what it is asked through the plug-in. */
export interface Asked {
  readonly api: ManagementApi;
  /** The calls since the last time, each as `METHOD path body`, with the given names in place of ids. */
  readonly calls: () => string[];
  readonly name: (id: string, name: string) => void;
}

/** Starts a tenant, and opens its Management API as the plug-in does. */
export async function start(t: TestContext, requestsPerSecond?: number): Promise<Asked> {
  const stateDirectory = mkdtempSync(join(tmpdir(), "auth0-calls-"));
  const listen = { host: "127.0.0.1", port: 0 };
  const tenant = await startTenant({
    domain: "localhost",
    listen,
    stateDirectory,
    management,
    requestsPerSecond,
  });
  t.after(async () => {
    await tenant.close();
    rmSync(stateDirectory, { recursive: true });
  });
  const authority = await certificateAuthority(stateDirectory, ["localhost"]);
  tls.setDefaultCACertificates([...tls.getCACertificates("default"), authority]);
  const client = new ManagementClient({ domain: tenant.domain, ...management, maxRetries: 10 });
  const address = `https://${tenant.domain}/api/v2`;
  const made: string[] = [];
  const names = new Map<string, string>();
  const ask = client.fetch.bind(client);
  client.fetch = (input, init, options) => {
    assert.ok(typeof input === "string");
    const path = decodeURIComponent(input.slice(address.length + 1));
    const body = typeof init?.body === "string" ? ` ${init.body}` : "";
    made.push(`${init?.method ?? "GET"} ${path}${body}`);
    return ask(input, init, options);
  };
  return {
    api: new ManagementApi(() => Promise.resolve(client), address),
    calls: () =>
      made
        .splice(0)
        .map((call) => [...names].reduce((text, [id, name]) => text.replaceAll(id, name), call)),
    name: (id, name) => names.set(id, name),
  };
}

/** A resource of the program, from its making to its end. */
export class Resource {
  private constructor(
    private readonly asked: Asked,
    private readonly type: NonNullable<ReturnType<typeof auth0.resourceType>>,
    readonly id: string,
    private state: { inputs: Properties; outputs: Properties },
  ) {}

  /** @param token such as `role:Role` */
  static async make(asked: Asked, token: string, given: Properties): Promise<Resource> {
    const type = auth0.resourceType(`auth0:index/${token}`);
    assert.ok(type, token);
    const context = { name: "thing", previous: undefined, suffix: "0123456789abcdef" };
    const { inputs, failures } = type.check(given, context, asked.api);
    assert.deepEqual(failures, []);
    const { id, outputs } = await type.create(asked.api, { ...operation, inputs });
    return new Resource(asked, type, id, { inputs, outputs });
  }

  private get existing() {
    return { urn: "urn", id: this.id, ...this.state };
  }

  async refresh(): Promise<void> {
    const live = await this.type.read(this.asked.api, this.existing, operation.signal);
    assert.ok(live);
    assert.deepEqual(live.inputs, this.state.inputs);
  }

  async change(given: Properties): Promise<void> {
    const inputs = { ...this.state.inputs, ...given };
    const all = { ...operation, inputs };
    const outputs = await this.type.update(this.asked.api, this.existing, all);
    this.state = { inputs, outputs };
  }

  remove(): Promise<void> {
    return this.type.delete(this.asked.api, this.existing, operation);
  }
}
