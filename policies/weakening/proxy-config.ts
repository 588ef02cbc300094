/** How a proxy is started: `meshConfig.defaultConfig`, the annotation proxy.istio.io/config, and the kind ProxyConfig. */
import type { Subject } from "./setting";

const replaced = "The proxy runs with another configuration than Istio's.";
const readOtherwise = "Policies read a path or a header otherwise than the service does.";

/**
 * The variables that a proxy's environment may have. Any other one could change which control plane it uses, or what it
 * captures.
 */
const metadata =
  "ECC_CURVE ECC_SIGNATURE_ALGORITHM ENABLE_PROBE_KEEPALIVE_CONNECTIONS ENVOY_SKIP_DEPRECATED_LOGS EXIT_ON_ZERO_ACTIVE_CONNECTIONS GODEBUG GOMAXPROCS GOMEMLIMIT ISTIO_META_DNS_AUTO_ALLOCATE ISTIO_META_DNS_CAPTURE ISTIO_META_IDLE_TIMEOUT ISTIO_META_ROUTER_MODE MINIMUM_DRAIN_DURATION SECRET_GRACE_PERIOD_RATIO SECRET_GRACE_PERIOD_RATIO_JITTER SECRET_TTL WASM_HTTP_REQUEST_MAX_RETRIES WASM_HTTP_REQUEST_TIMEOUT WASM_MODULE_EXPIRY WASM_PURGE_INTERVAL WORKLOAD_RSA_KEY_SIZE";

export const harmlessMetadata: readonly string[] = metadata.split(" ");

export const proxyConfig: Subject = {
  title: "ProxyConfig: meshConfig.defaultConfig, and the annotation proxy.istio.io/config",
  source: "istio.io/api v1.31.1, mesh/v1alpha1/proxy.proto",
  rule: "mesh-configuration and namespace-injection",
  others: "a violation",
  settings: [
    {
      name: "interceptionMode",
      values: ["REDIRECT", "TPROXY"],
      why: "Requests reach containers past their sidecars.",
    },
    { name: "customConfigFile", values: [], why: replaced },
    { name: "proxyBootstrapTemplatePath", values: [], why: replaced },
    { name: "configPath", values: [], why: replaced },
    { name: "binaryPath", values: [], why: "Another program is the proxy." },
    {
      name: "discoveryAddress",
      values: [],
      why: "Another control plane decides what it enforces.",
    },
    { name: "caCertificatesPem", values: [], why: "Identities of another authority count." },
    {
      name: "controlPlaneAuthPolicy",
      values: ["MUTUAL_TLS"],
      why: "Any host can be the control plane.",
    },
    {
      name: "runtimeValues",
      values: [],
      why: "Envoy's own protections are switched off by these.",
    },
    {
      name: "proxyMetadata",
      may: `of ${metadata.split(" ").join(", ")}`,
      why: "Other variables change which control plane the proxy obeys, and what it catches.",
    },
    {
      name: "gatewayTopology.numTrustedProxies",
      values: [0],
      why: "A client can say by X-Forwarded-For which address it has.",
    },
    {
      name: "gatewayTopology.forwardClientCertDetails",
      values: ["SANITIZE", "SANITIZE_SET"],
      why: "A client can say by a header whose certificate it has.",
    },
    {
      name: "proxyHeaders.forwardedClientCert",
      values: ["SANITIZE", "SANITIZE_SET", "APPEND_FORWARD"],
      why: "A caller can say by a header whose certificate it has.",
    },
    { name: "connectionSettings.httpMergeSlashes", values: [true], why: readOtherwise },
    {
      name: "connectionSettings.httpPathWithEscapedSlashesAction",
      values: ["REJECT_REQUEST", "UNESCAPE_AND_REDIRECT", "UNESCAPE_AND_FORWARD"],
      why: readOtherwise,
    },
    {
      name: "connectionSettings.httpHeadersWithUnderscoresAction",
      values: ["HEADERS_WITH_UNDERSCORES_REJECT_REQUEST", "HEADERS_WITH_UNDERSCORES_DROP_HEADER"],
      why: readOtherwise,
    },
    {
      name: "tracing.customTags",
      may: "no header with a token or a cookie",
      why: "Traces hold requests' tokens or cookies.",
    },
  ],
  harmless: [
    ..."availabilityZone concurrency discoveryRefreshDelay drainDuration envoyAccessLogService envoyMetricsService envoyMetricsServiceAddress extraStatTags fileFlushInterval fileFlushMinSizeKb gatewayTopology.proxyProtocol holdApplicationUntilProxyStarts image meshId privateKeyProvider proxyAdminPort proxyStatsMatcher readinessProbe sds serviceCluster statNameLength statsCompression statsdUdpAddress statusPort terminationDrainDuration tracing tracingServiceName zipkinAddress".split(
      " ",
    ),
    ..."attemptCount envoyDebugHeaders metadataExchangeHeaders preserveHttp1HeaderCase requestId server setCurrentClientCertDetails xForwardedHost xForwardedPort"
      .split(" ")
      .map((name) => `proxyHeaders.${name}`),
    ..."clusterPerConnectionBufferLimitBytes globalDownstreamConnectionLimit http2InitialConnectionWindowSize http2InitialStreamWindowSize httpDrainTimeout httpIdleTimeout httpMaxConcurrentStreams httpMaxConnectionDuration httpMaxStreamDuration httpRequestHeadersTimeout httpRequestTimeout httpStreamIdleTimeout listenerConnectionLimit listenerPerConnectionBufferLimitBytes profile"
      .split(" ")
      .map((name) => `connectionSettings.${name}`),
  ],
};
