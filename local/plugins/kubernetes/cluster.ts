/** The Kubernetes API: connection and authentication by the official client, objects as plain JSON. */
import type https from "node:https";
import { setTimeout as delay } from "node:timers/promises";
import type { KubeConfig } from "@kubernetes/client-node";
import { z } from "zod";
import type { Properties, Value } from "../shared/values";
import { type Answer, Connections, exchange } from "./connections";
import type { ProviderSettings } from "./settings";
import { untilReady } from "./starting";

const requestTimeoutMilliseconds = 60_000;

/** For how long a request is repeated while the cluster is not ready for it. */
const startingTimeoutMs = 60_000;

const statusSchema = z.object({ message: z.string() });
const objectSchema = z.record(z.string(), z.json());
const discoverySchema = z.object({
  resources: z.array(z.object({ kind: z.string(), name: z.string(), namespaced: z.boolean() })),
});

/** What names an object. */
export interface ObjectReference {
  apiVersion: string;
  kind: string;
  /** Undefined for an object without a namespace. */
  namespace: string | undefined;
  name: string;
}

/** The API server's refusal, with its own message. */
export class RefusedError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
    this.name = "RefusedError";
  }
}

interface RequestOptions {
  method: "GET" | "PATCH" | "DELETE";
  path: string;
  contentType?: string;
  body?: Value;
}

export class Cluster {
  private readonly connections = new Connections();
  private readonly discovered = new Map<string, Promise<Map<string, string>>>();
  private kubeConfig: Promise<KubeConfig> | undefined;
  private started: Promise<void> | undefined;

  constructor(readonly settings: ProviderSettings) {}

  /** The live object, or undefined if there is none, or no such kind. */
  async read(reference: ObjectReference, signal: AbortSignal): Promise<Properties | undefined> {
    const path = await this.pathOf(reference, signal);
    if (path === undefined) return undefined;
    return found(() => this.request({ method: "GET", path }, signal));
  }

  /** The objects of a namespace that carry all of the labels. */
  async list(
    apiVersion: string,
    kind: string,
    namespace: string,
    labels: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Properties[]> {
    const path = await this.pathOf({ apiVersion, kind, namespace, name: "" }, signal);
    const selector = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
    const query = new URLSearchParams({ labelSelector: selector.join(",") }).toString();
    const answer = await this.request({ method: "GET", path: `${path ?? ""}?${query}` }, signal);
    return z.object({ items: z.array(objectSchema) }).parse(answer).items;
  }

  /**
   * Makes the object as `body` says, by server-side apply in the name of the field manager.
   * @param force takes over fields that other managers own
   * @throws RefusedError with code 409 if another manager owns a field that would change, without `force`
   */
  async apply(
    reference: ObjectReference,
    body: Properties,
    { fieldManager, force }: { fieldManager: string; force: boolean },
    signal: AbortSignal,
  ): Promise<Properties> {
    const query = { fieldManager, force: String(force) };
    return this.patch(reference, "application/apply-patch+yaml", body, signal, query);
  }

  /** Sets which manager owns which of the object's fields. */
  async setManagers(
    reference: ObjectReference,
    managedFields: Value[],
    signal: AbortSignal,
  ): Promise<Properties> {
    const operations = [{ op: "replace", path: "/metadata/managedFields", value: managedFields }];
    return this.patch(reference, "application/json-patch+json", operations, signal, {});
  }

  /** Requests the object's removal. An object that is gone already is not an error. */
  async remove(
    reference: ObjectReference,
    propagationPolicy: "Background" | "Foreground",
    signal: AbortSignal,
  ): Promise<void> {
    const path = await this.pathOf(reference, signal);
    if (path === undefined) return;
    const body = { propagationPolicy };
    const contentType = "application/json";
    await found(() => this.request({ method: "DELETE", path, contentType, body }, signal));
  }

  private async patch(
    reference: ObjectReference,
    contentType: string,
    body: Value,
    signal: AbortSignal,
    query: Record<string, string>,
  ): Promise<Properties> {
    return patiently(signal, async () => {
      const path = await this.pathOf(reference, signal);
      if (path === undefined) throw new UnknownKindError(reference);
      const full = `${path}?${new URLSearchParams(query).toString()}`;
      return this.request({ method: "PATCH", path: full, contentType, body }, signal);
    });
  }

  /** The object's path, or undefined if the cluster has no such kind. */
  private async pathOf(
    reference: ObjectReference,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { apiVersion, kind, namespace, name } = reference;
    const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const plural = (await this.kindsOf(root, kind, signal)).get(kind);
    if (plural === undefined) return undefined;
    const steps = [...(namespace === undefined ? [] : ["namespaces", namespace]), plural, name];
    return [root, ...steps.filter((step) => step !== "").map(encodeURIComponent)].join("/");
  }

  /** The plural name of every kind below the root, requested once, and again for a kind that is missing. */
  private async kindsOf(
    root: string,
    kind: string,
    signal: AbortSignal,
  ): Promise<Map<string, string>> {
    const known = await this.discovered.get(root)?.catch(() => undefined);
    if (known?.has(kind)) return known;
    const discovery = this.discover(root, signal);
    this.discovered.set(root, discovery);
    return discovery;
  }

  private async discover(root: string, signal: AbortSignal): Promise<Map<string, string>> {
    const answer = await found(() => this.request({ method: "GET", path: root }, signal));
    if (answer === undefined) return new Map();
    const { resources } = discoverySchema.parse(answer);
    const objects = resources.filter(({ name }) => !name.includes("/"));
    return new Map(objects.map(({ kind, name }) => [kind, name]));
  }

  private async request(options: RequestOptions, signal: AbortSignal): Promise<Properties> {
    await (this.started ??= untilReady((within) => this.isReady(within)));
    const { code, text } = await this.ask(options, signal);
    const answer = parse(text);
    if (code < 300) return objectSchema.parse(answer);
    const status = statusSchema.safeParse(answer);
    throw new RefusedError(code, status.success ? status.data.message : `HTTP status ${code}`);
  }

  /** Whether the API server says that it has finished starting. */
  private async isReady(signal: AbortSignal): Promise<boolean> {
    return (await this.ask({ method: "GET", path: "/readyz" }, signal)).code === 200;
  }

  private async ask(options: RequestOptions, signal: AbortSignal): Promise<Answer> {
    const { method, path, contentType, body } = options;
    const kubeConfig = await (this.kubeConfig ??= read(this.settings));
    const server = kubeConfig.getCurrentCluster()?.server ?? "";
    const url = new URL(server.replace(/\/+$/, "") + path);
    const sent = body === undefined ? undefined : JSON.stringify(body);
    const requestOptions: https.RequestOptions = {
      method,
      headers: {
        accept: "application/json",
        ...(contentType && { "content-type": contentType }),
        // Node sends the body of a DELETE only with a given length.
        ...(sent !== undefined && { "content-length": Buffer.byteLength(sent) }),
      },
      timeout: requestTimeoutMilliseconds,
      signal,
    };
    await kubeConfig.applyToHTTPSOptions(requestOptions);
    requestOptions.agent = this.connections.keptFor(requestOptions.agent);
    return exchange(url, requestOptions, sent);
  }
}

/**
 * Reads the provider's kubeconfig, at the first request: the engine waits until a plug-in is loaded, and where nothing
 * changes it sends none.
 * @throws Error if its context has no cluster
 */
async function read({ kubeconfig, context }: ProviderSettings): Promise<KubeConfig> {
  const client = await import("@kubernetes/client-node");
  const kubeConfig = new client.KubeConfig();
  kubeConfig.loadFromString(kubeconfig);
  if (context !== undefined) kubeConfig.setCurrentContext(context);
  if (kubeConfig.getCurrentCluster() === null) {
    throw new Error(
      `the kubernetes provider's kubeconfig has no cluster for its context ${kubeConfig.currentContext}`,
    );
  }
  return kubeConfig;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The answer, or undefined if the server does not have the object. */
async function found(ask: () => Promise<Properties>): Promise<Properties | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof RefusedError && error.code === 404) return undefined;
    throw error;
  }
}

class UnknownKindError extends Error {
  constructor({ apiVersion, kind }: ObjectReference) {
    super(`the cluster has no kind ${kind} in ${apiVersion}`);
    this.name = "UnknownKindError";
  }
}

/** The errors of a webhook whose server is starting, or is being replaced. */
const webhookNotReady =
  /failed calling webhook.*(connection refused|no endpoints available|connection reset|EOF|no route to host|i\/o timeout|context deadline exceeded|certificate signed by unknown authority)/s;

function passes(error: unknown): boolean {
  if (error instanceof UnknownKindError) return true;
  if (!(error instanceof RefusedError)) return false;
  return error.code === 429 || error.code === 503 || webhookNotReady.test(error.message);
}

/**
 * Repeats a request that fails only because something in the cluster is still starting: a kind whose definition was
 * just made, or Istio's webhook, whose certificate and endpoints come after istiod.
 */
async function patiently<Result>(signal: AbortSignal, act: () => Promise<Result>): Promise<Result> {
  const deadline = Date.now() + startingTimeoutMs;
  for (let pause = 250; ; pause = Math.min(pause * 2, 4000)) {
    try {
      return await act();
    } catch (error) {
      if (!passes(error) || Date.now() + pause > deadline) throw error;
    }
    await delay(pause, undefined, { signal });
  }
}
