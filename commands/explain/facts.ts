/** What the evaluator is told about a request, and what it answers. */

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
  /** The container's port; without it, what depends on the port is not known. */
  readonly port?: number;
  /** Its own service account: who the next workload on a way is called by. */
  readonly serviceAccount?: string;
  /** An ingress gateway: its own listener, and no PeerAuthentication, says how it is reached. */
  readonly gateway?: boolean;
}

/** One request, as the sidecar of the workload that is called gets it. */
export interface RequestFacts {
  readonly destination: Destination;
  /** Who calls, as mutual TLS shows it; undefined: plain text. */
  readonly source: Identity | undefined;
  readonly method: string;
  /** As the workload's sidecar gets it, query included. */
  readonly path: string;
  /** The Host header, with its port. */
  readonly host: string;
  /** Lower-case names; several values in order. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
}

/** What the mesh does with a request, and why. */
export interface Decision {
  readonly outcome: "allowed" | "denied" | "unauthenticated" | "reset" | "not known";
  /** undefined where the request is allowed (the service answers) or the outcome is not known. */
  readonly status: number | "reset" | undefined;
  /** The mesh's own body, to the letter. */
  readonly message?: string;
  /** The policy, and the rule in it, counted from 1. */
  readonly decidedBy: string;
  /** One plain sentence: what was asked for and what was there. */
  readonly because: string;
  /** What to change, where it was refused. */
  readonly change?: string;
}
