/**
 * Compares Istio's objects in the stack's namespaces with those that the stack makes. Requests show what is enforced
 * where they are sent; this shows what the stack does not make: an additional policy, an added caller or audience, a
 * route that sets a header.
 */
import { isDeepStrictEqual } from "node:util";
import type { Application } from "../../../components/application";
import { trustedIssuers } from "../../../components/enforcement/issuers";
import { policiesOf } from "../../../components/enforcement/policies";
import { isSecure } from "../../../components/gateway/host";
import { isChallenging } from "../../../components/gateway/challenge";
import { ingressObjects } from "../../../components/gateway/route";
import { loginIngress } from "../../../components/login/ingress";
import { loginPolicies } from "../../../components/login/policies";
import { type ProviderAddresses, providerEntries } from "../../../components/mesh/egress";
import type { MeshObject } from "../../../components/mesh/resources";
import { namespaces } from "../../../components/names";
import type { NetworkSettings } from "../../../components/network/objects";
import {
  certificatePolicies,
  loginNetworkPolicies,
  meshPolicies,
} from "../../../components/network/policies";
import { trafficObjects } from "../../../components/traffic";
import type { StackOutputs } from "../../stack/outputs";
import { refreshCommand } from "../../stack/last-update";
import { probeNetworkPolicies } from "../probes/probe-pod";
import { attemptsOf } from "./attempts";
import { type Finding, madeAnew, objectName, removal } from "./finding";
import type { LiveObject } from "./inventory";

/** Objects by their kind. */
export type ObjectsByKind = Readonly<Record<string, readonly MeshObject<unknown>[]>>;

/** What the comparison has to know about a stack. */
type ComparedOutputs = Pick<
  StackOutputs,
  | "gatewayUrl"
  | "issuer"
  | "jwksUri"
  | "audience"
  | "permissionsClaim"
  | "spaceDelimited"
  | "clientIds"
  | "authentication"
  | "login"
  | "routing"
>;

/** Every object of Istio's that follows from the stack's settings and the table. */
export function objectsAskedOf(
  application: Application,
  { routing, ...outputs }: ComparedOutputs,
): ObjectsByKind {
  const { authentication, gatewayUrl, issuer, jwksUri } = outputs;
  const { endSessionEndpoint, tokenEndpoint, imports, egress, tls, cors } = routing;
  const network = routing.network && { ...routing.network, egress, imports };
  const login = outputs.login?.at === "gateway" ? outputs.login : undefined;
  const issuers = trustedIssuers(outputs, authentication);
  const provider = { issuer, jwksUri, tokenEndpoint };
  const signsIn = login === undefined ? application.namespace : namespaces.login;
  return merged([
    policiesOf({
      issuers,
      authentication,
      login,
      gatewayUrl,
      cors,
      imports,
      application,
      network: network && {
        settings: network,
        signsInAt: outputs.login?.at === "application" ? provider : undefined,
      },
    }),
    login === undefined ? {} : loginPolicies({ login, gatewayUrl, cors }),
    network === undefined
      ? {}
      : { NetworkPolicy: otherNetworkPolicies(outputs, tls, network, provider) },
    ingressObjects({
      application,
      gatewayUrl,
      tls,
      cors,
      ...(isChallenging(outputs) && { realm: outputs.audience }),
      ...loginIngress(outputs.login, {
        application,
        gatewayUrl,
        identity: { endSessionEndpoint },
      }),
    }),
    trafficObjects(application, routing.traffic),
    outputs.login === undefined || egress === "ALLOW_ANY"
      ? {}
      : { ServiceEntry: providerEntries(provider, signsIn) },
  ]);
}

/** Those that do not belong to an application. cert-manager's namespace is not compared. */
function otherNetworkPolicies(
  { gatewayUrl, login }: Pick<ComparedOutputs, "gatewayUrl" | "login">,
  tls: ComparedOutputs["routing"]["tls"],
  network: NetworkSettings,
  provider: ProviderAddresses,
) {
  return [
    ...meshPolicies(network, isSecure(gatewayUrl)),
    ...(login?.at === "gateway" ? loginNetworkPolicies(login.sessions, network, provider) : []),
    ...(tls?.issuer === undefined
      ? []
      : certificatePolicies(network, tls.issuer.kind).filter(
          ({ metadata }) => metadata.namespace !== namespaces.certificates,
        )),
  ];
}

function merged(all: readonly object[]): ObjectsByKind {
  const objects = new Map<string, readonly MeshObject<unknown>[]>();
  for (const each of all) {
    for (const [kind, more] of Object.entries(each) as [string, MeshObject<unknown>[]][])
      objects.set(kind, [...(objects.get(kind) ?? []), ...more]);
  }
  return Object.fromEntries(objects);
}

/** The namespaces whose objects affect the ingress, the login and the application's workloads. */
export function ownNamespaces({ namespace }: Application): readonly string[] {
  return [namespaces.mesh, namespaces.ingress, namespace, namespaces.login];
}

/** The objects in the cluster, and those of the stack. */
export interface ObjectComparison {
  /** How many objects the stack makes. */
  readonly asked: number;
  readonly findings: readonly Finding[];
}

/**
 * Compares the objects of the stack's own namespaces with those that the stack makes.
 * @param found of any namespace; those of others are ignored
 */
export function compareObjects(
  application: Application,
  asked: ObjectsByKind,
  found: readonly LiveObject[],
  gatewayUrl: string,
): ObjectComparison {
  const own = ownNamespaces(application);
  const hasNetworkPolicies = (asked.NetworkPolicy ?? []).length > 0;
  const there = found
    .filter(({ metadata }) => own.includes(metadata.namespace))
    // If the stack makes no NetworkPolicies, others do; verify's own come and go with its runs.
    .filter((each) => each.kind !== "NetworkPolicy" || (hasNetworkPolicies && !isProbes(each)));
  const wanted = new Map(
    Object.entries(asked).flatMap(([kind, objects]) =>
      objects.map(({ metadata, spec }) => [objectName(kind, metadata), spec] as const),
    ),
  );
  const live = new Map(there.map((each) => [nameOf(each), each] as const));
  const missing = [...wanted.keys()].filter((name) => !live.has(name));
  const changed = [...wanted].flatMap(([name, spec]): Finding[] => {
    const one = live.get(name);
    const where = one && firstDifference(spec, one.spec ?? {});
    if (one === undefined || where === undefined) return [];
    return attemptsOf(one, gatewayUrl, spec).map((attempt) => ({
      object: name,
      opens: `it differs from the stack's at ${where}`,
      undo: hasAll(one.spec ?? {}, spec) ? madeAnew(one.kind, one.metadata) : refreshCommand,
      ...attempt,
    }));
  });
  const foreign = there.filter((each) => !wanted.has(nameOf(each)));
  return {
    asked: wanted.size,
    findings: [
      ...missing.map((object) => ({
        object,
        opens: "it is missing: the stack asks for it",
        undo: refreshCommand,
      })),
      ...changed,
      ...foreign.flatMap((each) =>
        attemptsOf(each, gatewayUrl).map((attempt): Finding => ({
          object: nameOf(each),
          opens: "it counts for what the stack protects, and the stack does not ask for it",
          undo: removal(each.kind, each.metadata),
          ...attempt,
        })),
      ),
    ],
  };
}

function isProbes({ metadata: { namespace, name }, spec }: LiveObject): boolean {
  const own = probeNetworkPolicies(namespace).find(({ metadata }) => metadata.name === name);
  return own !== undefined && firstDifference(own.spec, spec) === undefined;
}

const nameOf = ({ kind, metadata }: LiveObject) => objectName(kind, metadata);

/** The first place where two values differ, as a path such as `spec.rules[0].when`; undefined if they do not. */
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

/** Whether a value has everything of the stack's, and more: an update leaves such a value. */
function hasAll(live: unknown, asked: unknown): boolean {
  const [there, wanted] = [fieldsOf(live), fieldsOf(asked)];
  if (there === undefined || wanted === undefined) return live === asked;
  return Object.entries(wanted).every(([name, value]) => hasAll(there[name], value));
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null ? { ...value } : undefined;
}
