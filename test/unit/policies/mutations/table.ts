/** The policies that are the access table. */
import type { Given } from "../judged";
import type { Mutation } from "./mutation";

const table = { rule: "access-table" };
const details = { of: "AuthorizationPolicy access-details" };
const first = ["spec", "rules", 0] as const;
const callers = [...first, "from", 0, "source", "serviceAccounts"] as const;
const permissions = [...first, "when", 0, "values"] as const;

/** Prod's. */
const tokens = "https://bookinfo.eu.auth0.com//*";

const policy = (name: string, spec: object): Given => ({
  type: "kubernetes:security.istio.io/v1:AuthorizationPolicy",
  name,
  provider: "cluster",
  inputs: { metadata: { name, namespace: "bookinfo" }, spec },
});

const enforced = { rule: "policy-enforced", of: "AuthorizationPolicy access-allow-nothing" };

const port = {
  rule: "port-protocol",
  of: "Service bookinfo-details",
};
const firstPort = ["spec", "ports", 0] as const;

export const tableMutations: readonly Mutation[] = [
  { weakening: "a port for TCP, by its name", ...port, at: [...firstPort, "name"], value: "tcp" },
  {
    weakening: "a port for TCP, by its appProtocol",
    ...port,
    at: [...firstPort, "appProtocol"],
    value: "https",
  },
  {
    weakening: "a port that Istio never takes for HTTP without a name",
    ...port,
    at: firstPort,
    value: { port: 3306 },
  },
  {
    weakening: "a Service at another port than the table's",
    ...port,
    at: [...firstPort, "port"],
    value: 80,
  },
  {
    weakening: "a Service that leads to another port of its pods",
    ...port,
    at: [...firstPort, "targetPort"],
    value: 3000,
  },
  {
    weakening: "a Service that leads to a port that no container has",
    ...port,
    at: [...firstPort, "targetPort"],
    value: "web",
  },
  {
    weakening: "pods at another port than the table's",
    rule: "port-protocol",
    of: "Deployment bookinfo-details-v1",
    at: ["spec", "template", "spec", "containers", 0, "ports", 0, "containerPort"],
    value: 3000,
  },
  {
    weakening: "a row of the table without a Service",
    rule: "coverage",
    without: "Service bookinfo-details",
  },
  {
    weakening: "a Service of the table that leads to a name",
    rule: "coverage",
    of: "Service bookinfo-details",
    at: ["spec", "type"],
    value: "ExternalName",
  },
  {
    weakening: "no policy that allows nothing",
    rule: "default-deny",
    without: "AuthorizationPolicy access-allow-nothing",
  },
  {
    weakening: "allow nothing, for one workload only",
    rule: "default-deny",
    of: "AuthorizationPolicy access-allow-nothing",
    at: ["spec", "selector"],
    value: { matchLabels: { app: "details" } },
  },
  {
    weakening: "allow nothing, in another namespace",
    rule: "default-deny",
    of: "AuthorizationPolicy access-allow-nothing",
    at: ["metadata", "namespace"],
    value: "default",
  },
  {
    weakening: "allow nothing, tried only",
    ...enforced,
    at: ["metadata", "annotations"],
    value: { "istio.io/dry-run": "true" },
  },
  {
    weakening: "allow nothing, for another control plane",
    ...enforced,
    at: ["metadata", "labels"],
    value: { "istio.io/rev": "canary" },
  },
  {
    weakening: "a patch of a policy",
    rule: "policy-enforced",
    added: {
      ...policy("details", {}),
      type: "kubernetes:security.istio.io/v1:AuthorizationPolicyPatch",
    },
  },
  {
    weakening: "a rule that is everything",
    rule: "no-allow-all",
    ...details,
    at: ["spec", "rules"],
    value: [{}],
  },
  {
    weakening: "a rule for every address",
    rule: "no-allow-all",
    ...details,
    at: ["spec", "rules", 1],
    value: { from: [{ source: { ipBlocks: ["10.0.0.0/0"] } }] },
  },
  {
    weakening: "a rule for every path, by a template",
    rule: "no-allow-all",
    ...details,
    at: ["spec", "rules", 1],
    value: { to: [{ operation: { paths: ["/{**}"] } }] },
  },
  {
    weakening: "another rule, that is everything",
    rule: "no-allow-all",
    ...details,
    at: ["spec", "rules", 1],
    value: {},
  },
  {
    weakening: "allow nothing becomes allow everything",
    rule: "no-allow-all",
    of: "AuthorizationPolicy access-allow-nothing",
    at: ["spec"],
    value: { rules: [{}] },
  },
  {
    weakening: "a service without its policy",
    rule: "coverage",
    without: "AuthorizationPolicy access-ratings",
  },
  {
    weakening: "a service's policy for another's workload",
    rule: "coverage",
    of: "AuthorizationPolicy access-ratings",
    at: ["spec", "selector", "matchLabels", "app"],
    value: "rating",
  },
  {
    weakening: "pods that another label leads past their policy",
    rule: "coverage",
    of: "Deployment bookinfo-details-v1",
    at: ["spec", "template", "metadata", "labels", "app"],
    value: "unlisted",
  },
  {
    weakening: "a Service that leads to any pod with a label",
    rule: "coverage",
    of: "Service bookinfo-details",
    at: ["spec", "selector", "app"],
    value: "unlisted",
  },
  {
    weakening: "a Service that leads to another service's pods",
    rule: "coverage",
    of: "Service bookinfo-details",
    at: ["spec", "selector", "app"],
    value: "ratings",
  },
  {
    weakening: "a version's Service that leads to any pod of that version",
    rule: "coverage",
    of: "Service bookinfo-reviews-v1",
    at: ["spec", "selector", "app"],
    value: undefined,
  },
  { weakening: "callers not said", ...table, ...details, at: callers, value: undefined },
  { weakening: "no source said", ...table, ...details, at: [...first, "from"], value: undefined },
  {
    weakening: "any caller of the namespace",
    ...table,
    ...details,
    at: [...callers, 1],
    value: "bookinfo/*",
  },
  {
    weakening: "a caller for another",
    ...table,
    ...details,
    at: callers,
    value: ["default/default"],
  },
  {
    weakening: "ratings from the gateway",
    ...table,
    of: "AuthorizationPolicy access-ratings",
    at: [...callers, 1],
    value: "istio-ingress/istio-ingress",
  },
  {
    weakening: "productpage from anywhere",
    ...table,
    of: "AuthorizationPolicy access-productpage",
    at: [...callers, 1],
    value: "*",
  },
  {
    weakening: "every client with a token as well",
    ...table,
    ...details,
    at: [...first, "from", 1],
    value: { source: { requestPrincipals: [tokens] } },
  },
  {
    weakening: "the caller without the permission as well",
    ...table,
    ...details,
    at: ["spec", "rules", 1],
    value: {
      from: [
        {
          source: {
            serviceAccounts: ["bookinfo/bookinfo-productpage"],
            requestPrincipals: [tokens],
          },
        },
      ],
    },
  },
  {
    weakening: "a caller by another field",
    ...table,
    ...details,
    at: [...first, "from", 1],
    value: { source: { principals: ["cluster.local/ns/default/sa/default"] } },
  },
  {
    weakening: "a caller by its namespace",
    ...table,
    ...details,
    at: [...first, "from", 0, "source"],
    value: { namespaces: ["bookinfo"], requestPrincipals: [tokens] },
  },
  {
    weakening: "a caller by its address",
    ...table,
    ...details,
    at: [...first, "from", 1],
    value: { source: { ipBlocks: ["0.0.0.0/0"] } },
  },
  {
    weakening: "another permission",
    ...table,
    ...details,
    at: permissions,
    value: ["read:anything"],
  },
  {
    weakening: "a second permission instead",
    ...table,
    ...details,
    at: [...permissions, 1],
    value: "read:book-reviews",
  },
  { weakening: "any permission", ...table, ...details, at: permissions, value: ["*"] },
  { weakening: "no permission", ...table, ...details, at: [...first, "when"], value: undefined },
  {
    weakening: "permissions from another claim",
    ...table,
    ...details,
    at: [...first, "when", 0, "key"],
    value: "request.auth.claims[scope]",
  },
  {
    weakening: "every permission but one",
    ...table,
    ...details,
    at: [...first, "when", 0],
    value: { key: "request.auth.claims[permissions]", notValues: ["read:book-details"] },
  },
  {
    weakening: "another rule, for another caller",
    ...table,
    ...details,
    at: ["spec", "rules", 1],
    value: { from: [{ source: { serviceAccounts: ["default/default"] } }] },
  },
  {
    weakening: "another rule, by a path",
    ...table,
    ...details,
    at: ["spec", "rules", 1],
    value: { to: [{ operation: { paths: ["/health"] } }] },
  },
  {
    weakening: "another policy for a service of the table",
    ...table,
    added: policy("details-as-well", {
      selector: { matchLabels: { app: "details" } },
      rules: [{ from: [{ source: { serviceAccounts: ["bookinfo/bookinfo-reviews"] } }] }],
    }),
  },
  {
    weakening: "a policy for a service that the table does not name",
    ...table,
    added: policy("unlisted", {
      selector: { matchLabels: { app: "unlisted" } },
      rules: [{ from: [{ source: { serviceAccounts: ["bookinfo/bookinfo-reviews"] } }] }],
    }),
  },
  {
    weakening: "a service's rule for the whole namespace",
    ...table,
    ...details,
    at: ["spec", "selector"],
    value: undefined,
  },
  {
    weakening: "a policy for a label that none of its pods has",
    rule: "coverage",
    ...details,
    at: ["spec", "selector", "matchLabels", "version"],
    value: "v2",
  },
  {
    weakening: "refuse what is allowed",
    ...table,
    ...details,
    at: ["spec", "action"],
    value: "DENY",
  },
  {
    weakening: "only log what is refused",
    ...table,
    ...details,
    at: ["spec", "action"],
    value: "AUDIT",
  },
  {
    weakening: "a public service asks for a token",
    ...table,
    of: "AuthorizationPolicy access-productpage",
    at: [...first, "from", 0, "source", "requestPrincipals"],
    value: [tokens],
  },
  {
    weakening: "both of two permissions",
    ...table,
    ...details,
    at: [...first, "when", 1],
    value: { key: "request.auth.claims[permissions]", values: ["read:book-reviews"] },
  },
];
