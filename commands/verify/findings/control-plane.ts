/** The control plane's own Deployment, and the webhook that gives pods their sidecar. */
import { namespaces, releases } from "../../../components/names";
import { objectName } from "../../stack/objects";
import { type Finding, releaseUndo } from "./finding";
import type { Container, Deployment, Namespace, Pod, WebhookConfiguration } from "./kubernetes";
import { matchesLabels } from "./label-selectors";

const name = "istiod";

/** The name of istiod's container. */
const container = "discovery";

/** Variables of istiod's environment that affect enforcement: the right values, and what another value opens. */
const variables: Readonly<Record<string, readonly [right: RegExp, opens: string]>> = {
  PILOT_SKIP_VALIDATE_TRUST_DOMAIN: [
    /^(false)?$/,
    "workloads of other trust domains count as the mesh's",
  ],
  XDS_AUTH: [/^(true)?$/, "any client is given a proxy's configuration"],
  XDS_AUTH_PLAINTEXT: [/^(false)?$/, "clients are authenticated over connections in plain text"],
  PILOT_ENABLE_XDS_IDENTITY_CHECK: [
    /^(true)?$/,
    "a proxy is given the configuration of another namespace's, with its keys",
  ],
  TRUSTED_GATEWAY_CIDR: [/^$/, "clients of these addresses may name any workload as themselves"],
  CA_TRUSTED_NODE_ACCOUNTS: [
    /^(istio-system\/ztunnel)?$/,
    "these accounts are given certificates of other workloads",
  ],
  PILOT_JWT_ENABLE_REMOTE_JWKS: [
    /^(false|istiod)?$/,
    "the proxies fetch the keys of tokens themselves, and do not know the tenant's private authority",
  ],
  JWKS_RESOLVER_INSECURE_SKIP_VERIFY: [
    /^(false)?$/,
    "istiod takes the keys of tokens from any server that poses as the tenant",
  ],
  PILOT_JWT_PUB_KEY_REFRESH_INTERVAL: [
    /^([1-9]|1\d|20)m(0s)?$|^\d{1,3}s$|^$/,
    "a key that the tenant revokes counts for longer than 20 minutes",
  ],
  ENABLE_DEBUG_ENDPOINT_AUTH: [/^(true)?$/, "any workload reads the mesh's configuration"],
  DEBUG_ENDPOINT_AUTH_ALLOWED_NAMESPACES: [
    /^$/,
    "workloads of these namespaces read the mesh's configuration",
  ],
  UNSAFE_ENABLE_ADMIN_ENDPOINTS: [/^(false)?$/, "any workload changes how istiod runs"],
  ENABLE_XDS_API_GENERATOR_AUTH: [/^(true)?$/, "any workload reads the mesh's configuration"],
  ISTIO_WORKLOAD_ENTRY_VALIDATE_IDENTITY: [
    /^(true)?$/,
    "a workload registers itself as another one",
  ],
  PILOT_INSECURE_MULTICLUSTER_KUBECONFIG_OPTIONS: [
    /^$/,
    "a Secret with a kubeconfig runs commands in istiod",
  ],
  SHARED_MESH_CONFIG: [/^$/, "another ConfigMap gives settings of the mesh"],
  ISTIO_MULTIROOT_MESH: [/^(false)?$/, "certificates of other authorities count"],
  ENABLE_CA_SERVER: [/^(true)?$/, "another authority gives workloads their certificates"],
  EXTERNAL_CA: [/^$/, "another authority gives workloads their certificates"],
  USE_REMOTE_CERTS: [/^(false)?$/, "another authority gives workloads their certificates"],
  TOKEN_ISSUER: [/^$/, "tokens of another issuer get workloads' certificates"],
  TOKEN_AUDIENCES: [
    /^(istio-ca)?$/,
    "service accounts' tokens that are meant for others get workloads' certificates",
  ],
  JWT_RULE: [/^$/, "tokens of another issuer get workloads' certificates"],
  EXTERNAL_ISTIOD: [/^(false)?$/, "istiod decides for other clusters, with their workloads"],
  PILOT_CERT_PROVIDER: [/^(istiod)?$/, "another authority gives istiod its certificate"],
  PILOT_ENABLE_CA_CRL: [/^(true)?$/, "certificates that were revoked count"],
  PILOT_ENABLE_STRICT_GATEWAY_MERGING: [
    /^(true)?$/,
    "listeners of Gateways of other namespaces are merged",
  ],
  INJECT_ENABLED: [/^(true)?$/, "new pods get no sidecar"],
  ISTIO_WATCH_NAMESPACE: [/^$/, "istiod sees the policies of one namespace only"],
};

/** A variable that has to be there. */
const scope = {
  name: "PILOT_SCOPE_GATEWAY_TO_NAMESPACE",
  value: "true",
  opens:
    "a Gateway of any namespace gets the ingress gateway's pods, with its own ports, hosts and routes",
};

/** Arguments that the chart and the stack give istiod. Those with a value may be separate from it. */
const usualArguments =
  /^(discovery|--monitoringAddr=:15014|--log_output_level=.*|--log_as_json|--domain|--keepaliveMaxServerConnectionAge|--cniNamespace=.*|--grpcAddr=.*|cluster\.local|\d+[smh][\dsmh]*)$/;

/** The webhooks that inject, as the chart names them. */
const injector = "sidecar-injector.istio.io";

/** What is read of the control plane. */
export interface ControlPlane {
  /** Of Istio's root namespace. */
  readonly controlPlane: readonly Deployment[];
  readonly webhooks: readonly WebhookConfiguration[];
  readonly pods: readonly Pod[];
}

/**
 * What istiod's own settings open.
 * @param meshed the namespaces whose pods have to have a sidecar
 */
export function controlPlaneFindings(
  { controlPlane, webhooks, pods }: ControlPlane,
  meshed: readonly Namespace[],
): readonly Finding[] {
  const istiod = controlPlane.find(({ metadata }) => metadata?.name === name);
  const server = istiod?.spec?.template.spec?.containers.find((each) => each.name === container);
  return [
    ...(server === undefined
      ? [
          deploymentFinding(
            "it is not there, or has no container discovery: another control plane decides, by other settings",
          ),
        ]
      : deploymentFindings(server, pods)),
    ...webhookFindings(webhooks, meshed),
  ];
}

const deploymentFinding = (opens: string): Finding => ({
  object: `Deployment ${namespaces.mesh}/${name}`,
  opens,
  undo: releaseUndo(releases.controlPlane),
});

function deploymentFindings(
  { env = [], envFrom = [], args = [] }: Container,
  pods: readonly Pod[],
): readonly Finding[] {
  const isScoped = env.some((each) => each.name === scope.name && each.value === scope.value);
  return [
    ...(isScoped
      ? []
      : [deploymentFinding(`its variable ${scope.name} is not ${scope.value}: ${scope.opens}`)]),
    ...env.flatMap(({ name: variable, value = "" }) => {
      const [right, opens] = variables[variable] ?? [];
      return right === undefined || right.test(value)
        ? []
        : [deploymentFinding(`its variable ${variable} is ${value}: ${opens ?? ""}`)];
    }),
    ...envFrom.map(() =>
      deploymentFinding("its environment comes from elsewhere, too, and may change any setting"),
    ),
    ...args
      .filter((each) => !usualArguments.test(each))
      .map((each) =>
        deploymentFinding(`its argument ${each} is not the stack's, and may change any setting`),
      ),
    ...plainTextFindings(args, pods),
  ];
}

const grpcAddress = /^--grpcAddr=(.*)$/;
const loopback = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\]):\d+$/;

/** Discovery in plain text: without an address of its own, or with none, istiod serves it to every pod. */
function plainTextFindings(args: readonly string[], pods: readonly Pod[]): readonly Finding[] {
  const given = args.map((each) => grpcAddress.exec(each)?.[1]).find((each) => each !== undefined);
  if (given !== undefined && loopback.test(given)) return [];
  const port = given === "" ? 8080 : Number(/\d+$/.exec(given ?? ":15010")?.[0] ?? 15010);
  const pod = pods.find(
    ({ metadata, status }) =>
      metadata?.namespace === namespaces.mesh &&
      metadata.labels?.app === name &&
      status?.phase === "Running",
  );
  const address = pod?.status?.podIP;
  const found = deploymentFinding(
    `it serves discovery in plain text at port ${port}: any pod reads the mesh's configuration`,
  );
  if (address === undefined) return [found];
  const request = { origin: `http://${address}:${port}`, method: "GET", path: "/", headers: {} };
  return [{ ...found, attempt: { from: "outsider", request } }];
}

function webhookFindings(
  configurations: readonly WebhookConfiguration[],
  meshed: readonly Namespace[],
): readonly Finding[] {
  const injectors = configurations.flatMap(({ metadata, webhooks = [] }) =>
    webhooks
      .filter((each) => each.name.endsWith(injector))
      .map((webhook) => ({ metadata, webhook })),
  );
  const finding = (metadata: WebhookConfiguration["metadata"], opens: string): Finding => ({
    object: objectName("MutatingWebhookConfiguration", metadata),
    opens,
    undo: releaseUndo(releases.controlPlane),
  });
  const selecting = (space: Namespace) =>
    injectors.filter(({ webhook }) =>
      matchesLabels(webhook.namespaceSelector, space.metadata?.labels ?? {}),
    );
  const own = (metadata: WebhookConfiguration["metadata"]) =>
    metadata?.name === "istio-sidecar-injector";
  const isAtIstiod = ({ webhook: { clientConfig } }: (typeof injectors)[number]) =>
    clientConfig.url === undefined &&
    clientConfig.service?.name === name &&
    clientConfig.service.namespace === namespaces.mesh;
  return [
    ...meshed.flatMap((space) => {
      const selected = selecting(space);
      const others = selected.filter((each) => !own(each.metadata) || !isAtIstiod(each));
      const place = space.metadata?.name ?? "";
      return [
        ...(selected.some((each) => own(each.metadata) && isAtIstiod(each))
          ? []
          : [
              finding(
                { name: "istio-sidecar-injector" },
                `it leaves out ${place}: new pods there get no sidecar of the stack's`,
              ),
            ]),
        ...others.map(({ metadata }) =>
          finding(metadata, `another control plane gives the pods of ${place} their sidecar`),
        ),
      ];
    }),
    ...injectors
      .filter(({ metadata, webhook }) => own(metadata) && webhook.failurePolicy === "Ignore")
      .map(({ metadata, webhook }) =>
        finding(
          metadata,
          `its failurePolicy of ${webhook.name} is Ignore: pods that are made while istiod is down get no sidecar`,
        ),
      ),
  ];
}
