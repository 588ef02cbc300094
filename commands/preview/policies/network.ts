/** What the policy pack's rules about the network and the proxies' imports compare a stack with. */
import { type Application, entranceOf, podLabels, podPort } from "../../../components/application";
import { callersOf, gateway } from "../../../components/access/rows";
import type { Settings } from "../../../components/config";
import { solver } from "../../../components/gateway/acme";
import { isSecure } from "../../../components/gateway/host";
import { acceptedTokens } from "../../../components/identity/tokens";
import { proxy, redis } from "../../../components/login/names";
import { providerPorts } from "../../../components/mesh/egress";
import { gatewayPort, secureGatewayPort } from "../../../components/mesh/values";
import { gatewayLabels, namespaces } from "../../../components/names";
import type { Connection, Direction } from "../../../policies/network";

export type NetworkedSettings = Pick<Settings, "identity" | "login" | "gateway" | "mesh">;

type Place = Connection["from"];

const both: readonly Direction[] = ["Ingress", "Egress"];
const inward: readonly Direction[] = ["Ingress"];

const allOf = (namespace: string): Place => ({ namespace, labels: {} });
const podsOf = (namespace: string, app: string): Place => ({ namespace, labels: { app } });
const podsOfService = (application: Application, service: string): Place => ({
  namespace: application.namespace,
  labels: podLabels(application, service),
});
const gatewayPods: Place = { namespace: namespaces.ingress, labels: gatewayLabels };
const istiod = podsOf(namespaces.mesh, "istiod");

const to = (from: Place, to: Place, ...ports: readonly number[]): Connection => ({
  from,
  to,
  ...(ports.length > 0 && { ports: [...ports] }),
});

/**
 * By the name of a rule's setting. It is written down here and not read from what the program makes of the same
 * settings, so that a program that limits less is found.
 */
export function networkSettings(application: Application, settings: NetworkedSettings) {
  const { mesh, login, gateway } = settings;
  const hasLogin = login.at === "gateway";
  const outward = mesh.egress === "ALLOW_ANY" ? inward : both;
  const limitedDirections: Readonly<Record<string, readonly Direction[]>> = {
    [application.namespace]: outward,
    ...(hasLogin && { [namespaces.login]: outward }),
    [namespaces.ingress]: both,
    [namespaces.mesh]: inward,
    ...(gateway.tls?.issuer !== undefined && { [namespaces.certificates]: inward }),
    "*": outward,
  };
  return {
    outboundTraffic: mesh.egress,
    imports: {
      [application.namespace]: ["./*", ...mesh.imports],
      ...(hasLogin && { [namespaces.login]: ["./*", `${namespaces.mesh}/*`] }),
    },
    ...(mesh.networkPolicies && {
      limitedDirections,
      connections: [
        ...ofMesh(settings),
        ...ofApplication(application, settings),
        ...(login.at === "gateway" ? ofLogin(login.sessions, settings) : []),
        ...ofCertificates(settings),
      ],
    }),
  };
}

/** What each namespace with sidecars has. */
function ofSidecars(namespace: string, { mesh }: NetworkedSettings): Connection[] {
  const pods = allOf(namespace);
  return [
    to(pods, allOf("kube-system"), 53),
    // A node's own DNS cache.
    to(pods, { cidr: "169.254.20.10/32" }, 53),
    to(pods, istiod, 15_012),
    ...collected(mesh, pods, 15_020, 15_090),
  ];
}

const collected = (
  { metricsFrom }: Pick<NetworkedSettings["mesh"], "metricsFrom">,
  pods: Place,
  ...ports: readonly number[]
) => metricsFrom.map((namespace) => to(allOf(namespace), pods, ...ports));

function ofMesh(settings: NetworkedSettings): Connection[] {
  const { gateway, mesh } = settings;
  const secure = isSecure(gateway.url) ? [secureGatewayPort] : [];
  return [
    ...ofSidecars(namespaces.ingress, settings),
    to("anywhere", gatewayPods, gatewayPort, ...secure, 15_021),
    to("any pod", istiod, 15_012),
    // The API server, which may be at any address.
    to("anywhere", istiod, 15_017),
    ...collected(mesh, istiod, 15_014),
  ];
}

function ofApplication(application: Application, settings: NetworkedSettings): Connection[] {
  const { namespace, services } = application;
  const called = Object.entries(services).flatMap(([service, access]) =>
    callersOf(access).map((caller) =>
      to(
        caller === gateway ? gatewayPods : podsOfService(application, caller),
        podsOfService(application, service),
        podPort(access),
      ),
    ),
  );
  const imported = settings.mesh.imports.map((host) => host.split("/")[0] ?? "");
  const entry = entranceOf(application);
  const signsIn = settings.login.at === "application" && entry !== undefined;
  return [
    ...ofSidecars(namespace, settings),
    ...called,
    ...imported.map((other) => to(allOf(namespace), allOf(other))),
    ...(signsIn ? [toProvider(podsOfService(application, entry), settings)] : []),
  ];
}

function ofLogin(sessions: "redis" | "cookie", settings: NetworkedSettings): Connection[] {
  const asked = podsOf(namespaces.login, proxy.name);
  return [
    ...ofSidecars(namespaces.login, settings),
    to(gatewayPods, asked, proxy.port),
    ...(sessions === "redis" ? [to(asked, podsOf(namespaces.login, redis.name), redis.port)] : []),
    toProvider(asked, settings),
  ];
}

/** A NetworkPolicy cannot name hosts. */
function toProvider(pods: Place, { identity }: NetworkedSettings): Connection {
  const tokenEndpoint = identity.kind === "oidc" ? identity.tokenEndpoint : undefined;
  return to(pods, "anywhere", ...providerPorts({ ...acceptedTokens(identity), tokenEndpoint }));
}

function ofCertificates({ gateway, mesh }: NetworkedSettings): Connection[] {
  const issuer = gateway.tls?.issuer;
  if (issuer === undefined) return [];
  const { selector, ports } = solver.spec;
  const webhook = { "app.kubernetes.io/name": "webhook" };
  const answering: Place = { namespace: namespaces.ingress, labels: selector };
  return [
    // From the API server.
    to("anywhere", { namespace: namespaces.certificates, labels: webhook }, 10_250),
    ...collected(mesh, allOf(namespaces.certificates), 9_402),
    ...(issuer.kind === "acme"
      ? [to(gatewayPods, answering, ...ports.map(({ targetPort }) => targetPort))]
      : []),
  ];
}
