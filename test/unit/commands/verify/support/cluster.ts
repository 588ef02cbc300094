/** An API server that knows pods and what belongs to them: it keeps them, and runs commands in them over WebSockets. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { connect, type AddressInfo } from "node:net";
import type { Duplex, Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import type { V1Pod, V1PodStatus, V1Service, V1ServiceAccount } from "@kubernetes/client-node";
import { WebSocketServer } from "ws";
import { z } from "zod";
import type { WebSocket } from "ws";
import type { Plain } from "../../../../../commands/stack/cluster";
import type { Authority } from "./authority";
import { injected } from "./workloads";

/** A command that runs in a pod. */
export interface Running {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
}

export interface ClusterOptions {
  /** Runs `command` in `pod`. */
  readonly run: (pod: V1Pod, command: readonly string[]) => Running;
  /** What becomes of a pod; default: it is ready. */
  readonly status?: (pod: Plain<V1Pod>) => Plain<V1PodStatus>;
  /** Refuses the creation of a pod with this message. */
  readonly refuse?: (pod: Plain<V1Pod>) => string | undefined;
  /** Called before a request is answered, with its method and address. */
  readonly before?: (line: string) => void;
  /** Pods that are there already, with a status of their own. */
  readonly workloads?: readonly Plain<V1Pod>[];
  /** Istio's objects, by the plural of their kind in lower case. The lists of other kinds are empty. */
  readonly policies?: Readonly<Record<string, readonly Resource[]>>;
  /** Those whose pods get a sidecar. Default: none. */
  readonly namespaces?: readonly string[];
  /** The mesh's settings. Default: there are none. */
  readonly meshConfig?: object;
  /** The mesh's own authority. Default: there is none. */
  readonly authority?: Authority;
  /** What a pod has logged, or how that is refused. Default: nothing. */
  readonly log?: (pod: string, container: string) => string | { readonly refused: string };
  /** Whether ports may be forwarded. Default: they may. */
  readonly forwards?: boolean;
}

export interface Cluster {
  readonly kubeconfig: string;
  /** The pods that are there in addition to the workloads, as namespace/name. */
  readonly pods: Map<string, Plain<V1Pod>>;
  /** The Services that are there, as namespace/name. */
  readonly services: Map<string, Plain<V1Service>>;
  /** The service accounts that are there, as namespace/name. */
  readonly serviceAccounts: Map<string, Plain<V1ServiceAccount>>;
  /** The NetworkPolicies that runs have made and not removed, as namespace/name. */
  readonly networkPolicies: Map<string, Resource>;
  /** Every pod that was ever created. */
  readonly created: Plain<V1Pod>[];
  /** Every request's method and address. */
  readonly requests: string[];
  close(): Promise<void>;
}

const ready: Plain<V1PodStatus> = {
  phase: "Running",
  conditions: [{ type: "Ready", status: "True" }],
};

const tokenRequest = z.object({ spec: z.object({ audiences: z.array(z.string()) }) });

export interface Resource {
  readonly metadata?: Plain<V1Pod>["metadata"];
  readonly spec?: unknown;
}

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const pods = new Map<string, Plain<V1Pod>>();
  const services = new Map<string, Plain<V1Service>>();
  const serviceAccounts = new Map<string, Plain<V1ServiceAccount>>();
  const networkPolicies = new Map<string, Resource>();
  const kinds: Record<string, Map<string, Resource> | undefined> = {
    networkpolicies: networkPolicies,
    pods,
    services,
    serviceaccounts: serviceAccounts,
  };
  const created: Plain<V1Pod>[] = [];
  const requests: string[] = [];

  const namespaces = (options.namespaces ?? []).map((name) => ({
    metadata: { name, labels: { "istio-injection": "enabled" } },
  }));

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const asked = `${request.method ?? ""} ${request.url ?? ""}`;
    requests.push(asked);
    options.before?.(asked);
    const url = new URL(request.url ?? "", "http://cluster");
    const reply = (status: number, body: object) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    const custom = /^\/apis\/[^/]+\/[^/]+\/(?:namespaces\/([^/]+)\/)?([^/]+)$/.exec(url.pathname);
    if (custom !== null && request.method === "GET") {
      const [, place, plural = ""] = custom;
      const items = [...(options.policies?.[plural] ?? []), ...(kinds[plural]?.values() ?? [])];
      const isThere = ({ metadata }: Resource) =>
        place === undefined || metadata?.namespace === place;
      reply(200, { items: items.filter(isThere) });
      return;
    }
    if (url.pathname.endsWith("/namespaces/istio-system/configmaps/istio")) {
      reply(200, { data: { mesh: JSON.stringify(options.meshConfig ?? {}) } });
      return;
    }
    if (url.pathname.endsWith("/namespaces/istio-system/configmaps/istio-ca-root-cert")) {
      reply(200, { data: { "root-cert.pem": options.authority?.root } });
      return;
    }
    if (url.pathname.endsWith("/namespaces/istio-system/pods")) {
      const metadata = { name: "istiod-1", labels: { app: "istiod" } };
      // The one before it ends, and is ready still.
      const ending = { name: "istiod-0", deletionTimestamp: new Date() };
      const items =
        options.authority === undefined
          ? []
          : [
              { metadata: ending, status: ready },
              { metadata, status: ready },
            ];
      reply(200, { items });
      return;
    }
    const [, home = "", account = ""] =
      /\/namespaces\/([^/]+)\/serviceaccounts\/([^/]+)\/token$/.exec(url.pathname) ?? [];
    if (account !== "") {
      const { spec } = tokenRequest.parse(JSON.parse(await text(request)));
      const isThere = home === "bookinfo" || serviceAccounts.has(`${home}/${account}`);
      if (!isThere) reply(404, { message: `serviceaccounts "${account}" not found` });
      else if (!spec.audiences.includes("istio-ca")) reply(400, { message: "another audience" });
      else reply(201, { status: { token: options.authority?.tokenOf(home, account) } });
      return;
    }
    const [, logged] = /\/namespaces\/[^/]+\/pods\/([^/]+)\/log$/.exec(url.pathname) ?? [];
    if (logged !== undefined) {
      const log = options.log?.(logged, url.searchParams.get("container") ?? "") ?? "";
      if (typeof log === "string")
        response.writeHead(200, { "content-type": "text/plain" }).end(log);
      else reply(403, { kind: "Status", message: log.refused });
      return;
    }
    const [, everywhere] = /^\/api\/v1\/([^/]+)$/.exec(url.pathname) ?? [];
    if (everywhere !== undefined) {
      const items = [
        ...(everywhere === "pods" ? (options.workloads ?? []) : []),
        ...(everywhere === "namespaces" ? namespaces : []),
        ...(kinds[everywhere]?.values() ?? []),
      ];
      reply(200, { items });
      return;
    }
    const [namespace = "", kind = ""] =
      /^\/(?:api|apis\/[^/]+)\/v1\/namespaces\/([^/]+)\/([^/]+)$/.exec(url.pathname)?.slice(1) ??
      [];
    const kept = kinds[kind];
    if (kept === undefined) {
      reply(404, { message: "not here" });
      return;
    }
    const isSelected = selects(namespace, url.searchParams.get("labelSelector") ?? "");
    if (request.method === "DELETE") {
      for (const [name, each] of kept) if (isSelected(each)) kept.delete(name);
      reply(200, { kind: "Status", status: "Success" });
    } else if (request.method === "GET") {
      const started = [...pods.values()].map((pod) => ({
        ...pod,
        status: pod.status ?? options.status?.(pod) ?? ready,
      }));
      const items = [...(options.workloads ?? []), ...started].filter(isSelected);
      reply(200, { kind: "PodList", items });
    } else {
      const written = JSON.parse(await text(request)) as Resource;
      const creationTimestamp = new Date();
      const resource = {
        ...written,
        metadata: { ...written.metadata, namespace, creationTimestamp },
      };
      const name = `${namespace}/${resource.metadata.name ?? ""}`;
      if (kept.has(name)) {
        reply(409, { kind: "Status", message: `${kind} "${name}" already exists` });
        return;
      }
      const refusal = kind === "pods" ? options.refuse?.(resource as Plain<V1Pod>) : undefined;
      if (refusal !== undefined) {
        reply(403, { kind: "Status", message: refusal });
        return;
      }
      if (kind === "pods") created.push(resource as Plain<V1Pod>);
      const inject = resource.metadata.labels?.["sidecar.istio.io/inject"];
      const isInjected = kind === "pods" && inject === "true";
      kept.set(name, isInjected ? injected(resource as Plain<V1Pod>) : resource);
      reply(201, resource);
    }
  };

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: () => "v5.channel.k8s.io",
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    requests.push(
      `${request.url?.includes("/exec") === true ? "EXEC" : "FORWARD"} ${request.url ?? ""}`,
    );
    const url = new URL(request.url ?? "", "http://cluster");
    const [namespace = "", , name = "", verb] = url.pathname.split("/").slice(4);
    const { authority } = options;
    if (verb === "portforward" && options.forwards === false) {
      socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
      return;
    }
    if (verb === "portforward" && authority !== undefined) {
      sockets.handleUpgrade(request, socket, head, (connection) => {
        forward(connection, authority.port, Number(url.searchParams.get("ports")));
      });
      return;
    }
    const pod = pods.get(`${namespace}/${name}`);
    if (pod === undefined) {
      socket.end("HTTP/1.1 404 Not Found\r\n\r\n");
      return;
    }
    sockets.handleUpgrade(request, socket, head, (connection) => {
      attach(connection, options.run(pod, url.searchParams.getAll("command")));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    kubeconfig: kubeconfigFor(`http://127.0.0.1:${port}`),
    pods,
    services,
    serviceAccounts,
    networkPolicies,
    created,
    requests,
    async close() {
      for (const connection of sockets.clients) connection.terminate();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Kubernetes' port forwarding: each stream says its port first; the first one has the data, the second errors. */
function forward(connection: WebSocket, port: number, named: number): void {
  const socket = connect(port, "127.0.0.1");
  const says = Buffer.from([named % 256, Math.floor(named / 256)]);
  for (const stream of [0, 1]) connection.send(Buffer.concat([Buffer.from([stream]), says]));
  connection.on("message", (message: Buffer) => {
    if (message[0] === 0) socket.write(message.subarray(1));
  });
  connection.on("close", () => socket.destroy());
  socket.on("data", (data: Buffer) => {
    connection.send(Buffer.concat([Buffer.from([0]), data]));
  });
  socket
    .on("error", () => undefined)
    .on("close", () => {
      connection.close();
    });
}

/** Kubernetes' remote command protocol: the first byte names the stream. */
function attach(connection: WebSocket, { stdin, stdout, stderr }: Running): void {
  connection.on("message", (message: Buffer) => {
    if (message[0] === 0) stdin.write(message.subarray(1));
  });
  connection.on("close", () => stdin.end());
  const forward = (stream: Readable, channel: number) =>
    stream.on("data", (data: Buffer) => {
      connection.send(Buffer.concat([Buffer.from([channel]), data]));
    });
  forward(stdout, 1);
  forward(stderr, 2);
  stdout.on("close", () => {
    connection.close();
  });
}

/** Of a label selector, `label`, `label=value` and `label in (value,value)`. */
function selects(namespace: string, selector: string): (labelled: Resource) => boolean {
  const wanted = selector.split(/,(?![^(]*\))/).map((part) => {
    const [label = "", values] = part.split(/=| in /);
    return { label, values: values?.replace(/^\(|\)$/g, "").split(",") };
  });
  return ({ metadata }) =>
    metadata?.namespace === namespace &&
    (selector === "" ||
      wanted.every(({ label, values }) => {
        const value = metadata.labels?.[label];
        return value !== undefined && (values?.includes(value) ?? true);
      }));
}

export function kubeconfigFor(server: string): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "test", cluster: { server, "insecure-skip-tls-verify": true } }],
    users: [{ name: "test", user: {} }],
    contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
    "current-context": "test",
  });
}
