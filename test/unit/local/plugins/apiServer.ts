/** A small Kubernetes API server for tests: real state, server-side apply, JSON Patch, deletion. */
import http from "node:http";
import type { AddressInfo } from "node:net";
import { isDeepStrictEqual } from "node:util";
import { textAt } from "../../../../local/plugins/shared/inputs";
import {
  asProperties,
  isProperties,
  type Properties,
  type Value,
} from "../../../../local/plugins/shared/values";
import { applied, ConflictError } from "./serverSideApply";

const groups: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "/api/v1": {
    namespaces: "Namespace",
    serviceaccounts: "ServiceAccount",
    services: "Service",
    configmaps: "ConfigMap",
    secrets: "Secret",
    pods: "Pod",
  },
  "/apis/apps/v1": { deployments: "Deployment" },
  "/apis/security.istio.io/v1": {
    authorizationpolicies: "AuthorizationPolicy",
    peerauthentications: "PeerAuthentication",
  },
};

export interface RecordedRequest {
  method: string;
  path: string;
  manager: string | undefined;
}

/** What a controller would do to an object that was just applied, such as fill in its status. */
export type Controller = (object: Properties) => void;

export class ApiServer {
  readonly objects = new Map<string, Properties>();
  readonly requests: RecordedRequest[] = [];
  /** Refusals for the next requests, each used once: status and message. */
  readonly refusals: { method: string; code: number; message: string }[] = [];
  controller: Controller = settle;
  /** Objects that are kept elsewhere, by the path of their list. */
  others: (list: string) => readonly Properties[] = () => [];
  private readonly server = http.createServer((request, response) => {
    void this.answer(request, response);
  });

  static async start(): Promise<ApiServer> {
    const apiServer = new ApiServer();
    await new Promise<void>((resolve) => apiServer.server.listen(0, "127.0.0.1", resolve));
    return apiServer;
  }

  get kubeconfig(): string {
    const { port } = this.server.address() as AddressInfo;
    return JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "test",
      clusters: [
        {
          name: "test",
          cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true },
        },
      ],
      users: [{ name: "test", user: { token: "kubeconfig-token-canary" } }],
      contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
    });
  }

  /** The object at a path such as /api/v1/namespaces/shop. */
  object(path: string): Properties {
    const object = this.objects.get(path);
    if (object === undefined) throw new Error(`no object at ${path}`);
    return object;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private async answer(request: http.IncomingMessage, response: http.ServerResponse) {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    const method = request.method ?? "GET";
    const manager = url.searchParams.get("fieldManager") ?? undefined;
    this.requests.push({ method, path: url.pathname, manager });
    const text = Buffer.concat(chunks).toString();
    const body = text === "" ? null : (JSON.parse(text) as Value);
    const refusal = this.refusals.findIndex((planned) => planned.method === method);
    const [planned] = refusal === -1 ? [] : this.refusals.splice(refusal, 1);
    const { code, value } = planned
      ? { code: planned.code, value: { kind: "Status", message: planned.message } }
      : this.handle(method, url, request.headers["content-type"] ?? "", body);
    response.writeHead(code, { "content-type": "application/json" });
    response.end(JSON.stringify(value));
  }

  private handle(
    method: string,
    { pathname, searchParams }: URL,
    contentType: string,
    body: Value,
  ): { code: number; value: Value } {
    const kinds = groups[pathname];
    if (kinds) return { code: 200, value: discovery(kinds) };
    const collection = pathname.split("/").at(-1) ?? "";
    const listed = Object.values(groups).some((group) => collection in group);
    if (method === "GET" && listed && !this.objects.has(pathname)) {
      const here = [...this.objects].filter(([path]) => path.startsWith(`${pathname}/`));
      const all = [...here.map(([, object]) => object), ...this.others(pathname)];
      const selector = searchParams.get("labelSelector") ?? "";
      return { code: 200, value: { items: all.filter((object) => hasLabels(object, selector)) } };
    }
    const live = this.objects.get(pathname);
    if (method === "PATCH" && contentType.startsWith("application/apply-patch")) {
      return this.apply(pathname, live, body, searchParams);
    }
    if (live === undefined) {
      return { code: 404, value: { kind: "Status", message: `${pathname} not found` } };
    }
    if (method === "PATCH" && Array.isArray(body)) {
      for (const operation of body) if (isProperties(operation)) patch(live, operation);
      this.controller(live);
    }
    if (method === "DELETE") this.remove(pathname);
    return { code: 200, value: live };
  }

  /** Removes an object, and with a namespace everything in it. */
  remove(path: string): void {
    const namespace = path.split("/").at(-1) ?? "";
    const inside = path.startsWith("/api/v1/namespaces/") && path.split("/").length === 5;
    for (const other of [...this.objects.keys()]) {
      if (other === path || (inside && other.includes(`/namespaces/${namespace}/`))) {
        this.objects.delete(other);
      }
    }
  }

  private apply(
    path: string,
    live: Properties | undefined,
    body: Value,
    query: URLSearchParams,
  ): { code: number; value: Value } {
    if (!isProperties(body)) throw new Error("an object is expected");
    const manager = query.get("fieldManager") ?? "";
    let object: Properties;
    try {
      object = applied(live, body, manager, query.get("force") === "true");
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      return { code: 409, value: { kind: "Status", message: error.message } };
    }
    if (live?.kind === "Deployment" && !isDeepStrictEqual(selectorOf(live), selectorOf(object))) {
      const message = `Deployment.apps ${JSON.stringify(path.split("/").at(-1))} is invalid: spec.selector: Invalid value: ${JSON.stringify(selectorOf(object))}: field is immutable`;
      return { code: 422, value: { kind: "Status", message } };
    }
    const metadata = object.metadata as Properties;
    const generation = (Number(metadata.generation) || 0) + 1;
    Object.assign(metadata, {
      uid: metadata.uid ?? `uid-of-${path}`,
      generation,
      resourceVersion: String(generation),
    });
    this.controller(object);
    this.objects.set(path, object);
    return { code: 200, value: object };
  }
}

/** @param selector as key=value,key=value */
function hasLabels({ metadata }: Properties, selector: string): boolean {
  const labels = asProperties(asProperties(metadata).labels);
  const pairs = selector === "" ? [] : selector.split(",").map((pair) => pair.split("="));
  return pairs.every(([name = "", value]) => labels[name] === value);
}

const selectorOf = ({ spec }: Properties) => asProperties(spec).selector;

function discovery(kinds: Readonly<Record<string, string>>): Value {
  const resources = Object.entries(kinds).map(([name, kind]) => ({
    name,
    kind,
    namespaced: kind !== "Namespace",
  }));
  return { kind: "APIResourceList", resources };
}

/** One JSON Patch operation. */
function patch(object: Properties, operation: Properties): void {
  const steps = textAt(operation, "path").split("/").slice(1);
  const last = steps.pop()?.replaceAll("~1", "/").replaceAll("~0", "~") ?? "";
  let target: Properties = object;
  for (const step of steps) target = target[step] as Properties;
  // A computed deletion of a key that JSON Patch names.
  if (operation.op === "remove") Reflect.deleteProperty(target, last);
  else target[last] = operation.value ?? null;
}

/** What the cluster's own controllers and defaults do, in short. */
export function settle(object: Properties): void {
  const spec = (object.spec ?? {}) as Properties;
  const metadata = object.metadata as Properties;
  if (object.kind === "Namespace") object.status = { phase: "Active" };
  if (object.kind === "Service") {
    spec.clusterIP ??= "10.0.0.7";
    spec.type ??= "ClusterIP";
  }
  if (object.kind === "Deployment") {
    spec.replicas ??= 1;
    spec.strategy ??= { type: "RollingUpdate" };
    object.status = {
      observedGeneration: metadata.generation ?? 0,
      replicas: spec.replicas,
      updatedReplicas: spec.replicas,
      availableReplicas: spec.replicas,
    };
  }
  if (object.kind === "Secret") {
    const texts = (object.stringData ?? {}) as Record<string, string>;
    const encoded = Object.entries(texts).map(([name, text]): [string, Value] => [
      name,
      Buffer.from(text).toString("base64"),
    ]);
    object.data = { ...(object.data as Properties), ...Object.fromEntries(encoded) };
    delete object.stringData;
  }
}
