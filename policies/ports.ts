/**
 * What Istio takes a Service's port for: only for HTTP does it compare what is of requests.
 *
 * Source: istio/istio, pkg/config/kube/conversion.go and pkg/config/protocol/instance.go.
 */

/** As much of a Service's port. What a preview cannot know may have any value. */
export interface ServicePort {
  readonly name?: unknown;
  readonly appProtocol?: unknown;
  /** Of the transport. Default: TCP. */
  readonly protocol?: unknown;
  readonly port?: unknown;
}

/** `detected`: Istio looks at the first bytes of each connection. */
export type TakenFor = "HTTP/1.1" | "HTTP/2" | "TCP" | "UDP" | "detected";

/** By the beginning of the port's name, up to a hyphen, or by its appProtocol. */
const known: ReadonlyMap<string, TakenFor> = new Map(
  Object.entries<TakenFor>({
    http: "HTTP/1.1",
    http_proxy: "HTTP/1.1",
    "kubernetes.io/ws": "HTTP/1.1",
    http2: "HTTP/2",
    grpc: "HTTP/2",
    "kubernetes.io/h2c": "HTTP/2",
    https: "TCP",
    "kubernetes.io/wss": "TCP",
    tcp: "TCP",
    tls: "TCP",
    mongo: "TCP",
    redis: "TCP",
    mysql: "TCP",
    udp: "UDP",
  }),
);

/** SMTP, DNS, MySQL and MongoDB: a server there may speak first, so Istio looks at no bytes. */
const neverDetected: readonly unknown[] = [25, 53, 3306, 27_017];

export function takenFor({ name, appProtocol, protocol, port }: ServicePort): TakenFor {
  if (protocol === "UDP") return "UDP";
  const said = [appProtocol, name].find((each) => typeof each === "string") ?? "";
  const word = said.toLowerCase();
  const found = known.get(word) ?? known.get(word.split("-", 1)[0] ?? "");
  return found ?? (neverDetected.includes(port) ? "TCP" : "detected");
}

/** A protocol of the access table. */
export type Protocol = "http" | "grpc" | "tcp";

const right: Readonly<Record<Protocol, readonly TakenFor[]>> = {
  http: ["HTTP/1.1", "HTTP/2", "detected"],
  // What is detected is HTTP/1.1 to a caller whose own side does not say otherwise.
  grpc: ["HTTP/2"],
  tcp: ["TCP", "detected"],
};

/** Whether Istio takes the port for what it has to be. */
export const isTakenFor = (protocol: Protocol, port: ServicePort) =>
  right[protocol].includes(takenFor(port));

/** What to name such a port. */
export const portName = (protocol: Protocol) =>
  `a port whose name is "${protocol}" or begins with "${protocol}-"`;
