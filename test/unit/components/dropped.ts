/**
 * Parts of a resource that the API server drops because they are empty. With the official Kubernetes provider such an
 * object differs from its inputs for good: each update changes it again, and each refresh finds it drifted.
 */
import type { Registration } from "./mocks";

/** What the API server keeps although it is empty: it means all, or the default. */
const kept = [
  /\.emptyDir$/,
  /\.podSelector$/,
  /\.namespaceSelector$/,
  // A rule of a NetworkPolicy for any peer and port.
  /\.spec\.(ingress|egress)\[\d+\]$/,
  // Custom resources it keeps as they are, but for their metadata.
  /^kubernetes:([^ ]+\.)?(istio|cert-manager)\.io\/[^ ]+ [^.]+\.spec(\.|$)/,
  // Helm's values are no part of an object.
  /^kubernetes:helm\.sh\/v3:Release [^.]+\.values(\.|$)/,
];

/** The paths of empty maps and lists in what the program asks the API server for, each as `TYPE NAME.PATH`. */
export function droppedParts(registrations: readonly Registration[]): readonly string[] {
  return registrations
    .filter(({ type, id }) => type.startsWith("kubernetes:") && id === undefined)
    .flatMap(({ type, name, inputs }) => emptyIn(inputs, `${type} ${name}`))
    .filter((path) => !kept.some((one) => one.test(path)));
}

function emptyIn(value: unknown, path: string): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  const parts = Array.isArray(value)
    ? value.map((part: unknown, index) => [`${path}[${index}]`, part] as const)
    : Object.entries(value).map(([key, part]) => [`${path}.${key}`, part as unknown] as const);
  if (parts.length === 0) return [path];
  return parts.flatMap(([place, part]) => emptyIn(part, place));
}
