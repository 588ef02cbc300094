/** Envoy's own administration interface, in a sidecar or in a gateway's pod. */
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { Exec, type KubeConfig } from "@kubernetes/client-node";
import { UserError } from "../../lib/errors";
import { sidecarName } from "./pods";

/** Milliseconds that a pod may take to answer: a full machine, or a gateway with hundreds of routes, takes a while. */
const deadline = 60_000;

/** Where a proxy runs. */
export interface ProxyPod {
  readonly namespace: string;
  readonly pod: string;
}

/**
 * Asks it from within the proxy's container. That needs the right to create `pods/exec`.
 * @param path such as `config_dump`
 * @throws UserError with the container's error; a refusal of the API server is thrown unchanged
 */
export async function askProxy(
  config: KubeConfig,
  { namespace, pod }: ProxyPod,
  path: string,
): Promise<string> {
  const [output, errors] = [new PassThrough(), new PassThrough()];
  const printed = text(output);
  const complaint = text(errors);
  const socket = await new Exec(config).exec(
    namespace,
    pod,
    sidecarName,
    ["pilot-agent", "request", "GET", path],
    output,
    errors,
    null,
    false,
  );
  // The client ends them only if the container reports how its command ended.
  socket.on("close", () => {
    output.end();
    errors.end();
  });
  const late = AbortSignal.timeout(deadline);
  late.addEventListener("abort", () => {
    socket.terminate();
  });
  try {
    const answer = await printed;
    if (late.aborted) throw new UserError(`no answer within ${deadline / 1000} s`);
    if (answer !== "") return answer;
    throw new UserError((await complaint) || "it answers nothing");
  } finally {
    socket.close();
  }
}
