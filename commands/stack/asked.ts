/** The objects of Istio's and Kubernetes' that a stack asks for, from its outputs and its table. */
import type { Application } from "../../components/application";
import { trustedIssuers } from "../../components/enforcement/issuers";
import { policiesOf } from "../../components/enforcement/policies";
import { isChallenging } from "../../components/gateway/challenge";
import { isSecure } from "../../components/gateway/host";
import { ingressObjects } from "../../components/gateway/route";
import { loginIngress } from "../../components/login/ingress";
import { loginPolicies } from "../../components/login/policies";
import { type ProviderAddresses, providerEntries } from "../../components/mesh/egress";
import type { MeshObject } from "../../components/mesh/resources";
import { namespaces } from "../../components/names";
import type { NetworkSettings } from "../../components/network/objects";
import {
  certificatePolicies,
  loginNetworkPolicies,
  meshPolicies,
} from "../../components/network/policies";
import { trafficObjects } from "../../components/traffic";
import type { StackOutputs } from "./outputs";

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
