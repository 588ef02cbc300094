/** What runs: images, resources, and rights. */
import type { Mutation } from "./mutation";

const details = { of: "Deployment bookinfo-details-v1" };
const pod = ["spec", "template", "spec"] as const;
const container = [...pod, "containers", 0] as const;
const image = "registry.istio.io/release/examples-bookinfo-details-v1";
const rights = [...container, "securityContext"] as const;

export const workloadMutations: readonly Mutation[] = [
  {
    weakening: "the latest image",
    rule: "image-tag",
    ...details,
    at: [...container, "image"],
    value: `${image}:latest`,
  },
  {
    weakening: "an image without a tag",
    rule: "image-tag",
    ...details,
    at: [...container, "image"],
    value: image,
  },
  {
    weakening: "an initial container's latest image",
    rule: "image-tag",
    ...details,
    at: [...pod, "initContainers"],
    value: [{ name: "first", image: "busybox" }],
  },
  {
    weakening: "the latest image's files",
    rule: "image-tag",
    ...details,
    at: [...pod, "volumes"],
    value: [{ name: "files", image: { reference: "registry.example/files:latest" } }],
  },
  {
    weakening: "no end of memory",
    rule: "resources-set",
    ...details,
    at: [...container, "resources", "limits", "memory"],
    value: "0",
  },
  {
    weakening: "no resources",
    rule: "resources-set",
    ...details,
    at: [...container, "resources"],
    value: undefined,
  },
  {
    weakening: "memory without a limit",
    rule: "resources-set",
    ...details,
    at: [...container, "resources", "limits"],
    value: undefined,
  },
  {
    weakening: "the root user",
    rule: "non-root",
    ...details,
    at: [...rights, "runAsUser"],
    value: 0,
  },
  {
    weakening: "any user",
    rule: "non-root",
    ...details,
    at: [...rights, "runAsNonRoot"],
    value: false,
  },
  {
    weakening: "a privileged container",
    rule: "non-root",
    ...details,
    at: [...rights, "privileged"],
    value: true,
  },
  {
    weakening: "more rights by and by",
    rule: "non-root",
    ...details,
    at: [...rights, "allowPrivilegeEscalation"],
    value: true,
  },
  {
    weakening: "a capability",
    rule: "non-root",
    ...details,
    at: [...rights, "capabilities", "add"],
    value: ["NET_ADMIN"],
  },
  { weakening: "no rights said", rule: "non-root", ...details, at: rights, value: undefined },
  {
    weakening: "rights of root that are not taken away",
    rule: "non-root",
    ...details,
    at: [...rights, "capabilities", "drop"],
    value: undefined,
  },
  {
    weakening: "a container that changes its own files",
    rule: "non-root",
    ...details,
    at: [...rights, "readOnlyRootFilesystem"],
    value: false,
  },
  {
    weakening: "files that can be changed, as nothing is said",
    rule: "non-root",
    ...details,
    at: [...rights, "readOnlyRootFilesystem"],
    value: undefined,
  },
  {
    weakening: "any call of the kernel",
    rule: "non-root",
    ...details,
    at: [...pod, "securityContext", "seccompProfile"],
    value: { type: "Unconfined" },
  },
  {
    weakening: "any call of the kernel, as nothing is said",
    rule: "non-root",
    ...details,
    at: [...pod, "securityContext"],
    value: undefined,
  },
  {
    weakening: "a token of the Kubernetes API",
    rule: "api-token",
    ...details,
    at: [...pod, "automountServiceAccountToken"],
    value: true,
  },
  {
    weakening: "a token of the Kubernetes API, in a volume",
    rule: "api-token",
    ...details,
    at: [...pod, "volumes"],
    value: [
      { name: "token", projected: { sources: [{ serviceAccountToken: { path: "token" } }] } },
    ],
  },
  {
    weakening: "a security label that confines nothing",
    rule: "non-root",
    ...details,
    at: [...pod, "securityContext", "seLinuxOptions"],
    value: { type: "spc_t" },
  },
  {
    weakening: "the node's processes",
    rule: "non-root",
    ...details,
    at: [...pod, "hostPID"],
    value: true,
  },
  {
    weakening: "the node's files",
    rule: "non-root",
    ...details,
    at: [...pod, "volumes"],
    value: [{ name: "node", hostPath: { path: "/" } }],
  },
  {
    weakening: "another service's identity",
    rule: "service-account",
    ...details,
    at: [...pod, "serviceAccountName"],
    value: "bookinfo-productpage",
  },
  {
    weakening: "the namespace's identity",
    rule: "service-account",
    ...details,
    at: [...pod, "serviceAccountName"],
    value: undefined,
  },
  {
    weakening: "the cluster of the user's own shell",
    rule: "explicit-provider",
    ...details,
    option: { provider: "default_4_34_2" },
  },
  {
    weakening: "the tenant of the user's own shell",
    rule: "explicit-provider",
    of: "ResourceServer identity-api",
    option: { provider: "default" },
  },
];
