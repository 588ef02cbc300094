/** Sends requests from this process. */
import { reasonOf } from "../../../../lib/errors";
import type { Fetch } from "../../../../lib/http";
import type { Observed, ProbeRequest } from "../../probes/observed";
import type { Prober } from "../../probes/prober";

export function fetchProber(fetch: Fetch, signal: AbortSignal): Prober {
  return {
    send: (requests) => Promise.all(requests.map((request) => send(request, fetch, signal))),
    close: () => undefined,
  };
}

async function send(
  { origin, path, method }: ProbeRequest,
  fetch: Fetch,
  signal: AbortSignal,
): Promise<Observed> {
  try {
    const response = await fetch(`${origin}${path}`, { method, redirect: "manual", signal });
    await response.body?.cancel();
    const location = response.headers.get("location");
    return { status: response.status, headers: location === null ? {} : { location }, body: "" };
  } catch (error) {
    signal.throwIfAborted();
    return { error: reasonOf(error) };
  }
}
