/** How an ACME authority's challenge on port 80 reaches cert-manager's solver. */
import type { HttpRoute } from "../mesh/resources";
import { namespaces } from "../names";
import { authorityMatch } from "./host";

/**
 * The Service in front of cert-manager's solver pods. For each challenge cert-manager makes a Service of its own, under
 * a name that cannot be known before, and an Ingress. Istio's Ingress controller stays off, because the Ingress of any
 * namespace would then get a route at the gateway.
 */
export const solver = {
  metadata: { name: "acme-solver", namespace: namespaces.ingress },
  spec: {
    selector: { "acme.cert-manager.io/http01-solver": "true" },
    ports: [{ name: "http", port: 8089, targetPort: 8089 }],
  },
};

/** A class of Ingress that no controller serves. */
export const unservedClass = "istio-auth0-unserved";

/** Leads the challenges for the gateway's host to the solver. */
export function solverRoute(gatewayUrl: string): HttpRoute {
  const { name, namespace } = solver.metadata;
  return {
    match: [{ uri: { prefix: "/.well-known/acme-challenge/" }, ...authorityMatch(gatewayUrl) }],
    route: [
      {
        destination: {
          host: `${name}.${namespace}.svc.cluster.local`,
          port: { number: solver.spec.ports[0]?.port ?? 8089 },
        },
      },
    ],
  };
}
