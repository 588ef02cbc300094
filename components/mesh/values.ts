import { createHash } from "node:crypto";
import { deepmergeCustom } from "deepmerge-ts";
import type { WayIn } from "../cluster/cluster";
import type { IstioSettings } from "../config";
import { gatewayRelease } from "../names";
import { podSecurity, spreadOverNodes } from "../pods";
import type { Egress } from "./egress";

/** Helm values: an object of anything that JSON can hold. */
export type HelmValues = IstioSettings["values"]["base"];

/** Lists are replaced, as Helm itself does. */
const merge = deepmergeCustom({ mergeArrays: false });

/**
 * Lays a release's extra values over its defaults.
 *
 * @param defaults the program's own values
 * @param extra the configuration's, which win
 */
export function mergeValues(defaults: HelmValues, extra: HelmValues): HelmValues {
  return merge(defaults, extra);
}

/** What the sidecars and the gateway ask for; the charts' own 100m and 128Mi each would fill a small cluster. */
const proxyRequests = { cpu: "10m", memory: "64Mi" };

/** What istiod's defaults depend on. */
export interface IstiodOptions {
  /** The registry and path of Istio's images. Default: the charts' own. */
  readonly hub?: string | undefined;
  /** The images' tag. Default: the charts' own. */
  readonly tag?: string | undefined;
  /** PEM of a private authority that the tenant's certificate comes from. Default: public ones only. */
  readonly certificateAuthority?: string | undefined;
  /** What workloads reach outside of the mesh. */
  readonly egress: Egress;
  /** Entries of `meshConfig.extensionProviders`. Default: none. */
  readonly extensionProviders?: readonly HelmValues[] | undefined;
  /** Whether there are two of it. Default: false. */
  readonly highAvailability?: boolean | undefined;
}

/**
 * Two pods, on two nodes where there are two. Their disruption budget lets a node be drained once the other is ready.
 *
 * @param app the pods' label `app`
 */
const twoPods = (app: string) => ({
  replicaCount: 2,
  topologySpreadConstraints: spreadOverNodes({ app }),
});

/**
 * How long the mesh may lag behind the tenant. Where istiod starts and cannot fetch the tenant's keys, every
 * sidecar refuses every token until it asks istiod again, which is not before its connection is so old (Istio's
 * default: half an hour). And a key that is revoked counts until istiod fetches the keys again (20 minutes).
 */
const tenantLag = "5m";

/** The values of the istiod chart. */
export function istiodValues({
  hub,
  tag,
  certificateAuthority,
  egress,
  extensionProviders = [],
  highAvailability = false,
}: IstiodOptions): HelmValues {
  return {
    global: {
      ...(hub !== undefined && { hub }),
      ...(tag !== undefined && { tag }),
      proxy: { resources: { requests: proxyRequests }, ...podSecurity },
    },
    autoscaleEnabled: false,
    // The chart makes a disruption budget of its own for more than one.
    ...(highAvailability && twoPods("istiod")),
    ...podSecurity,
    // Discovery in plain text, which anybody who reaches it could read the mesh's configuration by. Proxies use TLS, at
    // 15012. Without an address istiod would serve it on port 8080.
    extraContainerArgs: ["--grpcAddr=127.0.0.1:15010"],
    resources: { requests: { cpu: "50m", memory: "256Mi" } },
    keepaliveMaxServerConnectionAge: tenantLag,
    env: {
      PILOT_JWT_PUB_KEY_REFRESH_INTERVAL: tenantLag,
      // The gateway takes Gateways of its own namespace only: another one's would add listeners, hosts and routes.
      PILOT_SCOPE_GATEWAY_TO_NAMESPACE: "true",
      // Without it, two that are asked at one workload have everything refused there.
      ...(extensionProviders.length > 1 && {
        PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS: "true",
      }),
    },
    meshConfig: {
      outboundTrafficPolicy: { mode: egress },
      accessLogFile: "/dev/stdout",
      // Policies and services must read a path alike, or one of //, %2f and %5c finds a way round.
      pathNormalization: { normalization: "DECODE_AND_MERGE_SLASHES" },
      // An Ingress of any namespace would get a route at the gateway.
      ingressControllerMode: "OFF",
      ...(extensionProviders.length > 0 && { extensionProviders: [...extensionProviders] }),
    },
    ...(certificateAuthority !== undefined && trustAuthority(certificateAuthority)),
  };
}

/** Lets istiod, which fetches the tenant's keys for all proxies, trust a private authority. */
function trustAuthority(certificateAuthority: string): HelmValues {
  const checksum = createHash("sha256").update(certificateAuthority).digest("hex");
  return {
    jwksResolverExtraRootCA: certificateAuthority,
    // istiod reads the authority once, at its start: another one has to restart it.
    podAnnotations: { "checksum/jwks-authority": checksum },
  };
}

/** Lets the gateway take the client's address from before each connection, where it then has to be. */
const acceptProxyProtocol = {
  "proxy.istio.io/config": JSON.stringify({ gatewayTopology: { proxyProtocol: {} } }),
};

/** What the gateway's Service tells the cloud that makes its load balancer. */
function loadBalancerValues({ annotations, externalTrafficPolicy }: WayIn): HelmValues {
  return {
    ...(annotations && { annotations: { ...annotations } }),
    ...(externalTrafficPolicy && { externalTrafficPolicy }),
  };
}

/** The ports on which the gateway serves HTTP and HTTPS, inside its pod and on its Service. */
export const gatewayPort = 80;
export const secureGatewayPort = 443;

function servicePort(name: string, port: number, nodePort?: number) {
  return {
    name,
    protocol: "TCP",
    port,
    targetPort: port,
    ...(nodePort !== undefined && { nodePort }),
  };
}

/** What the chart has by itself, and would not where any is given: the right to listen on ports 80 and 443. */
const lowPorts = { sysctls: [{ name: "net.ipv4.ip_unprivileged_port_start", value: "0" }] };

/**
 * The values of the gateway chart.
 *
 * @param wayIn how the gateway's Service is reached from outside
 * @param isSecure whether the gateway serves HTTPS too
 * @param highAvailability whether there are two of it
 */
export function gatewayValues(
  wayIn: WayIn,
  isSecure: boolean,
  highAvailability = false,
): HelmValues {
  const { serviceType, nodePorts } = wayIn;
  return {
    autoscaling: { enabled: false },
    ...(highAvailability && {
      ...twoPods(gatewayRelease),
      podDisruptionBudget: { minAvailable: 1 },
    }),
    securityContext: { ...lowPorts, ...podSecurity },
    resources: { requests: proxyRequests },
    ...(wayIn.proxyProtocol === true && { podAnnotations: acceptProxyProtocol }),
    service: {
      type: serviceType,
      ...loadBalancerValues(wayIn),
      // The chart's list, and HTTPS only where it is served.
      ports: [
        servicePort("status-port", 15021),
        servicePort("http2", gatewayPort, nodePorts.http),
        ...(isSecure ? [servicePort("https", secureGatewayPort, nodePorts.https)] : []),
      ],
    },
  };
}
