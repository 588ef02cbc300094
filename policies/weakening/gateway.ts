/** The gateway's chart. */
import type { Subject } from "./setting";

const unread = "No rule reads what is in it.";
const joins = "It joins the gateway's pod, with its ports, certificate and identity.";

export const gatewayValues: Subject = {
  title: "Values of the chart gateway",
  source: "istio 1.31, manifests/charts/gateway",
  rule: "mesh-configuration",
  others: "a violation",
  settings: [
    {
      name: "podAnnotations",
      may: "what a pod's own annotations may be, and inject.istio.io/templates gateway",
      why: "The proxy gets another configuration, image, template or log level.",
    },
    {
      name: "env",
      may: "of the variables that ProxyConfig's proxyMetadata may have",
      why: "Other variables change which control plane the proxy obeys.",
    },
    { name: "envVarFrom", values: [], why: unread },
    { name: "additionalContainers", values: [], why: joins },
    { name: "initContainers", values: [], why: joins },
    { name: "volumes", values: [], why: unread },
    { name: "volumeMounts", values: [], why: unread },
    {
      name: "networkGateway",
      values: [],
      why: "Any service of the mesh is reached through it from another network.",
    },
    {
      name: "labels.istio",
      may: "nothing: the label follows from the release's name",
      why: "Policies that select the gateway's pods select none.",
    },
    { name: "labels.app", values: [], why: "Policies that select the gateway's pods select none." },
    {
      name: "containerSecurityContext.privileged",
      values: [false],
      why: "It may change its node.",
    },
    {
      name: "containerSecurityContext.allowPrivilegeEscalation",
      values: [false],
      why: "It may gain rights.",
    },
    { name: "containerSecurityContext.runAsNonRoot", values: [true], why: "It may run as root." },
    {
      name: "containerSecurityContext.readOnlyRootFilesystem",
      values: [true],
      why: "An attacker in it can change its program, or add another.",
    },
    {
      name: "containerSecurityContext.capabilities.add",
      values: ["NET_BIND_SERVICE"],
      why: "It has rights of root.",
    },
    {
      name: "containerSecurityContext.seccompProfile.type",
      values: ["RuntimeDefault", "Localhost"],
      why: "It may ask the kernel for anything.",
    },
    {
      name: "securityContext.seccompProfile.type",
      values: ["RuntimeDefault", "Localhost"],
      why: "It may ask the kernel for anything. requireSeccompProfile has it set.",
    },
    { name: "securityContext.runAsNonRoot", values: [true], why: "It may run as root." },
  ],
  harmless:
    "_internal_defaults_do_not_set affinity annotations autoscaling containerSecurityContext dnsConfig dnsPolicy global imagePullPolicy imagePullSecrets kind labels lifecycle minReadySeconds name networkGatewayPorts nodeSelector platform podDisruptionBudget priorityClassName profile rbac readinessProbe replicaCount resources revision securityContext service serviceAccount strategy terminationGracePeriodSeconds tolerations topologySpreadConstraints unprivilegedPort".split(
      " ",
    ),
};
