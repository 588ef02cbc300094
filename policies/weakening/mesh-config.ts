/** `meshConfig` of the chart istiod: https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/ */
import type { Setting } from "./setting";

const inMesh = (name: string) => `meshConfig.${name}`;
const oldest = ["TLSV1_2", "TLSV1_3"];

const own: readonly Setting[] = [
  {
    name: "pathNormalization.normalization",
    values: ["DECODE_AND_MERGE_SLASHES", "MERGE_SLASHES"],
    required: true,
    why: "Policies read a path otherwise than the service does. Its default merges no slashes.",
  },
  {
    name: "accessLogFile",
    may: "a file, such as /dev/stdout, unless a Telemetry of the mesh's namespace logs",
    why: "Requests leave no trace. Its default is no log.",
  },
  {
    name: "accessLogFormat",
    may: "a format without tokens and cookies",
    why: "The log holds requests' tokens or cookies.",
  },
  {
    name: "trustDomainAliases",
    values: [],
    why: "Identities of another mesh count as those of this one.",
  },
  { name: "caCertificates", values: [], why: "Another authority gives out identities." },
  { name: "certificates", values: [], why: "Another authority gives out certificates." },
  { name: "ca", values: [], why: "Another authority gives out identities." },
  { name: "configSources", values: [], why: "Policies come from somewhere else." },
  {
    name: "rootNamespace",
    may: "the configured root namespace",
    why: "Policies of another namespace are the whole mesh's.",
  },
  { name: "enableAutoMtls", values: [true], why: "Calls between services are plain text." },
  {
    name: "verifyCertificateAtClient",
    values: [true],
    why: "Any host on the way can be a service outside of the mesh.",
  },
  {
    name: "outboundTrafficPolicy.mode",
    may: "REGISTRY_ONLY, and has to be set, where outboundTraffic is so",
    why: "Workloads send what they know to any address. Its default is ALLOW_ANY.",
  },
  { name: "meshMTLS.minProtocolVersion", values: oldest, why: "Older TLS can be broken." },
  { name: "tlsDefaults.minProtocolVersion", values: oldest, why: "Older TLS can be broken." },
  { name: "defaultConfig", may: "what the table of ProxyConfig says", why: "See there." },
  {
    name: "extensionProviders",
    may: "what the table of external authorizers says",
    why: "See there.",
  },
];

export const meshConfigSettings: readonly Setting[] = own.map((one) => ({
  ...one,
  name: inMesh(one.name),
}));

export const meshConfigHarmless: readonly string[] = [
  ..."accessLogEncoding connectTimeout defaultDestinationRuleExportTo defaultHttpRetryPolicy defaultProviders defaultServiceExportTo defaultTrafficPolicy defaultVirtualServiceExportTo disableEnvoyListenerLog discoverySelectors dnsRefreshRate enableEnvoyAccessLogService enablePrometheusMerge enableTracing h2UpgradePolicy hboneIdleTimeout inboundClusterStatName inboundTrafficPolicy ingressClass ingressControllerMode ingressSelector ingressService localityLbSetting meshMTLS.cipherSuites meshMTLS.ecdhCurves outboundClusterStatName protocolDetectionTimeout proxyHttpPort proxyInboundListenPort proxyListenPort serviceEntryVisibility serviceScopeConfigs serviceSettings tcpKeepalive tlsDefaults.cipherSuites tlsDefaults.ecdhCurves trustDomain zoneAwareLbSetting"
    .split(" ")
    .map(inMesh),
];
