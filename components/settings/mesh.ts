import { flag, matching, oneOf, section, unique } from "./schema";

const importedHost = /^[a-z0-9-]+\/(\*|(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*)$/;
const importedHostWords =
  "a namespace and a host, such as payments/cards.payments.svc.cluster.local or payments/*";

const egress = { ALLOW_ANY: true, REGISTRY_ONLY: true } as const;

/** What the mesh lets its workloads do. */
export const mesh = section({
  /**
   * What workloads with a sidecar reach outside of the mesh: anything, or only the identity provider, and that only
   * where they sign people in. Default: REGISTRY_ONLY. It is no boundary against a workload that wants to get out.
   */
  egress: oneOf(egress).default("REGISTRY_ONLY"),
  /**
   * Whether the API server refuses pods of the application's namespace that would bypass the table: with a service's
   * account or label and not both, or with a sidecar that does not see every request. Default: true.
   */
  admission: flag().default(true),
  /**
   * Services of other namespaces that the application's workloads call, as NAMESPACE/HOST. Default: none: routes and
   * entries of other namespaces count for nothing in the application's.
   */
  imports: unique(matching(importedHost, importedHostWords), "each import once").default([]),
  /**
   * Whether istiod, the gateway and the login's proxy run twice, so that one of each can go. Default: false; an upgrade
   * or a lost node then interrupts them.
   */
  highAvailability: flag().default(false),
  /** Whether there are NetworkPolicies for the namespaces that the stack makes. Default: true. */
  networkPolicies: flag().default(true),
  /** Namespaces whose pods collect metrics, which NetworkPolicies let them. Default: none. */
  metricsFrom: unique(
    matching(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, "a namespace"),
    "each namespace once",
  ).default([]),
});
