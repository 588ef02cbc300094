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
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingAdmissionPolicy",
    namespaced: false,
  },
  {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingAdmissionPolicyBinding",
    namespaced: false,
  },
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
