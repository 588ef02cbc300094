/** The control plane's chart: what its values make of every sidecar, and of the mesh's own configuration. */
import { meshConfigSettings, meshConfigHarmless } from "./mesh-config";
import type { Subject } from "./setting";

const another = "Another control plane decides what the proxies enforce.";
const unread = "No rule reads what is in it.";
const past = "Requests reach containers past their sidecars.";

export const istiodValues: Subject = {
  title: "Values of the chart istiod",
  source: "istio 1.31, manifests/charts/istio-control/istio-discovery",
  rule: "mesh-configuration",
  others: "a violation",
  settings: [
    { name: "global.proxy.autoInject", values: ["enabled"], why: "Pods get no sidecar." },
    { name: "global.proxy.excludeInboundPorts", values: [], why: past },
    { name: "global.proxy.includeInboundPorts", values: ["*"], why: past },
    {
      name: "global.proxy.excludeOutboundPorts",
      values: [],
      why: "Calls leave pods past their sidecars, without mutual TLS.",
    },
    {
      name: "global.proxy.excludeIPRanges",
      values: [],
      why: "Calls leave pods past their sidecars, without mutual TLS.",
    },
    {
      name: "global.proxy.includeIPRanges",
      values: ["*"],
      why: "Calls leave pods past their sidecars, without mutual TLS.",
    },
    { name: "global.proxy.image", values: ["proxyv2"], why: "Another program is the sidecar." },
    {
      name: "global.proxy_init.image",
      values: ["proxyv2"],
      why: "Another program redirects to it.",
    },
    { name: "image", values: ["pilot"], why: "Another program is the control plane." },
    { name: "global.proxy.privileged", values: [false], why: "Sidecars may change their node." },
    {
      name: "global.proxy.logLevel",
      values: ["warning", "error", "critical", "info", "off"],
      why: "Logs hold requests' tokens and cookies.",
    },
    {
      name: "global.proxy.componentLogLevel",
      may: "no component at debug or trace",
      why: "Logs hold requests' tokens and cookies.",
    },
    {
      name: "sidecarInjectorWebhook.neverInjectSelector",
      values: [],
      why: "Pods that it selects get no sidecar.",
    },
    {
      name: "sidecarInjectorWebhook.injectedAnnotations",
      may: "what a pod's own annotations may be",
      why: "Every pod with a sidecar gets these annotations.",
    },
    {
      name: "sidecarInjectorWebhook.templates",
      values: [],
      why: "Pods get other containers for their sidecars.",
    },
    {
      name: "sidecarInjectorWebhook.defaultTemplates",
      values: ["sidecar"],
      why: "Pods get other containers for their sidecars.",
    },
    { name: "istiodRemote.enabled", values: [false], why: another },
    { name: "istiodRemote.injectionURL", values: [], why: another },
    { name: "istiodRemote.injectionCABundle", values: [], why: another },
    { name: "global.remotePilotAddress", values: [], why: another },
    { name: "global.externalIstiod", values: [false], why: another },
    {
      name: "global.omitSidecarInjectorConfigMap",
      values: [false],
      why: "The sidecars' template comes from another program.",
    },
    {
      name: "global.operatorManageWebhooks",
      values: [false],
      why: "Nothing injects sidecars until an operator does.",
    },
    {
      name: "global.configValidation",
      values: [true],
      why: "Objects that Istio cannot read are accepted, and then not enforced.",
    },
    {
      name: "configMap",
      values: [true],
      why: "The mesh's configuration comes from another program.",
    },
    { name: "global.caAddress", values: [], why: "Another authority gives out identities." },
    { name: "global.caName", values: [], why: "Another authority gives out identities." },
    { name: "global.certSigners", values: [], why: "Another authority gives out identities." },
    {
      name: "global.pilotCertProvider",
      values: ["istiod"],
      why: "Another authority gives out the control plane's certificate.",
    },
    {
      name: "global.sds.token.aud",
      values: ["istio-ca"],
      why: "Tokens for other programs count for an identity.",
    },
    ...["seccompProfile.type", "global.proxy.seccompProfile.type"].map((name) => ({
      name,
      values: ["RuntimeDefault", "Localhost"],
      why: "It may ask the kernel for anything. requireSeccompProfile has it set.",
    })),
    { name: "envVarFrom", values: [], why: unread },
    {
      name: "extraContainerArgs",
      may: "--grpcAddr at 127.0.0.1: no discovery in plain text",
      why: "Others may change whom it obeys, and what it shows.",
    },
    { name: "initContainers", values: [], why: unread },
    { name: "volumeMounts", values: [], why: unread },
    { name: "volumes", values: [], why: unread },
    { name: "compatibilityVersion", values: [], why: "What later versions closed is open again." },
    {
      name: "profile",
      values: ["ambient", "default", "stable"],
      why: "The profile has values of its own, for demonstrations or another control plane.",
    },
    {
      name: "global.profile",
      values: ["ambient", "default", "stable"],
      why: "The same, by another name.",
    },
    { name: "env", may: "what the table of variables says", why: "See there." },
    ...meshConfigSettings,
  ],
  harmless: [
    ..."affinity autoscaleBehavior autoscaleEnabled autoscaleMax autoscaleMin base cni cpu deploymentAnnotations deploymentLabels experimental gatewayClasses gateways hub ipFamilies ipFamilyPolicy jwksResolverExtraRootCA keepaliveMaxServerConnectionAge memory nodeSelector ownerName pdb platform podAnnotations podLabels replicaCount resources revision revisionTags rollingMaxSurge rollingMaxUnavailable seccompProfile.localhostProfile serviceAccountAnnotations serviceAnnotations sidecarInjectorWebhookAnnotations tag taint telemetry tolerations topologySpreadConstraints traceSampling trustedZtunnelName trustedZtunnelNamespace variant".split(
      " ",
    ),
    ..."configCluster defaultPodDisruptionBudget defaultResources hub imagePullPolicy imagePullSecrets istioNamespace istiod logAsJson logging meshID meshNetworks mountMtlsCerts multiCluster nativeNftables network networkPolicy platform priorityClassName resourceScope sts tag trustBundleName variant waypoint"
      .split(" ")
      .map((name) => `global.${name}`),
    ..."clusterDomain includeOutboundPorts lifecycle outlierLogPath readinessFailureThreshold readinessInitialDelaySeconds readinessPeriodSeconds resources seccompProfile.localhostProfile startupProbe statusPort tracer"
      .split(" ")
      .map((name) => `global.proxy.${name}`),
    "global.proxy_init.forceApplyIptables",
    "global.proxy_init.resources",
    "istiodRemote.enabledLocalInjectorIstiod",
    "istiodRemote.injectionPath",
    ..."alwaysInjectSelector enableNamespacesByDefault reinvocationPolicy rewriteAppHTTPProbe"
      .split(" ")
      .map((name) => `sidecarInjectorWebhook.${name}`),
    ...meshConfigHarmless,
  ],
};
