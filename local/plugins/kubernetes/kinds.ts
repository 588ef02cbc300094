/** The kinds of objects that the stand-in implements, and the properties of each. */
import type { ProviderSettings } from "./settings";

export interface ObjectKind {
  apiVersion: string;
  kind: string;
  namespaced: boolean;
  /** Whether it is one of the API's own kinds, which the API rewrites, or a custom resource. */
  builtIn: boolean;
  /** Paths that cannot be changed on a live object. */
  immutable(settings: ProviderSettings): readonly string[];
  /** Whether an object is gone only after those that it owns, as a Deployment after its pods. */
  deletion: "Background" | "Foreground";
  /** Inputs that are always secret. */
  secrets: readonly string[];
}

const common = ["apiVersion", "kind", "metadata.name", "metadata.namespace"];

const clusterScoped = (apiVersion: string, kind: string) => ({
  apiVersion,
  kind,
  namespaced: false,
});

const roleReference = () => ["roleRef"];

const builtIn: readonly (Pick<ObjectKind, "apiVersion" | "kind"> & Partial<ObjectKind>)[] = [
  { apiVersion: "v1", kind: "Namespace", namespaced: false },
  { apiVersion: "v1", kind: "ServiceAccount" },
  { apiVersion: "v1", kind: "Service", immutable: () => ["spec.clusterIP", "spec.clusterIPs"] },
  {
    apiVersion: "v1",
    kind: "ConfigMap",
    // Pods do not notice a changed ConfigMap or Secret, so the official plug-in makes a new one.
    immutable: ({ configMapsMutable }) => (configMapsMutable ? [] : ["data", "binaryData"]),
  },
  {
    apiVersion: "v1",
    kind: "Secret",
    secrets: ["data", "stringData"],
    immutable: ({ secretsMutable }) => ["type", ...(secretsMutable ? [] : ["data", "stringData"])],
  },
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    deletion: "Foreground",
    immutable: () => ["spec.selector"],
  },
  {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    deletion: "Foreground",
    immutable: () =>
      [
        "podManagementPolicy",
        "revisionHistoryLimit",
        "selector",
        "serviceName",
        "volumeClaimTemplates",
      ].map((field) => `spec.${field}`),
  },
  {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    deletion: "Foreground",
    immutable: () => ["spec.selector"],
  },
  {
    apiVersion: "batch/v1",
    kind: "Job",
    deletion: "Foreground",
    immutable: () =>
      ["completions", "parallelism", "selector", "template"].map((field) => `spec.${field}`),
  },
  { apiVersion: "batch/v1", kind: "CronJob" },
  { apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler" },
  {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    immutable: () =>
      ["accessModes", "selector", "storageClassName", "volumeName"].map((field) => `spec.${field}`),
  },
  { apiVersion: "v1", kind: "LimitRange" },
  { apiVersion: "v1", kind: "ResourceQuota", immutable: () => ["spec.scopes"] },
  { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role" },
  { apiVersion: "rbac.authorization.k8s.io/v1", kind: "RoleBinding", immutable: roleReference },
  clusterScoped("rbac.authorization.k8s.io/v1", "ClusterRole"),
  {
    ...clusterScoped("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
    immutable: roleReference,
  },
  clusterScoped("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy"),
  clusterScoped("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding"),
  clusterScoped("scheduling.k8s.io/v1", "PriorityClass"),
  clusterScoped("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
  { apiVersion: "networking.k8s.io/v1", kind: "Ingress" },
  { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy" },
  { apiVersion: "policy/v1", kind: "PodDisruptionBudget" },
];

/** Istio's own kinds; all of them live in namespaces. */
const istioGroups: readonly string[] = [
  "extensions.istio.io",
  "networking.istio.io",
  "security.istio.io",
  "telemetry.istio.io",
];

/** The type token of an object's kind, as Pulumi has it: `kubernetes:core/v1:Service`. */
export function tokenOf({ apiVersion, kind }: Pick<ObjectKind, "apiVersion" | "kind">): string {
  return `kubernetes:${apiVersion.includes("/") ? apiVersion : `core/${apiVersion}`}:${kind}`;
}

/** The kind of a type token such as `kubernetes:apps/v1:Deployment`, or undefined if it is not implemented. */
export function kindOf(token: string): ObjectKind | undefined {
  const [plugin, groupVersion = "", kind = ""] = token.split(":");
  if (plugin !== "kubernetes" || kind === "") return undefined;
  // Pulumi calls the group without a name `core`.
  const apiVersion = groupVersion.replace(/^core\//, "");
  const found = builtIn.find((known) => known.apiVersion === apiVersion && known.kind === kind);
  if (found !== undefined) return completed(found, true);
  const [group = ""] = apiVersion.split("/");
  return istioGroups.includes(group) ? completed({ apiVersion, kind }, false) : undefined;
}

function completed(
  known: Pick<ObjectKind, "apiVersion" | "kind"> & Partial<ObjectKind>,
  isBuiltIn: boolean,
): ObjectKind {
  return {
    namespaced: true,
    deletion: "Background",
    secrets: [],
    builtIn: isBuiltIn,
    ...known,
    immutable: (settings) => [...common, ...(known.immutable?.(settings) ?? [])],
  };
}
