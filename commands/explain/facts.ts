/** The evaluator's input about a request, and its answer. */

/** A workload's mesh identity, as its certificate gives it. */
export interface Identity {
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** The workload that is called. */
export interface Destination {
  readonly namespace: string;
  /** Its pod's labels: policies select by them. */
  readonly labels: Readonly<Record<string, string>>;
  /** The container's port; without it, what depends on the port is unknown. */
  readonly port?: number;
  /** Its own service account, with which it calls the next workload. */
  readonly serviceAccount?: string;
  /** What Istio takes the port for. Default: HTTP, which gRPC is, too. */
  readonly protocol?: "tcp";
  /** An ingress gateway: its own listener, and not a PeerAuthentication, decides how it is reached. */
  readonly gateway?: boolean;
}

/** One request, as the called workload's sidecar receives it. */
export interface RequestFacts {
  readonly destination: Destination;
  /** The caller, as mutual TLS identifies it; undefined: plain text. */
  readonly source: Identity | undefined;
  readonly method: string;
  /** As the workload's sidecar receives it, with the query. */
  readonly path: string;
  /** The Host header, with its port. */
  readonly host: string;
  /** Lower-case names; several values in order. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
}

/** What the mesh does with a request, and why. */
export interface Decision {
  readonly outcome: "allowed" | "denied" | "unauthenticated" | "reset" | "not known";
  /** undefined if the request is allowed (the service answers) or the outcome is unknown. */
  readonly status: number | "reset" | undefined;
  /** The mesh's own body, exactly. */
  readonly message?: string;
  /** The policy, and the rule in it, counted from 1. */
  readonly decidedBy: string;
  /** One sentence: what was required and what the request had. */
  readonly because: string;
  /** What to change if it was refused. */
  readonly change?: string;
}
