import type { LoginTools } from "../toolchain/toolchain";

/** The files that the sandbox's images are made from. Every path is absolute. */
export interface ImageInputs {
  /** The program that holds a pod's namespaces. */
  readonly pause: string;
  /** Istio's control plane. */
  readonly pilotDiscovery: string;
  /** Istio's program that starts Envoy and sets up a pod's traffic. */
  readonly pilotAgent: string;
  readonly envoy: string;
  /** Istio's template of Envoy's configuration. */
  readonly envoyBootstrap: string;
  /** A folder into which Debian's iptables and its libraries were unpacked. */
  readonly iptablesRoot: string;
  /** A Node 24. */
  readonly node: string;
  /** The tag of Istio's images. */
  readonly tag: string;
  /** Only for a login at the gateway. */
  readonly login?: LoginTools | undefined;
}
