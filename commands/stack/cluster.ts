/** The cluster's API server, and its errors as messages for the user. */
import { ApiException, KubeConfig, VersionApi } from "@kubernetes/client-node";
import { UserError, firstLine, reasonOf } from "../../lib/errors";
import { unlessAborted } from "../../lib/poll";

/** A resource as it is written and as the API returns it: not made by the client's constructors. */
export type Plain<Resource> = Resource extends Date
  ? Resource
  : { [Key in keyof Resource]: Plain<Resource[Key]> };

/**
 * The cluster that a kubeconfig's current context names.
 * @param kubeconfig the file's content
 * @param source what it is, for errors. Default: the stack's output
 */
export function loadCluster(
  kubeconfig: string,
  source = "the stack's output kubeconfig",
): KubeConfig {
  const cluster = new KubeConfig();
  try {
    cluster.loadFromString(kubeconfig);
  } catch {
    // The parser's message quotes the file, which has credentials in it.
    throw new UserError(`${source} is not a kubeconfig`);
  }
  if (cluster.getCurrentCluster() === null) {
    throw new UserError(`${source} has no current context`);
  }
  return cluster;
}

/** Says in one line what the API server refused. Its answer is not repeated in full. */
export async function explained<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw new UserError(`cannot ${what}: ${apiReason(error)}`);
  }
}

/** The API server's answer; undefined if the object does not exist, or its kind is unknown. */
export async function unlessMissing<Answer>(
  ask: () => Promise<Answer>,
): Promise<Answer | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ApiException && error.code === 404) return undefined;
    throw error;
  }
}

function apiReason(error: unknown): string {
  if (error instanceof ApiException) {
    const body: unknown = error.body;
    const status: unknown = typeof body === "string" ? jsonOf(body) : body;
    const said =
      typeof status === "object" && status !== null && "message" in status
        ? String(status.message)
        : "";
    return firstLine(`${error.code} ${said}`);
  }
  // A refused WebSocket is an event that has the error.
  return reasonOf(isEvent(error) ? error.error : error);
}

function isEvent(error: unknown): error is { readonly error: unknown } {
  return typeof error === "object" && error !== null && "error" in error;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Asks the cluster's API server for its version.
 * @param kubeconfig the file's content; a kubeconfig that cannot be used is reported by the code that uses it
 * @param deadline milliseconds
 * @throws UserError if no server answers; any answer is enough
 */
export async function clusterAnswers(
  kubeconfig: string,
  signal: AbortSignal,
  deadline = 10_000,
): Promise<void> {
  const config = new KubeConfig();
  try {
    config.loadFromString(kubeconfig);
  } catch {
    return;
  }
  const server = config.getCurrentCluster()?.server;
  if (server === undefined) return;
  const either = AbortSignal.any([signal, AbortSignal.timeout(deadline)]);
  try {
    await unlessAborted(config.makeApiClient(VersionApi).getCode(), either);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ApiException) return;
    throw new UserError(
      `the cluster ${server} does not answer (${reasonOf(error)}). Is it up, and does the stack's kubeconfig reach it?`,
    );
  }
}
