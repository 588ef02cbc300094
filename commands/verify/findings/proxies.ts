/** Sidecars and gateways that differ from what Istio's injector makes. */
import type { Container, Pod } from "./kubernetes";
import { parse } from "yaml";
import { gatewayServiceAccount } from "../../../components/names";
import type { Finding } from "./finding";
import { changedFields, objectOf, type ProxyConfig } from "./proxy-config";
import { sidecarOf } from "../../stack/pods";
import { blame, distinct, type ProtectedWorkload } from "./workloads";

/**
 * What the proxies of these pods are configured with, apart from what the mesh configures for all.
 * @param pods the pods to judge: of the gateway, and of the namespaces whose pods have to have a sidecar
 * @param usual the mesh's `defaultConfig`
 */
export function proxyFindings(
  workloads: readonly ProtectedWorkload[],
  pods: readonly Pod[],
  usual: ProxyConfig,
): readonly Finding[] {
  const images = new Set(pods.filter(isGateway).map((pod) => repositoryOf(sidecarOf(pod))));
  return distinct(
    pods.flatMap((pod) => {
      const proxy = sidecarOf(pod);
      if (proxy === undefined) return [];
      const isForeign = images.size > 0 && !images.has(repositoryOf(proxy));
      const said = [
        ...Object.entries(pod.metadata?.annotations ?? {}).flatMap(([name, value]) =>
          annotationSays(name, value, isGateway(pod), usual),
        ),
        ...labelsSay(pod),
        ...(isForeign
          ? [`its proxy is another image than the gateway's: ${proxy.image ?? ""}`]
          : []),
        ...argumentsSay(proxy, isGateway(pod)),
        ...environmentSays(proxy, isGateway(pod), usual),
      ];
      return said.map((opens) => ({ ...blame(pod, workloads), opens }));
    }),
  );
}

function isGateway({ metadata, spec }: Pod): boolean {
  const { namespace, name } = gatewayServiceAccount;
  return metadata?.namespace === namespace && spec?.serviceAccountName === name;
}

/** An image without its tag and digest. */
function repositoryOf(container: Container | undefined): string {
  return (container?.image ?? "").replace(/@.*$/, "").replace(/:[^/:]*$/, "");
}

/** Where annotations are that the injector, the proxy or istiod reads. */
const prefixes =
  /^((traffic\.)?sidecar|proxy|inject|security|networking|ambient)\.istio\.io\/|^istio\.io\//;

/** Annotations, with their values, that do not change what a proxy lets through, or that the injector writes. */
const harmless: Readonly<Record<string, RegExp>> = {
  "sidecar.istio.io/status": /./,
  "sidecar.istio.io/inject": /^true$/,
  "sidecar.istio.io/proxyCPU": /./,
  "sidecar.istio.io/proxyMemory": /./,
  "sidecar.istio.io/proxyCPULimit": /./,
  "sidecar.istio.io/proxyMemoryLimit": /./,
  "sidecar.istio.io/rewriteAppHTTPProbers": /./,
  "sidecar.istio.io/nativeSidecar": /./,
  "sidecar.istio.io/logLevel": /^(info|warning|error|critical|off)$/,
  "sidecar.istio.io/agentLogLevel": /./,
  "sidecar.istio.io/interceptionMode": /^(REDIRECT|TPROXY)$/,
  "traffic.sidecar.istio.io/includeInboundPorts": /^\*$/,
  "traffic.sidecar.istio.io/excludeInboundPorts": /^(15020|15021|15090|,)*$/,
  "traffic.sidecar.istio.io/includeOutboundIPRanges": /^\*$/,
  "traffic.sidecar.istio.io/excludeOutboundIPRanges": /^$/,
  "istio.io/rev": /./,
};

/** What Istio's chart gives the gateway's pods. Their overrides are the chart's own container. */
const harmlessAtGateway: Readonly<Record<string, RegExp>> = {
  "inject.istio.io/templates": /^gateway$/,
  "proxy.istio.io/overrides": /./,
};

/** Makes the gateway read the client's address from the header before each connection; a load balancer needs it. */
const proxyProtocol: ProxyConfig = { gatewayTopology: { proxyProtocol: {} } };

function annotationSays(
  name: string,
  value: string,
  atGateway: boolean,
  usual: ProxyConfig,
): readonly string[] {
  if (name === "proxy.istio.io/config") {
    const given = atGateway ? { ...usual, ...proxyProtocol } : usual;
    const changed = changedFields(objectOf(yaml(value)), given);
    return changed.map((field) => `the annotation ${name} gives its proxy ${field}`);
  }
  if (!prefixes.test(name) || harmless[name]?.test(value) === true) return [];
  if (atGateway && harmlessAtGateway[name]?.test(value) === true) return [];
  return [`the annotation ${name}: ${value} changes its proxy, or what is led to it`];
}

function yaml(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

/** By a label of the pods callers choose whether they encrypt. */
function labelsSay({ metadata }: Pod): readonly string[] {
  const { labels = {} } = metadata ?? {};
  const mode = labels["security.istio.io/tlsMode"];
  return [
    ...(mode !== undefined && mode !== "istio"
      ? [`by its label security.istio.io/tlsMode=${mode} requests are sent to it in plain text`]
      : []),
    ...(labels["istio.io/dataplane-mode"] === "ambient"
      ? [
          "by its label istio.io/dataplane-mode=ambient another proxy than its sidecar is to take its requests",
        ]
      : []),
  ];
}

/** The injector's arguments; those with a value are separate from it, or joined by `=`. */
const usualArguments =
  /^(--domain|\$\(POD_NAMESPACE\)\.svc\.[\w.-]+|--proxyLogLevel=(info|warning|error|critical|off)|--proxyComponentLogLevel=[\w:,.-]*|--log_output_level=.*|--log_as_json|--stsPort=\d+|--outlierLogPath=.*)$/;

function argumentsSay({ command, args = [] }: Container, atGateway: boolean): readonly string[] {
  const [first, second, ...others] = args;
  const changed = [
    ...(command === undefined || command.length === 0 ? [] : [command.join(" ")]),
    ...(first === "proxy" && second === (atGateway ? "router" : "sidecar")
      ? []
      : [[first, second].join(" ")]),
    ...others.filter((each) => !usualArguments.test(each) || logsRequests.test(each)),
  ];
  return changed.map((each) => `its proxy is started with ${each}, which Istio does not give it`);
}

/** At these levels Envoy logs requests with their headers: tokens and cookies. */
const logsRequests = /^--proxy\w*LogLevel=(.*:)?(debug|trace)/;

/** What the injector gives a proxy. */
const usualVariables =
  /^(REWRITE_PROBE_LEGACY_LOCALHOST_DESTINATION|POD_NAME|POD_NAMESPACE|INSTANCE_IP|SERVICE_ACCOUNT|HOST_IP|ISTIO_CPU_LIMIT|PROXY_CONFIG|GOMEMLIMIT|GOMAXPROCS|COMPLIANCE_POLICY|TRUST_DOMAIN|ISTIO_KUBE_APP_PROBERS|ISTIO_PROMETHEUS_ANNOTATIONS|ISTIO_META_(POD_PORTS|APP_CONTAINERS|CLUSTER_ID|NODE_NAME|NETWORK|WORKLOAD_NAME|OWNER|MESH_ID))$/;

/** And what it gives with only one value. */
const fixedVariables: Readonly<Record<string, RegExp>> = {
  PILOT_CERT_PROVIDER: /^istiod$/,
  CA_ADDR: /^istiod\.istio-system\.svc:15012$/,
  ISTIO_META_INTERCEPTION_MODE: /^(REDIRECT|TPROXY)$/,
  ISTIO_META_UNPRIVILEGED_POD: /^true$/,
};

/** What other programs than Istio give every container of a cluster. */
const fromElsewhere = /^(AWS|AZURE|GOOGLE|KUBERNETES|OTEL|HTTPS?|NO)_|^GODEBUG$/i;

function environmentSays(
  { env = [], envFrom = [] }: Container,
  atGateway: boolean,
  usual: ProxyConfig,
): readonly string[] {
  const metadata = objectOf(usual.proxyMetadata);
  const config = env.find(({ name }) => name === "PROXY_CONFIG")?.value ?? "{}";
  const given = atGateway ? { ...usual, ...proxyProtocol } : usual;
  return [
    ...changedFields(objectOf(yaml(config)), given).map((field) => `its proxy has ${field}`),
    ...env
      .filter(
        ({ name, value = "" }) =>
          !usualVariables.test(name) &&
          fixedVariables[name]?.test(value) !== true &&
          !fromElsewhere.test(name) &&
          metadata[name] !== value,
      )
      // Such as a metadata entry of the pod's own configuration, which is reported already.
      .filter(({ name }) => objectOf(objectOf(yaml(config)).proxyMetadata)[name] === undefined)
      .map(({ name, value = "" }) => `its proxy has the variable ${name}=${value}`),
    ...envFrom.map(() => "its proxy has an environment from elsewhere"),
  ];
}
