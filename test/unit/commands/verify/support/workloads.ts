/** The workloads of a cluster as Kubernetes and Istio's injector make them, written by hand. */
import type { Application } from "../../../../../components/application";
import { proxy, redis } from "../../../../../components/login/names";
import type { StackOutputs } from "../../../../../commands/stack/outputs";
import type {
  Container,
  EndpointSlice,
  Namespace,
  Pod,
  Service,
} from "../../../../../commands/verify/findings/kubernetes";
import { probePod } from "../../../../../commands/verify/probes/probe-pod";
import { podsToProbeFrom } from "../../../../../commands/verify/plan/vantages";

/** What a test changes. */
export interface WorkloadCluster {
  readonly namespaces: Namespace[];
  readonly pods: Pod[];
  readonly services: Service[];
  readonly endpointSlices: EndpointSlice[];
  readonly meshConfig: unknown;
}

const metadata = { ECC_SIGNATURE_ALGORITHM: "ECDSA" };

/** As a pod's sidecar gets it. */
const proxyConfig = { concurrency: 1, proxyMetadata: metadata };

const variables = {
  PILOT_CERT_PROVIDER: "istiod",
  CA_ADDR: "istiod.istio-system.svc:15012",
  PROXY_CONFIG: `${JSON.stringify(proxyConfig)}\n`,
  ISTIO_META_POD_PORTS: '[\n  {"name":"http","containerPort":9080,"protocol":"TCP"}\n]',
  ISTIO_META_APP_CONTAINERS: "details",
  ISTIO_META_CLUSTER_ID: "Kubernetes",
  ISTIO_META_INTERCEPTION_MODE: "REDIRECT",
  ISTIO_META_WORKLOAD_NAME: "details-v1",
  ISTIO_META_OWNER: "kubernetes://apis/apps/v1/namespaces/bookinfo/deployments/details-v1",
  ISTIO_META_MESH_ID: "cluster.local",
  TRUST_DOMAIN: "cluster.local",
  ISTIO_KUBE_APP_PROBERS: "{}",
  ...metadata,
};

const image = "registry.example/proxyv2:1.31.0";

/** A proxy as a native sidecar, or as the gateway's only container. */
const proxyContainer = (mode: "sidecar" | "router"): Container => ({
  name: "istio-proxy",
  image,
  args: [
    "proxy",
    mode,
    "--domain",
    "$(POD_NAMESPACE).svc.cluster.local",
    "--proxyLogLevel=warning",
    "--proxyComponentLogLevel=misc:error",
    "--log_output_level=default:info",
  ],
  env: Object.entries(variables).map(([name, value]) => ({ name, value })),
});

const init = (): Container => ({
  name: "istio-init",
  image,
  args: [
    ...["istio-iptables", "-p", "15001", "-z", "15006", "-u", "1337", "-m", "REDIRECT"],
    ...["-i", "*", "-x", "", "-b", "*", "-d", "15090,15021,15020"],
    "--log_output_level=default:info",
  ],
  env: Object.entries(metadata).map(([name, value]) => ({ name, value })),
  securityContext: { privileged: false, capabilities: { add: ["NET_ADMIN"], drop: ["ALL"] } },
});

let count = 0;

/** What makes a pod. */
export interface PodOptions {
  readonly name: string;
  readonly namespace: string;
  readonly account: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly port?: number;
  /** Default: a Deployment of the pod's name. */
  readonly owner?: "Deployment" | "none";
}

/** A pod with a sidecar. */
export function meshedPod(options: PodOptions): Pod {
  return injected(plainPod(options));
}

/** What Istio's injector makes of a pod. */
export function injected({ metadata: written, spec, ...pod }: Pod): Pod {
  return {
    ...pod,
    metadata: {
      ...written,
      annotations: { ...written?.annotations, "sidecar.istio.io/status": "{}" },
      labels: { ...written?.labels, "security.istio.io/tlsMode": "istio" },
    },
    ...(spec && { spec: { ...spec, initContainers: [init(), proxyContainer("sidecar")] } }),
  };
}

/** A pod without one. */
export function plainPod({ name, namespace, account, labels, port, owner }: PodOptions): Pod {
  const ip = `10.0.0.${(count += 1)}`;
  const hash = "6d9f7c5b8";
  return {
    metadata: {
      name: owner === "none" ? name : `${name}-${hash}-x2x4z`,
      namespace,
      labels: { ...labels, ...(owner !== "none" && { "pod-template-hash": hash }) },
      ...(owner !== "none" && {
        ownerReferences: [
          {
            apiVersion: "apps/v1",
            kind: "ReplicaSet",
            name: `${name}-${hash}`,
            uid: "1",
            controller: true,
          },
        ],
      }),
    },
    spec: {
      serviceAccountName: account,
      containers: [
        {
          name: "app",
          image: "app",
          ...(port !== undefined && { ports: [{ containerPort: port }] }),
        },
      ],
    },
    status: { phase: "Running", podIP: ip, podIPs: [{ ip }], hostIP: "192.0.2.1" },
  };
}

const service = (
  namespace: string,
  name: string,
  label: object,
  port: number,
  protocol = "http",
): Service => ({
  metadata: { name, namespace, uid: `${namespace}/${name}` },
  spec: {
    type: "ClusterIP",
    clusterIPs: [`10.1.0.${(count += 1)}`],
    selector: { ...label },
    ports: [{ name: protocol, port, targetPort: port }],
  },
});

/** A cluster of exactly what the stack makes, with the probe pods of two runs. */
export function workloadCluster(
  application: Application,
  { login, routing }: Pick<StackOutputs, "login" | "routing">,
): WorkloadCluster {
  count = 0;
  const { namespace } = application;
  const rows = Object.entries(application.services);
  const logins =
    login?.at === "gateway" ? [proxy, ...(login.sessions === "redis" ? [redis] : [])] : [];
  const gateway = plainPod({
    name: "istio-ingress",
    namespace: "istio-ingress",
    account: "istio-ingress",
    labels: { istio: "ingress", app: "istio-ingress" },
  });
  gateway.metadata = {
    ...gateway.metadata,
    annotations: {
      "inject.istio.io/templates": "gateway",
      "proxy.istio.io/overrides": "{}",
      "sidecar.istio.io/inject": "true",
      "istio.io/rev": "default",
    },
  };
  if (gateway.spec !== undefined) gateway.spec.containers = [proxyContainer("router")];
  const probes = ["aaaa", "bbbb"].flatMap((run) =>
    podsToProbeFrom(application).map((made): Pod => {
      const { metadata: written, spec } = probePod(run, made, "node");
      const pod: Pod = {
        metadata: { ...written, namespace: made.namespace },
        ...(spec && { spec }),
        status: { phase: "Running" },
      };
      return made.inTheMesh ? injected(pod) : pod;
    }),
  );
  return {
    namespaces: [namespace, "login", "istio-system", "istio-ingress", "default"].map((name) => ({
      metadata: {
        name,
        ...(["login", namespace].includes(name) && { labels: { "istio-injection": "enabled" } }),
      },
    })),
    pods: [
      ...rows.flatMap(([app, { serviceAccount: account, port }]) => {
        const shares = routing.traffic.find((each) => each.service === app)?.shares ?? {};
        const versions = Object.keys(shares);
        return (versions.length === 0 ? [undefined] : versions).map((version) =>
          meshedPod({
            name: version === undefined ? app : `${app}-${version}`,
            namespace,
            account,
            labels: { app, ...(version !== undefined && { version }) },
            port,
          }),
        );
      }),
      ...logins.map(({ name, port, namespace: place }) =>
        meshedPod({ name, namespace: place, account: name, labels: { app: name }, port }),
      ),
      gateway,
      plainPod({ name: "coredns", namespace: "kube-system", account: "coredns", labels: {} }),
      ...probes,
    ],
    services: [
      ...rows.flatMap(([app, { port, protocol, versions = [] }]) => [
        service(namespace, app, { app }, port, protocol),
        ...versions.map(({ name }) =>
          service(namespace, name, { app, version: name.slice(app.length + 1) }, port),
        ),
      ]),
      ...logins.map(({ name, port, namespace: place }) =>
        service(place, name, { app: name }, port),
      ),
      {
        metadata: { name: "istio-ingress", namespace: "istio-ingress", uid: "gateway" },
        spec: {
          type: "NodePort",
          selector: { app: "istio-ingress", istio: "ingress" },
          ports: [{ name: "http2", port: 80, targetPort: 80, nodePort: 30080 }],
        },
      },
    ],
    endpointSlices: rows.map(([app]) => ({
      metadata: {
        name: `${app}-abcde`,
        namespace,
        labels: {
          "kubernetes.io/service-name": app,
          "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
        },
      },
      addressType: "IPv4",
      endpoints: [{ addresses: ["10.0.0.200"] }],
    })),
    meshConfig: { defaultConfig: proxyConfig },
  };
}

/** The pod of a Deployment. */
export function podOf({ pods }: WorkloadCluster, deployment: string): Pod {
  const found = pods.find(({ metadata: each }) => each?.name?.startsWith(`${deployment}-6d9f`));
  if (found === undefined) throw new Error(`no pod of ${deployment}`);
  return found;
}

/** The control plane and its settings, as the chart makes them of the stack's values. Without a login. */
export const meshWide = {
  meshConfig: {
    accessLogFile: "/dev/stdout",
    defaultConfig: { ...proxyConfig, discoveryAddress: "istiod.istio-system.svc:15012" },
    ingressControllerMode: "OFF",
    outboundTrafficPolicy: { mode: "REGISTRY_ONLY" },
    pathNormalization: { normalization: "DECODE_AND_MERGE_SLASHES" },
  },
  istiod: {
    metadata: { name: "istiod", namespace: "istio-system" },
    spec: {
      template: {
        spec: {
          containers: [
            {
              name: "discovery",
              args: ["discovery", "--grpcAddr=127.0.0.1:15010"],
              env: [{ name: "PILOT_SCOPE_GATEWAY_TO_NAMESPACE", value: "true" }],
            },
          ],
        },
      },
    },
  },
  injector: {
    metadata: { name: "istio-sidecar-injector" },
    webhooks: [
      {
        name: "namespace.sidecar-injector.istio.io",
        clientConfig: { service: { name: "istiod", namespace: "istio-system" } },
        namespaceSelector: { matchLabels: { "istio-injection": "enabled" } },
        failurePolicy: "Fail",
      },
    ],
  },
};
