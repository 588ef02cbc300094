/** The cluster's API server, and what it says in a person's words. */
import { ApiException, KubeConfig } from "@kubernetes/client-node";
import { firstLine, reasonOf, VerifyError } from "./errors";

/**
 * The cluster that a kubeconfig's current context names.
 * @param kubeconfig the file's content
 */
export function loadCluster(kubeconfig: string): KubeConfig {
  const cluster = new KubeConfig();
  try {
    cluster.loadFromString(kubeconfig);
  } catch {
    // The parser's message quotes the file, and with it credentials.
    throw new VerifyError("the stack's output kubeconfig is not a kubeconfig");
  }
  if (cluster.getCurrentCluster() === null) {
    throw new VerifyError("the stack's output kubeconfig has no current context");
  }
  return cluster;
}

/** Says in one line what the API server refused. Its answer is not repeated whole. */
export async function explained<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw new VerifyError(`cannot ${what}: ${apiReason(error)}`);
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
  // A refused WebSocket is an event that carries the error.
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
