import { flag, matching, oneOf, section, unique } from "./schema";

const importedHost = /^[a-z0-9-]+\/(\*|(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*)$/;
const importedHostWords =
  "a namespace and a host, such as payments/cards.payments.svc.cluster.local or payments/*";

const egress = { ALLOW_ANY: true, REGISTRY_ONLY: true } as const;

/** What the mesh lets its workloads do. */
export const mesh = section({
  egress: oneOf(egress)
    .default("REGISTRY_ONLY")
    .describe(
      "What workloads with a sidecar reach outside of the mesh: anything (`ALLOW_ANY`), or only the identity provider, and that only where they sign people in (`REGISTRY_ONLY`; other requests get 502 or a closed connection). It shows mistakes. It does not stop a hostile workload; `networkPolicies` or an egress gateway do.",
    ),

  admission: flag()
    .default(true)
    .describe(
      "Whether the API server refuses pods of the application's namespace that would bypass the table: with only one of a service's account and label, or with a sidecar that does not see every request. It needs Kubernetes 1.30 or newer.",
    ),

  imports: unique(matching(importedHost, importedHostWords), "each import once")
    .default([])
    .describe(
      "Services of other namespaces that the application's workloads call. Without any, workloads know their own namespace only, so that routes and entries of other namespaces cannot take their requests.",
    ),

  highAvailability: flag()
    .default(false)
    .describe(
      "Whether istiod, the gateway and the login's OAuth2-Proxy run twice, with disruption budgets. Without this, each upgrade and each lost node interrupts them.",
    ),

  networkPolicies: flag()
    .default(true)
    .describe(
      "Whether the stack makes NetworkPolicies for its namespaces, derived from the table. They have an effect only if the cluster's network enforces them, as kind's and DigitalOcean's do.",
    ),

  metricsFrom: unique(
    matching(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, "a namespace"),
    "each namespace once",
  )
    .default([])
    .describe(
      "Namespaces whose pods collect metrics, such as `monitoring`; the NetworkPolicies allow that.",
    ),
}).describe("What the mesh lets its workloads do, and whether it survives a lost node.");
