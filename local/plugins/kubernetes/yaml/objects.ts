/** A component's objects as resources, with the names, types and order that the official plug-in gives them. */
import type { Child } from "../../shared/plugin";
import { asProperties, isProperties, type Properties } from "../../shared/values";
import { kindOf, tokenOf } from "../kinds";
import type { Manifest } from "./documents";

/** What the objects' resources have in common. */
export interface ChildrenOptions {
  /** Before each name. Default: none. */
  readonly prefix: string;
  readonly skipAwait: boolean;
  /** That objects without a namespace get, unless their kind has none. */
  readonly namespace: string;
}

/** An object, and what it is known by in the annotation of another that depends on it. */
interface Known {
  readonly object: Manifest;
  readonly child: Omit<Child, "after">;
  readonly path: string;
}

/**
 * The resources of the objects: custom resources come after their definitions, everything in a namespace after the
 * namespace, and an object after those that its annotation `config.kubernetes.io/depends-on` names.
 * @throws Error on objects that depend on each other
 */
export function childrenOf(
  objects: readonly Manifest[],
  options: ChildrenOptions,
): readonly Child[] {
  const known = objects.map((object) => knownOf(object, options));
  const made = new Map<Known, Child>();
  const begun = new Set<Known>();
  const complete = (one: Known): Child => {
    const found = made.get(one);
    if (found !== undefined) return found;
    if (begun.has(one)) throw new Error(`${one.path} depends on itself`);
    begun.add(one);
    const after = known.filter((other) => other !== one && isBefore(other, one)).map(complete);
    const child = { ...one.child, after };
    made.set(one, child);
    return child;
  };
  known.forEach(complete);
  return [...made.values()];
}

const skipAwaitAnnotation = "pulumi.com/skipAwait";

function knownOf(given: Manifest, { prefix, skipAwait, namespace }: ChildrenOptions): Known {
  const { apiVersion, kind, metadata } = given;
  const token = tokenOf(given);
  const own = kindOf(token);
  // Of a kind that is not implemented nothing is known; its resource is refused by name.
  const place = metadata.namespace ?? (own?.namespaced === true ? namespace : undefined);
  const annotations: Properties = {
    ...asProperties(metadata.annotations),
    ...(skipAwait && { [skipAwaitAnnotation]: "true" }),
  };
  const object = {
    ...given,
    metadata: {
      ...metadata,
      ...(place !== undefined && { namespace: place }),
      ...(skipAwait && { annotations }),
    },
  };
  const { name } = metadata;
  const path = [
    apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "",
    ...(typeof place === "string" ? ["namespaces", place] : []),
    kind,
    name,
  ].join("/");
  const placed = typeof place === "string" ? `${place}/${name}` : name;
  return {
    object,
    path,
    child: {
      token,
      name: prefix === "" ? placed : `${prefix}:${placed}`,
      inputs: object,
      secrets: own?.secrets ?? [],
      ...(annotations["helm.sh/resource-policy"] === "keep" && { retained: true }),
    },
  };
}

function isBefore(other: Known, one: Known): boolean {
  return isDefinitionOf(other, one) || isNamespaceOf(other, one) || dependsOn(one, other);
}

function isDefinitionOf({ object: { kind, spec } }: Known, { object }: Known): boolean {
  if (kind !== "CustomResourceDefinition" || !isProperties(spec)) return false;
  const [group] = object.apiVersion.split("/");
  return spec.group === group && asProperties(spec.names).kind === object.kind;
}

function isNamespaceOf({ object: { kind, metadata } }: Known, { object }: Known): boolean {
  return kind === "Namespace" && object.metadata.namespace === metadata.name;
}

function dependsOn({ object }: Known, { path }: Known): boolean {
  const { annotations } = object.metadata;
  const named = asProperties(annotations)["config.kubernetes.io/depends-on"];
  return typeof named === "string" && named.split(",").some((each) => each.trim() === path);
}
