/** Reads a resource's inputs, which may have any form: absent, unknown, or of another type. */
import { type Resource, unknown } from "./resource";

type Fields = Readonly<Record<string, unknown>>;

/** Whether it is an object with fields. */
export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * The value at a path of names: `at(inputs, "spec", "mtls", "mode")`.
 * @returns undefined if there is none, {@link unknown} if it or a parent is unknown
 */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const name of path) {
    if (found === unknown) return unknown;
    found = isFields(found) && Object.hasOwn(found, name) ? found[name] : undefined;
  }
  return found;
}

/** The entries of an array; an unknown array has one unknown entry; any other value is one entry too. */
export function entries(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? (value as readonly unknown[]) : [value];
}

/**
 * Whether it is a Kubernetes object of this kind, in any version of its group, or a patch of one:
 * `isKind(resource, "security.istio.io", "AuthorizationPolicy")`.
 */
export function isKind({ type }: Resource, group: string, kind: string): boolean {
  const [provider, groupVersion = "", name = ""] = type.split(":");
  return (
    provider === "kubernetes" &&
    name.replace(/Patch$/, "") === kind &&
    groupVersion.split("/")[0] === group
  );
}

/** Whether it only changes an object that another program makes. */
export const isPatch = ({ type }: Resource): boolean => type.endsWith("Patch");

/** `namespace/name` of a Kubernetes object. */
export function objectName({ inputs, name }: Resource): string {
  const text = (value: unknown) => (typeof value === "string" ? value : undefined);
  const namespace = text(at(inputs, "metadata", "namespace")) ?? "default";
  return `${namespace}/${text(at(inputs, "metadata", "name")) ?? name}`;
}

/** The value in a message. */
export function show(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (value === unknown) return "a value that is not known before the update";
  return JSON.stringify(value, (_, field: unknown) => (field === unknown ? "[unknown]" : field));
}
