/** An API server that knows pods and Services: it keeps them, and runs commands in them over WebSockets. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex, Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import type { V1Pod, V1PodStatus, V1Service } from "@kubernetes/client-node";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";
import type { Plain } from "../../../verify/probe-pod";

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
}

export interface Cluster {
  readonly kubeconfig: string;
  /** The pods that are there, by name. */
  readonly pods: Map<string, Plain<V1Pod>>;
  /** The Services that are there, by name. */
  readonly services: Map<string, Plain<V1Service>>;
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
const namespacePath = "/api/v1/namespaces/bookinfo";

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const pods = new Map<string, Plain<V1Pod>>();
  const services = new Map<string, Plain<V1Service>>();
  const created: Plain<V1Pod>[] = [];
  const requests: string[] = [];

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    requests.push(`${request.method ?? ""} ${request.url ?? ""}`);
    const url = new URL(request.url ?? "", "http://cluster");
    const reply = (status: number, body: object) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    const isSelected = selects(url.searchParams.get("labelSelector") ?? "");
    if (url.pathname === `${namespacePath}/services`) {
      if (request.method === "DELETE") {
        for (const [name, each] of services) if (isSelected(each)) services.delete(name);
        reply(200, { kind: "Status", status: "Success" });
      } else {
        const service = JSON.parse(await text(request)) as Plain<V1Service>;
        services.set(service.metadata?.name ?? "", service);
        reply(201, service);
      }
      return;
    }
    if (url.pathname !== `${namespacePath}/pods`) {
      reply(404, { message: "not here" });
      return;
    }
    const selected = [...pods.values()].filter(isSelected);
    if (request.method === "GET") {
      const items = selected.map((pod) => ({ ...pod, status: options.status?.(pod) ?? ready }));
      reply(200, { kind: "PodList", items });
    } else if (request.method === "DELETE") {
      for (const pod of selected) pods.delete(pod.metadata?.name ?? "");
      reply(200, { kind: "Status", status: "Success" });
    } else {
      const pod = JSON.parse(await text(request)) as Plain<V1Pod>;
      const refusal = options.refuse?.(pod);
      if (refusal !== undefined) {
        reply(403, { kind: "Status", message: refusal });
        return;
      }
      created.push(pod);
      pods.set(pod.metadata?.name ?? "", pod);
      reply(201, pod);
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
    requests.push(`EXEC ${request.url ?? ""}`);
    const url = new URL(request.url ?? "", "http://cluster");
    const pod = pods.get(url.pathname.split("/").at(-2) ?? "");
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

function selects(selector: string): (labelled: Plain<Pick<V1Pod, "metadata">>) => boolean {
  const wanted = selector.split(",").map((part) => part.split("="));
  return ({ metadata }) => wanted.every(([key = "", value]) => metadata?.labels?.[key] === value);
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
