/**
 * A mesh with Bookinfo in it, as far as requests can tell: a gateway over HTTP, and what every
 * service answers to every caller. It has policies of its own, so that it agrees with the table
 * only if both are right.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { PassThrough } from "node:stream";
import { createInterface } from "node:readline";
import type { V1Pod } from "@kubernetes/client-node";
import { createLocalJWKSet, decodeJwt, jwtVerify } from "jose";
import type { JWK } from "jose";
import type { Plain } from "../../../verify/probe-pod";
import type { Observed, ProbeRequest } from "../../../verify/prober";
import type { Running } from "./cluster";

interface Policy {
  readonly callers: readonly string[];
  readonly permission?: string;
}

export interface MeshOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly keys: readonly JWK[];
  /** Left out: any audience will do. */
  readonly audienceChecked?: boolean;
  /** Left out: mutual TLS is strict; else plain text is let in too, and has no identity. */
  readonly strict?: boolean;
  /** Left out: nobody reaches a service that no policy names; else everybody does. */
  readonly allowNothing?: boolean;
}

export interface Mesh {
  readonly gatewayUrl: string;
  /** By service. */
  readonly policies: Map<string, Policy>;
  /** Answers requests from a pod, in place of the probe script. */
  run(pod: Plain<V1Pod>): Running;
  close(): Promise<void>;
}

/** What `curl` from `caller` to `host` gets. */
type Call = (caller: string, host: string, authorization: string | undefined) => Promise<Answer>;

interface Answer {
  readonly status: number;
  readonly body: string;
}

export async function startMesh({
  issuer,
  audience,
  keys,
  audienceChecked = true,
  strict = true,
  allowNothing = true,
}: MeshOptions): Promise<Mesh> {
  const policies = new Map<string, Policy>([
    ["productpage", { callers: ["istio-ingress"] }],
    ["details", { callers: ["bookinfo-productpage"], permission: "read:book-details" }],
    ["reviews", { callers: ["bookinfo-productpage"], permission: "read:book-reviews" }],
    ["ratings", { callers: ["bookinfo-reviews"], permission: "read:book-reviews" }],
  ]);
  const keySet = createLocalJWKSet({ keys: [...keys] });

  /** Envoy's order: issuer, time, audience, signature. */
  const refusedToken = async (token: string): Promise<Answer | undefined> => {
    const { iss, exp = 0, aud } = decodeJwt(token);
    if (iss !== issuer) return { status: 401, body: "Jwt issuer is not configured" };
    if (exp * 1000 < Date.now()) return { status: 401, body: "Jwt is expired" };
    if (audienceChecked && ![aud].flat().includes(audience)) {
      return { status: 403, body: "Audiences in Jwt are not allowed" };
    }
    return jwtVerify(token, keySet).then(
      () => undefined,
      () => ({ status: 401, body: "Jwt verification fails" }),
    );
  };
  const call: Call = async (caller, host, authorization) => {
    const [service = ""] = host.replace(/^verify-/, "").split("-");
    const token = authorization?.replace(/^Bearer /, "");
    const refusal = token === undefined ? undefined : await refusedToken(token);
    if (refusal !== undefined) return refusal;
    const held = token === undefined ? [] : [decodeJwt(token).permissions].flat();
    const policy = policies.get(service);
    const allowed =
      policy === undefined
        ? !allowNothing
        : policy.callers.includes(caller) &&
          (policy.permission === undefined || held.includes(policy.permission));
    if (!allowed) return { status: 403, body: "RBAC: access denied" };
    if (service !== "reviews") return { status: 200, body: `{"service":"${host}"}` };
    const stars =
      host !== "reviews-v1" && (await call("bookinfo-reviews", "ratings", authorization));
    const rating = stars && (stars.status === 200 ? { stars: 5 } : { error: "unavailable" });
    return { status: 200, body: JSON.stringify({ reviews: [{ ...(rating && { rating }) }] }) };
  };
  const throughGateway = async (path: string, authorization: string | undefined) => {
    const first = await call("istio-ingress", "productpage", authorization);
    const backend = /^\/api\/v1\/products\/0(?:\/(reviews|ratings))?$/.exec(path);
    if (first.status !== 200 || backend === null) return first;
    const second = await call("bookinfo-productpage", backend[1] ?? "details", authorization);
    return second.status === 200 ? second : { ...second, body: '{"error": "Sorry"}' };
  };

  const server = createServer((request, response) => {
    throughGateway(request.url ?? "", request.headers.authorization).then(
      ({ status, body }) => response.writeHead(status).end(body),
      () => response.destroy(),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    gatewayUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    policies,
    run: (pod) => running(pod, call, strict),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function running(pod: Plain<V1Pod>, call: Call, strict: boolean): Running {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const { labels, annotations } = pod.metadata ?? {};
  const inject = "sidecar.istio.io/inject";
  const plain = labels?.[inject] === "false" && annotations?.[inject] === "false";
  const caller = plain ? "" : (pod.spec?.serviceAccountName ?? "");
  const serves = pod.spec?.containers[0]?.command?.at(-1)?.includes("listen(9080)") === true;
  const perform = async ({ origin, headers }: ProbeRequest): Promise<Observed> => {
    const { hostname } = new URL(origin);
    if (hostname === "127.0.0.1") {
      return serves ? { status: 200, body: "", headers: {} } : { error: "ECONNREFUSED" };
    }
    if (plain && strict) return { error: "ECONNRESET" };
    return { ...(await call(caller, hostname, headers.authorization)), headers: {} };
  };
  createInterface({ input: stdin }).on("line", (line) => {
    const { requests } = JSON.parse(line) as { requests: ProbeRequest[] };
    Promise.all(requests.map(perform)).then(
      (results) => stdout.write(`${JSON.stringify(results)}\n`),
      (error: unknown) => stdout.destroy(error as Error),
    );
  });
  stdin.on("end", () => stdout.end());
  return { stdin, stdout, stderr };
}
