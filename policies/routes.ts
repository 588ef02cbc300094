/** Istio's routes: which gateways they are bound to, and which hosts they lead to. */
import { at, entries, isKind } from "./reading";
import type { Resource } from "./resource";
import { namespaceOf } from "./workloads";

export const isGateway = (resource: Resource) => isKind(resource, "networking.istio.io", "Gateway");
export const isRoute = (resource: Resource) =>
  isKind(resource, "networking.istio.io", "VirtualService");

/** Whether a route may be bound to the gateway: an unknown name may be the gateway's. */
export function isBound(route: Resource, gateway: Resource): boolean {
  const own = [namespaceOf(gateway), at(gateway.inputs, "metadata", "name")];
  return gatewaysOf(route).some(
    (one) =>
      typeof one !== "string" ||
      named(one, namespaceOf(route)).every(
        (part, index) =>
          part === own[index] || [part, own[index]].some((text) => typeof text !== "string"),
      ),
  );
}

/** The gateways that a route names; `mesh` means the sidecars, and so does a missing list. */
export function gatewaysOf({ inputs }: Resource): readonly unknown[] {
  const gateways = entries(at(inputs, "spec", "gateways"));
  return gateways.length === 0 ? ["mesh"] : gateways;
}

/** Namespace and name, as Istio reads them from `name`, `./name`, `namespace/name` or `name.namespace.svc.…`. */
function named(gateway: string, ownNamespace: unknown): readonly unknown[] {
  const [namespace = "", name] = gateway.split("/", 2);
  if (name !== undefined) return [namespace === "." ? ownNamespace : namespace, name];
  const [short, its = ownNamespace] = gateway.split(".");
  return [its, short];
}

/** A host in full: a short name is a service of the object's own namespace. */
export function fullHost(host: unknown, namespace: unknown): unknown {
  if (typeof host !== "string" || typeof namespace !== "string") return host;
  const parts = host.split(".");
  const cluster = "svc.cluster.local";
  if (parts.length === 1 && host !== "*") return `${host}.${namespace}.${cluster}`;
  return parts.length === 3 && parts[2] === "svc" ? `${host}.cluster.local` : host;
}

/** The namespace of a service's name; undefined if it is not a service of the cluster. */
export function namespaceOfHost(host: unknown): string | undefined {
  const parts = typeof host === "string" ? host.split(".") : [];
  return parts.length > 2 && parts[2] === "svc" ? parts[1] : undefined;
}
