import { mkdir } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";

import { serverIdentity } from "./certificate";
import { sendJson, UnreadableRequest, urlOf } from "./http";
import { KeyRing } from "./keys";
import { defaultRequestsPerSecond, RateLimit } from "./management/rateLimit";
import { isManagementPath, manage } from "./management/router";
import { openProtocolRecords, type ProtocolRecords } from "./oidc/adapter";
import { createProvider } from "./oidc/provider";
import { asFormRequest } from "./oidc/requests";
import type { TenantOptions } from "./options";
import { createRealm, type Realm } from "./realm/realm";
import { bootstrap, openState } from "./state";
import { atDomain, createTenant, type Tenant } from "./tenant";

export { certificateAuthority } from "./certificate";
export type { TenantOptions } from "./options";

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** A running tenant. */
export interface RunningTenant {
  /** Host, or HOST:PORT: the beginning of its URLs, after https:// */
  readonly domain: string;
  /** The same for its other name, if it has one. */
  readonly customDomain: string | undefined;
  readonly port: number;
  /** Stops listening and ends every connection; resolves when everything that was acknowledged is on the disk. */
  close(): Promise<void>;
}

/**
 * Starts an Auth0-compatible tenant over HTTPS.
 *
 * @throws Error if the address is taken, or the state directory contains something other than a tenant's state
 */
export async function startTenant(options: TenantOptions): Promise<RunningTenant> {
  const { listen, stateDirectory } = options;
  await mkdir(stateDirectory, { recursive: true, mode: 0o700 });
  const hosts = [
    listen.port === 0 ? "localhost" : hostOf(options.domain),
    ...(options.customDomain === undefined ? [] : [hostOf(options.customDomain)]),
  ];
  const { certificate, key } = await serverIdentity(stateDirectory, hosts);
  const server = createServer({ cert: certificate, key, minVersion: "TLSv1.2" });
  // Listening comes before the state is read, so that a second tenant on the same directory stops here.
  const port = await listenOn(server, listen);
  const named = (name: string) => (listen.port === 0 ? `${hostOf(name)}:${port}` : name);
  const domain = listen.port === 0 ? named("localhost") : options.domain;
  const customDomain = options.customDomain && named(options.customDomain);
  const opening = openTenant({ domain, customDomain }, options);
  // Requests that come before everything is read wait; each of them is answered.
  server.on("request", (request, response) => {
    void opening.then(
      ({ handle }) => handle(request, response),
      () => response.destroy(),
    );
  });
  try {
    const { files } = await opening;
    return { domain, customDomain, port, close: () => close(server, files) };
  } catch (error) {
    server.close();
    server.closeAllConnections();
    throw error;
  }
}

interface OpenTenant {
  readonly handle: Handler;
  readonly files: readonly { save(): Promise<void> }[];
}

async function openTenant(
  { domain, customDomain }: Pick<TenantOptions, "domain" | "customDomain">,
  {
    stateDirectory,
    management,
    requestsPerSecond = defaultRequestsPerSecond,
    realm,
  }: TenantOptions,
): Promise<OpenTenant> {
  const keys = await KeyRing.open(stateDirectory);
  const state = await openState(stateDirectory);
  const tenant = createTenant(domain, state, keys, new RateLimit(requestsPerSecond));
  bootstrap(tenant.state, tenant.managementAudience, management);
  await tenant.save();
  const records = await openProtocolRecords(stateDirectory);
  const tenants = customDomain === undefined ? [tenant] : [tenant, atDomain(customDomain, tenant)];
  if (realm === undefined)
    return { handle: createHandler(tenants, records), files: [state, records] };
  const ofRealm = await openProtocolRecords(stateDirectory, "realm-sessions.json");
  const { cookieKeys } = tenant.state;
  const handleRealm = await createRealm(domain, realm, keys, ofRealm, cookieKeys);
  return { handle: createHandler(tenants, records, handleRealm), files: [state, records, ofRealm] };
}

function hostOf(domain: string): string {
  return domain.replace(/:[0-9]+$/, "");
}

function listenOn(server: Server, { host, port }: TenantOptions["listen"]): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      reject(new Error(`cannot listen on ${host}:${port}: ${error.message}`));
    });
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

function close(server: Server, files: OpenTenant["files"]): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close(() => {
      Promise.all(files.map((file) => file.save())).then(() => {
        resolve();
      }, reject);
    });
    server.closeAllConnections();
  });
}

/**
 * @param tenants the tenant under each of its names, its own first
 * @param realm what runs next to it, under its own name only
 */
function createHandler(
  tenants: readonly Tenant[],
  records: ProtocolRecords,
  realm?: Realm,
): Handler {
  const handlers = tenants.map((tenant, index) => ({
    domain: tenant.domain,
    handle: atName(tenant, records, index === 0 ? realm : undefined),
  }));
  return async (request, response) => {
    const named = handlers.find(({ domain }) => isNamed(request, domain));
    if (named === undefined) {
      const names = handlers.map(({ domain }) => domain).join(" and ");
      // Misdirected Request (RFC 9110, 15.5.20).
      sendJson(response, 421, {
        error: "misdirected_request",
        error_description: `This is ${names}, and requests for another host are not answered.`,
      });
      return;
    }
    // One spelling in every URL.
    request.headers.host = named.domain;
    await named.handle(request, response);
  };
}

/** Answers requests that name the tenant in this way. */
function atName(tenant: Tenant, records: ProtocolRecords, realm?: Realm): Handler {
  const protocol = () => createProvider(tenant, records).callback();
  let authenticate = protocol();
  tenant.keys.onChange(() => {
    authenticate = protocol();
  });
  return async (request, response) => {
    try {
      const { pathname } = urlOf(request);
      if (realm?.owns(pathname) === true) await realm.handle(request, response);
      else if (isManagementPath(pathname)) await manage(tenant, request, response);
      else await authenticate(await asFormRequest(request), response);
    } catch (error) {
      answerFailure(response, error);
    }
  };
}

/**
 * Whether a request names this host. A web page of another site can make its own name resolve to 127.0.0.1 (DNS
 * rebinding); its requests have that name here.
 */
function isNamed({ headers: { host } }: IncomingMessage, domain: string): boolean {
  const withoutDefaultPort = (name: string) => name.toLowerCase().replace(/:443$/, "");
  return host !== undefined && withoutDefaultPort(host) === withoutDefaultPort(domain);
}

function answerFailure(response: ServerResponse, error: unknown): void {
  const isCallersFault = error instanceof UnreadableRequest;
  if (!isCallersFault)
    console.error(`tenant: ${error instanceof Error ? (error.stack ?? error.message) : "failed"}`);
  if (response.headersSent) return;
  if (isCallersFault)
    sendJson(response, 400, { error: "invalid_request", error_description: error.message });
  else sendJson(response, 500, { error: "server_error" });
}
