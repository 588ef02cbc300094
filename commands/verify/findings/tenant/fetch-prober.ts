/** Sends requests from this process, which trusts what the stack trusts. */
import { reasonOf } from "../../../../lib/errors";
import type { Observed, Prober, ProbeRequest } from "../../probes/prober";

export function fetchProber(signal: AbortSignal): Prober {
  return {
    send: (requests) => Promise.all(requests.map((request) => send(request, signal))),
    close: () => undefined,
  };
}

async function send(
  { origin, path, method }: ProbeRequest,
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
