/**
 * A mesh with Bookinfo in it, as far as requests can tell: a gateway over HTTP, what every service
 * answers to every caller, and the sidecars' own ports. It has policies of its own, so that it
 * agrees with the table only if both are right.
 */
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { PassThrough } from "node:stream";
import { createInterface } from "node:readline";
import type { JWTPayload } from "jose";
import type { V1Pod } from "@kubernetes/client-node";
import { application as bookinfo } from "../../../../../application";
import type { TokenChecks } from "../../../../../commands/verify/plan/expectations";
import type { Identity } from "../../../../../commands/verify/probes/identities";
import type { Plain } from "../../../../../commands/stack/cluster";
import type { Observed, ProbeRequest } from "../../../../../commands/verify/probes/observed";
import type { Running } from "./cluster";
import { authenticate, normalized } from "./envoy";
import type { Answer, Seen, TokenRules } from "./envoy";
import { meshedPod } from "./workloads";

/** What one rule of a policy asks for; what it does not name may be anything. */
export interface Rule {
  /** Service accounts, as namespace/name. */
  readonly callers?: readonly string[];
  readonly permission?: string;
  readonly methods?: readonly string[];
}

/** A route of the gateway. */
export type Route = { readonly exact: string } | { readonly prefix: string };

export interface MeshOptions extends Pick<TokenRules, "issuer" | "audience" | "keys"> {
  /** Whose tokens fit where one is asked for, by `azp`. Left out: any client's. */
  readonly clients?: readonly string[] | undefined;
  /** Where tokens are checked. Left out: at every service. */
  readonly checks?: TokenChecks;
  /** Left out: any audience will do. */
  readonly audienceChecked?: boolean;
  /** Left out: tokens count in the Authorization header alone; else in the query too. */
  readonly fromHeaders?: boolean;
  /** Left out: mutual TLS is strict; else plain text is let in too, and has no identity. */
  readonly strict?: boolean;
  /** Left out: nobody reaches a service that no policy names; else everybody does. */
  readonly allowNothing?: boolean;
  /** The services that log what they receive. Left out: none. */
  readonly recording?: readonly string[];
  /** A service that gets a copy of what the sidecar of details refuses. Left out: none. */
  readonly copied?: string;
  /** How many requests find nobody at the unlisted server's name, where an earlier address is still known. Left out: none. */
  readonly lost?: number;
}

export interface Mesh {
  readonly gatewayUrl: string;
  /** By service; any one of its rules lets a request in. */
  readonly policies: Map<string, readonly Rule[]>;
  /** What the gateway lets through to productpage. */
  readonly routes: Route[];
  /** The services' pods, as the API server lists them. */
  readonly workloads: readonly Plain<V1Pod>[];
  /** What a service has logged. */
  readonly logs: ReadonlyMap<string, string[]>;
  /** Answers requests from a pod, in place of the probe script. */
  run(pod: Plain<V1Pod>): Running;
  close(): Promise<void>;
}

/** What a request from `caller` to `host` gets. */
type Call = (caller: string, host: string, request: Seen) => Promise<Answer>;

const denied: Answer = { status: 403, body: "RBAC: access denied" };
const noRoute: Answer = { status: 404, body: "" };
/** The services' own paths. */
const served = /^\/(?:productpage|api\/v1\/products.*|(?:details|reviews|ratings)\/0)?(?:\?.*)?$/;
const gateway = "istio-ingress/istio-ingress";
const accountOf = (service: string) => `bookinfo/bookinfo-${service}`;

const versions = ["productpage-v1", "details-v1", "reviews-v1", "reviews-v2", "reviews-v3"];
const workloads = [...versions, "ratings-v1"].map((name, position): Plain<V1Pod> => {
  const [app = "", version = ""] = name.split("-");
  const pod = meshedPod({
    name,
    namespace: "bookinfo",
    account: `bookinfo-${app}`,
    labels: { app, version },
    port: 9080,
  });
  return { ...pod, status: { phase: "Running", podIP: `10.0.0.${position + 1}` } };
});

const everyService: TokenChecks = { atGateway: false, atServices: "all", required: false };

function isListed(claims: JWTPayload | undefined, clients: readonly string[] | undefined): boolean {
  if (claims === undefined) return false;
  return clients === undefined || clients.some((client) => client === claims.azp);
}

export async function startMesh(options: MeshOptions): Promise<Mesh> {
  const { strict = true, allowNothing = true, clients } = options;
  const { atGateway, atServices, required } = options.checks ?? everyService;
  const rules: TokenRules = { audienceChecked: true, fromHeaders: true, ...options };
  const policies = new Map<string, readonly Rule[]>([
    ["productpage", [{ callers: [gateway] }]],
    ["details", [{ callers: [accountOf("productpage")], permission: "read:book-details" }]],
    ["reviews", [{ callers: [accountOf("productpage")], permission: "read:book-reviews" }]],
    ["ratings", [{ callers: [accountOf("reviews")], permission: "read:book-reviews" }]],
  ]);
  const routes: Route[] = [...(bookinfo.services.productpage?.routes ?? [])];

  const logs = new Map(options.recording?.map((service) => [service, [] as string[]]));
  const log = (service: string, { method, path, headers }: Seen) => {
    logs.get(service)?.push(`${method} ${path} ${headers["x-verify-request"] ?? ""}`);
  };

  let { lost = 0 } = options;
  const isLost = (host: string) => host === "verify-unlisted" && lost > 0 && (lost -= 1) >= 0;

  const call: Call = async (caller, host, request) => {
    const [service = ""] = host.replace(/^verify-/, "").split("-");
    const isChecked = atServices === "all" || ["details", "reviews", "ratings"].includes(service);
    const { claims, refusal } = isChecked ? await authenticate(request, rules) : {};
    if (refusal !== undefined) return refusal;
    const held = isListed(claims, clients) ? [claims?.permissions].flat() : [];
    const policy = policies.get(service) ?? (allowNothing ? [] : [{}]);
    const allowed = policy.some(
      ({ callers = [caller], permission, methods = [request.method] }) =>
        callers.includes(caller) &&
        methods.includes(request.method) &&
        (permission === undefined || held.includes(permission)),
    );
    if (service === "details" && !allowed && options.copied) log(options.copied, request);
    if (!allowed) return denied;
    log(service, request);
    if (!served.test(normalized(request.path))) return { status: 404, body: "not here" };
    if (service !== "reviews") return { status: 200, body: `{"service":"${host}"}` };
    const stars =
      host !== "reviews-v1" &&
      (await call(accountOf("reviews"), "ratings", onward(request, "/ratings/0")));
    const rating = stars && (stars.status === 200 ? { stars: 5 } : { error: "unavailable" });
    return { status: 200, body: JSON.stringify({ reviews: [{ ...(rating && { rating }) }] }) };
  };
  const throughGateway = async (request: Seen) => {
    const path = normalized(request.path);
    const [bare = ""] = path.split("?");
    if (atGateway) {
      const { claims, refusal } = await authenticate(request, rules);
      if (refusal !== undefined) return refusal;
      if (required && !isListed(claims, clients)) return denied;
    }
    const routed = routes.some((route) =>
      "exact" in route ? bare === route.exact : bare.startsWith(route.prefix),
    );
    if (!routed) return noRoute;
    const first = await call(gateway, "productpage", { ...request, path });
    const backend = /^\/api\/v1\/products\/0(?:\/(reviews|ratings))?$/.exec(bare);
    if (first.status !== 200 || backend === null) return first;
    const service = backend[1] ?? "details";
    const second = await call(accountOf("productpage"), service, onward(request, `/${service}/0`));
    return second.status === 200 ? second : { ...second, body: '{"error": "Sorry"}' };
  };

  const server = createServer((request, response) => {
    throughGateway(seen(request)).then(
      ({ status, body }) => response.writeHead(status).end(body),
      () => response.destroy(),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    gatewayUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    policies,
    routes,
    workloads,
    logs,
    run: (pod) => running(pod, { call, strict, isLost }),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** What a service asks of the next one: it forwards this header, and no query. */
function onward({ headers: { authorization } }: Seen, path: string): Seen {
  return { method: "GET", path, headers: { authorization } };
}

function seen({ method = "", url = "", headersDistinct }: IncomingMessage): Seen {
  const headers = Object.entries(headersDistinct).map(([name, values = []]) => [
    name,
    values.join(),
  ]);
  return { method, path: url, headers: Object.fromEntries(headers) as Seen["headers"] };
}

/** What answers at a sidecar's own ports, for any client; the others are captured, and want mutual TLS. */
const openPorts: Readonly<Record<string, (path: string) => Answer>> = {
  15020: (path) =>
    path === "/stats/prometheus"
      ? { status: 200, body: "# metrics" }
      : { status: 403, body: "Only requests from localhost are allowed\n" },
  15021: (path) => (path === "/healthz/ready" ? { status: 200, body: "" } : noRoute),
  15090: (path) => (path === "/stats/prometheus" ? { status: 200, body: "# metrics" } : noRoute),
};

/** The service account that a certificate is for. */
function accountIn(certificate: string): string {
  const { subjectAltName = "" } = new X509Certificate(certificate);
  return subjectAltName.replace("URI:spiffe://cluster.local/ns/", "").replace("/sa/", "/");
}

/** What decides what a pod's requests get. */
interface Between {
  readonly call: Call;
  readonly strict: boolean;
  readonly isLost: (host: string) => boolean;
}

/** What a pod's requests get, or those that it sends by another's certificate. */
function sender(pod: Plain<V1Pod>, { call, strict, isLost }: Between, certificate?: string) {
  const { labels, annotations, namespace = "" } = pod.metadata ?? {};
  const inject = "sidecar.istio.io/inject";
  const hasSidecar = labels?.[inject] !== "false" || annotations?.[inject] !== "false";
  const plain = !hasSidecar && certificate === undefined;
  const own = `${namespace}/${pod.spec?.serviceAccountName ?? ""}`;
  const caller = plain ? "" : certificate === undefined ? own : accountIn(certificate);
  const serves = pod.spec?.containers[0]?.command?.at(-1)?.includes("listen(9080)") === true;
  return async ({ method, origin, path, headers }: ProbeRequest): Promise<Answer | string> => {
    const { hostname, port } = new URL(origin);
    if (hostname === "127.0.0.1") return serves ? { status: 200, body: "" } : "ECONNREFUSED";
    const [host = "", where = namespace] = authority(origin, path, headers).split(".");
    if (where !== "bookinfo" && !/^\d+$/.test(where)) return "ENOTFOUND";
    const open = openPorts[port];
    if (open !== undefined) return open(path);
    if (isLost(host)) return "ETIMEDOUT";
    if (plain && strict) return "ECONNRESET";
    if (/^\d+$/.test(where)) return denied;
    const joined = Object.entries(headers).map(([name, value]) => [name, [value].flat().join()]);
    const request = { method, path, headers: Object.fromEntries(joined) as Seen["headers"] };
    return call(caller, host, request);
  };
}

/** The host that a request means, by what is said last: its address, its Host, its absolute path. */
function authority(origin: string, path: string, headers: ProbeRequest["headers"]): string {
  const host = headers.host === undefined ? origin : `http://${[headers.host].flat().join()}`;
  return new URL(path.startsWith("/") ? host : path).hostname;
}

function running(pod: Plain<V1Pod>, between: Between): Running {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const perform = async (
    send: ReturnType<typeof sender>,
    request: ProbeRequest,
  ): Promise<Observed> => {
    const answer = await send(request);
    return typeof answer === "string" ? { error: answer } : { ...answer, headers: {} };
  };
  const answerAll = async () => {
    // One batch after the other, so that their results come in order.
    for await (const line of createInterface({ input: stdin })) {
      const { requests, identity } = JSON.parse(line) as {
        requests: ProbeRequest[];
        identity?: Identity;
      };
      const send = sender(pod, between, identity?.certificate);
      const answers: Observed[] = [];
      for (const request of requests) answers.push(await perform(send, request));
      stdout.write(`${JSON.stringify(answers)}\n`);
    }
    stdout.end();
  };
  answerAll().catch((error: unknown) => stdout.destroy(error as Error));
  return { stdin, stdout, stderr };
}
