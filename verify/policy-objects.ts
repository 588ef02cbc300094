/**
 * The cluster's own policies beside those that the table asks for. Requests show what is enforced
 * where they are sent; this shows what nobody has asked for: a policy too many, a caller or an
 * audience added, a route of somebody else's.
 */
import { isDeepStrictEqual } from "node:util";
import { CustomObjectsApi } from "@kubernetes/client-node";
import { z } from "zod";
import type { Application } from "../components/application";
import { trustedIssuers } from "../components/enforcement/issuers";
import { policiesOf } from "../components/enforcement/policies";
import type { Policies } from "../components/enforcement/policies";
import { loginPolicies } from "../components/login/policies";
import { namespaces } from "../components/names";
import { explained, loadCluster } from "../stack/cluster";
import type { StackOutputs } from "../stack/outputs";
import { everyOne } from "../stack/waiting";

/** What the comparison has found. */
export interface PolicyComparison {
  /** How many objects the table asks for. */
  readonly asked: number;
  /** What is missing, different or foreign, one line each. */
  readonly differences: readonly string[];
}

const object = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
  }),
  // A policy may come without one.
  spec: z.unknown().optional(),
});
const list = z.object({ items: z.array(object) });

/** An object that is there. */
type Live = z.infer<typeof object>;

/** The kinds that decide, or that change where a request goes or what a sidecar does with it. */
const kinds = [
  {
    group: "security.istio.io",
    version: "v1",
    plural: "peerauthentications",
    kind: "PeerAuthentication",
  },
  {
    group: "security.istio.io",
    version: "v1",
    plural: "requestauthentications",
    kind: "RequestAuthentication",
  },
  {
    group: "security.istio.io",
    version: "v1",
    plural: "authorizationpolicies",
    kind: "AuthorizationPolicy",
  },
  {
    group: "networking.istio.io",
    version: "v1alpha3",
    plural: "envoyfilters",
    kind: "EnvoyFilter",
  },
  { group: "extensions.istio.io", version: "v1alpha1", plural: "wasmplugins", kind: "WasmPlugin" },
] as const;

/** What the comparison has to know of a stack. */
type ComparedOutputs = Pick<
  StackOutputs,
  | "kubeconfig"
  | "gatewayUrl"
  | "issuer"
  | "jwksUri"
  | "audience"
  | "permissionsClaim"
  | "clientIds"
  | "authentication"
  | "login"
>;

/**
 * Compares the policies that count for the application with what the table asks for.
 * @throws StackError when the cluster does not answer
 */
export async function comparePolicies(
  application: Application,
  outputs: ComparedOutputs,
): Promise<PolicyComparison> {
  const api = loadCluster(outputs.kubeconfig).makeApiClient(CustomObjectsApi);
  // Policies in these count for the way in and the application's workloads.
  const places = [namespaces.mesh, namespaces.ingress, application.namespace, namespaces.login];
  const found = await everyOne(
    kinds.flatMap(({ kind, ...address }) =>
      places.map(async (namespace) => {
        const answer: unknown = await explained(`list the policies of ${namespace}`, () =>
          api.listNamespacedCustomObject({ ...address, namespace }),
        );
        return list.parse(answer).items.map((live) => ({ kind, ...live }));
      }),
    ),
  );
  return compare(policiesAskedOf(application, outputs), found.flat());
}

/** Every object that the stack's settings and the table ask for. */
export function policiesAskedOf(
  application: Application,
  outputs: Omit<ComparedOutputs, "kubeconfig">,
): Policies {
  const { authentication, gatewayUrl } = outputs;
  const login = outputs.login?.at === "gateway" ? outputs.login : undefined;
  const issuers = trustedIssuers(outputs, authentication);
  const asked = policiesOf({ issuers, authentication, login, gatewayUrl, application });
  if (login === undefined) return asked;
  const { AuthorizationPolicy } = loginPolicies({ login, gatewayUrl });
  return { ...asked, AuthorizationPolicy: [...asked.AuthorizationPolicy, ...AuthorizationPolicy] };
}

/** Sets what is there beside what is asked for. */
export function compare(
  asked: Policies,
  found: readonly (Live & { readonly kind: string })[],
): PolicyComparison {
  const wanted = new Map(
    Object.entries(asked).flatMap(([kind, objects]: [string, Policies[keyof Policies]]) =>
      objects.map(({ metadata, spec }) => [nameOf({ kind, metadata }), spec as unknown] as const),
    ),
  );
  const there = new Map(found.map((live) => [nameOf(live), live.spec ?? {}] as const));
  const missing = [...wanted.keys()].filter((name) => !there.has(name));
  const foreign = found.filter((live) => !wanted.has(nameOf(live)));
  const changed = [...wanted].flatMap(([name, spec]) => {
    const live = there.get(name);
    const where = live === undefined ? undefined : firstDifference(spec, live);
    return where === undefined ? [] : [`${name} differs from the table's at ${where}`];
  });
  return {
    asked: wanted.size,
    differences: [
      ...missing.map((name) => `${name} is missing`),
      ...changed,
      ...foreign.map((live) => `${nameOf(live)} is none of the table's; ${removalOf(live)}`),
    ],
  };
}

/** Whatever names an object. */
interface Named {
  readonly kind: string;
  readonly metadata: Pick<Live["metadata"], "name" | "namespace">;
}

function nameOf({ kind, metadata }: Named): string {
  return `${kind} ${metadata.namespace}/${metadata.name}`;
}

function removalOf({ kind, metadata }: Named): string {
  return `to remove it: kubectl -n ${metadata.namespace} delete ${kind.toLowerCase()} ${metadata.name}`;
}

/** Where two values differ first, as a path such as `spec.rules[0].when`; undefined where they do not. */
function firstDifference(asked: unknown, live: unknown, path = "spec"): string | undefined {
  if (isDeepStrictEqual(asked, live)) return undefined;
  const [one, other] = [fieldsOf(asked), fieldsOf(live)];
  if (one === undefined || other === undefined || Array.isArray(asked) !== Array.isArray(live)) {
    return path;
  }
  for (const name of new Set([...Object.keys(one), ...Object.keys(other)])) {
    const below = Array.isArray(asked) ? `${path}[${name}]` : `${path}.${name}`;
    if (!(name in one) || !(name in other)) return below;
    const where = firstDifference(one[name], other[name], below);
    if (where !== undefined) return where;
  }
  return path;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null ? { ...value } : undefined;
}
