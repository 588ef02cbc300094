import { createHash } from "node:crypto";
import { deepmergeCustom } from "deepmerge-ts";
import type { WayIn } from "../cluster/cluster";
import type { IstioSettings } from "../config";
import { gatewayRelease } from "../names";
import { podSecurity, spreadOverNodes } from "../pods";
import type { Egress } from "./egress";

/** Helm values: an object of any JSON values. */
export type HelmValues = IstioSettings["values"]["base"];

/** Lists are replaced, as Helm itself does. */
const merge = deepmergeCustom({ mergeArrays: false });

/**
 * Merges a release's extra values into its defaults.
 *
 * @param defaults the program's own values
 * @param extra the configuration's, which take precedence
 */
export function mergeValues(defaults: HelmValues, extra: HelmValues): HelmValues {
  return merge(defaults, extra);
}

/**
 * The resource requests of the sidecars and the gateway; the charts' own 100m and 128Mi each would fill a small
 * cluster.
 */
const proxyRequests = { cpu: "10m", memory: "64Mi" };

/** What istiod's defaults depend on. */
export interface IstiodOptions {
  /** The registry and path of Istio's images. Default: the charts' own. */
  readonly hub?: string | undefined;
  /** The images' tag. Default: the charts' own. */
  readonly tag?: string | undefined;
  /** PEM of a private authority that signed the tenant's certificate. Default: public authorities only. */
  readonly certificateAuthority?: string | undefined;
  /** What workloads may reach outside of the mesh. */
  readonly egress: Egress;
  /** Entries of `meshConfig.extensionProviders`. Default: none. */
  readonly extensionProviders?: readonly HelmValues[] | undefined;
  /** Whether istiod has two pods. Default: false. */
  readonly highAvailability?: boolean | undefined;
}

/**
 * Two pods, on two nodes if there are two. Their disruption budget lets a node be drained when the other pod is ready.
 *
 * @param app the pods' label `app`
 */
const twoPods = (app: string) => ({
  replicaCount: 2,
  topologySpreadConstraints: spreadOverNodes({ app }),
});

/**
 * How long the mesh may lag behind the tenant. If istiod starts and cannot fetch the tenant's keys, every sidecar
 * refuses every token until it asks istiod again, which it does only when its connection has reached this age (Istio's
 * default: half an hour). And a revoked key is accepted until istiod fetches the keys again (20 minutes).
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
    // The chart makes a disruption budget of its own for more than one pod.
    ...(highAvailability && twoPods("istiod")),
    ...podSecurity,
    // Discovery in plain text would show the mesh's configuration to every client that reaches it. Proxies use TLS, at
    // 15012. Without an address here istiod would serve it on port 8080.
    extraContainerArgs: ["--grpcAddr=127.0.0.1:15010"],
    resources: { requests: { cpu: "50m", memory: "256Mi" } },
    keepaliveMaxServerConnectionAge: tenantLag,
    env: {
      PILOT_JWT_PUB_KEY_REFRESH_INTERVAL: tenantLag,
      // The gateway accepts Gateways of its own namespace only: those of another namespace would add listeners, hosts
      // and routes.
      PILOT_SCOPE_GATEWAY_TO_NAMESPACE: "true",
      // Without this, a workload that two of these policies apply to would refuse every request.
      ...(extensionProviders.length > 1 && {
        PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS: "true",
      }),
    },
    meshConfig: {
      outboundTrafficPolicy: { mode: egress },
      accessLogFile: "/dev/stdout",
      // Policies and services have to read a path in the same way; otherwise a path with //, %2f or %5c would bypass
      // the policies.
      pathNormalization: { normalization: "DECODE_AND_MERGE_SLASHES" },
      // Otherwise an Ingress of any namespace would get a route at the gateway.
      ingressControllerMode: "OFF",
      ...(extensionProviders.length > 0 && { extensionProviders: [...extensionProviders] }),
    },
    ...(certificateAuthority !== undefined && trustAuthority(certificateAuthority)),
  };
}

/** Makes istiod, which fetches the tenant's keys for all proxies, trust a private authority. */
function trustAuthority(certificateAuthority: string): HelmValues {
  const checksum = createHash("sha256").update(certificateAuthority).digest("hex");
  return {
    jwksResolverExtraRootCA: certificateAuthority,
    // istiod reads the authority once, at its start, so that a changed one has to restart it.
    podAnnotations: { "checksum/jwks-authority": checksum },
  };
}

/** Makes the gateway read the client's address from the header before each connection, which then has to be there. */
const acceptProxyProtocol = {
  "proxy.istio.io/config": JSON.stringify({ gatewayTopology: { proxyProtocol: {} } }),
};

/** The annotations of the gateway's Service, for the cloud that makes its load balancer. */
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

/** The port of the gateway's own health, which load balancers check, too. */
export const healthPort = 15_021;

/**
 * Istio's own asks a gateway as rarely as a sidecar, by default every 15 seconds, and a gateway has no startup probe. One
 * that starts gets no request for so long, if it is not ready at the first question.
 */
const readinessProbe = {
  httpGet: { path: "/healthz/ready", port: healthPort },
  periodSeconds: 1,
  timeoutSeconds: 3,
  failureThreshold: 30,
};

/** The chart's default, which is lost if any value is given: the right to listen on ports 80 and 443. */
const lowPorts = { sysctls: [{ name: "net.ipv4.ip_unprivileged_port_start", value: "0" }] };

/**
 * The values of the gateway chart.
 *
 * @param wayIn how the gateway's Service is reached from outside
 * @param isSecure whether the gateway serves HTTPS in addition to HTTP
 * @param highAvailability whether the gateway has two pods
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
    readinessProbe,
    resources: { requests: proxyRequests },
    ...(wayIn.proxyProtocol === true && { podAnnotations: acceptProxyProtocol }),
    service: {
      type: serviceType,
      ...loadBalancerValues(wayIn),
      // The chart's list, with HTTPS only if it is served.
      ports: [
        servicePort("status-port", healthPort),
        servicePort("http2", gatewayPort, nodePorts.http),
        ...(isSecure ? [servicePort("https", secureGatewayPort, nodePorts.https)] : []),
      ],
    },
  };
}
