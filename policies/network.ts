/** Kubernetes' NetworkPolicies, as rules read them. */
import { z } from "zod";
import { isEverything } from "./everything";
import { at, entries, isFields, isKind } from "./reading";
import { type Resource, unknown } from "./resource";
import { namespaceOf } from "./workloads";

export const directions = ["Ingress", "Egress"] as const;
export type Direction = (typeof directions)[number];

/** One end of a connection, as the pack's configuration names it. */
export const placeSettings = z.union([
  z.literal(["anywhere", "any pod"]),
  z.strictObject({
    namespace: z.string(),
    labels: z.record(z.string(), z.string()).default({}).describe("Default: all of its pods"),
  }),
  z.strictObject({ cidr: z.string() }),
]);

/** A connection that NetworkPolicies may let through, from both of its ends. */
export const connectionSettings = z.strictObject({
  from: placeSettings,
  to: placeSettings,
  ports: z.array(z.number()).optional().describe("Default: every port"),
});

export type Connection = z.infer<typeof connectionSettings>;

/** Pods as a policy names them. Unknown parts of a selector are left out, so that it matches more pods. */
interface Pods {
  /** Undefined: of several namespaces. */
  readonly namespace: unknown;
  readonly labels: Readonly<Record<string, unknown>>;
}

/** One end of a connection, as a policy names it. */
export type Place = "anywhere" | "any pod" | Pods | { readonly cidr: string };

/** A peer of a rule. */
export interface Peer {
  /** `spec.ingress[0].from[1]` */
  readonly where: string;
  readonly value: unknown;
  readonly place: Place;
}

/** One of a policy's rules for a direction. */
export interface NetworkRule {
  /** `spec.ingress[0]` */
  readonly where: string;
  readonly value: unknown;
  /** At least one: a rule without peers is for any address. */
  readonly peers: readonly Peer[];
  /** Undefined: every port. A port is a number, or another value: a name, a range, unknown. */
  readonly ports: readonly unknown[] | undefined;
}

export interface NetworkPolicy {
  readonly resource: Resource;
  readonly namespace: unknown;
  /** The pods that it is for. */
  readonly pods: Pods;
  /** Whether it is for every pod of its namespace, even if other parts are unknown. */
  readonly isForAll: boolean;
  /** The directions in which it refuses what no policy allows. */
  readonly limits: readonly Direction[];
  /** What it allows in a direction that it may limit. */
  readonly rules: Readonly<Record<Direction, readonly NetworkRule[]>>;
}

const isNetworkPolicy = (resource: Resource) =>
  isKind(resource, "networking.k8s.io", "NetworkPolicy") ||
  isKind(resource, "extensions", "NetworkPolicy");

export const networkPoliciesOf = (resources: readonly Resource[]): NetworkPolicy[] =>
  resources.filter(isNetworkPolicy).map(policyOf);

function policyOf(resource: Resource): NetworkPolicy {
  const { spec } = resource.inputs;
  const namespace = namespaceOf(resource);
  const selector = at(spec, "podSelector");
  // Without types: both directions if it has egress, otherwise only ingress.
  const types = at(spec, "policyTypes") ?? defaultTypes(spec);
  const mayLimit = (direction: Direction) =>
    entries(types).some((type) => type === direction || type === unknown);
  const rules = (direction: Direction) =>
    mayLimit(direction) ? rulesOf(spec, direction, namespace) : [];
  return {
    resource,
    namespace,
    pods: { namespace, labels: labelsOf(selector) },
    isForAll: selector !== unknown && isEmpty(selector),
    limits: directions.filter((direction) => entries(types).includes(direction)),
    rules: { Ingress: rules("Ingress"), Egress: rules("Egress") },
  };
}

const defaultTypes = (spec: unknown) =>
  spec === unknown
    ? unknown
    : entries(at(spec, "egress")).length > 0
      ? directions
      : directions.slice(0, 1);

function rulesOf(spec: unknown, direction: Direction, namespace: unknown): NetworkRule[] {
  const field = direction.toLowerCase();
  const peersField = direction === "Ingress" ? "from" : "to";
  return entries(at(spec, field)).map((value, index) => {
    const where = `spec.${field}[${index}]`;
    const peers = entries(at(value, peersField));
    const ports = entries(at(value, "ports"));
    return {
      where,
      value,
      peers:
        peers.length === 0
          ? [{ where, value, place: "anywhere" }]
          : peers.map((peer, position) => ({
              where: `${where}.${peersField}[${position}]`,
              value: peer,
              place: placeOf(peer, namespace),
            })),
      ports:
        ports.length === 0 || ports.includes(unknown) || ports.some(isEveryPort)
          ? undefined
          : ports.map(portOf),
    };
  });
}

/** A protocol alone, or the range of all ports. */
const isEveryPort = (port: unknown) => {
  const [first, last] = [at(port, "port"), at(port, "endPort")];
  return first === undefined || (Number(first) <= 1 && Number(last) >= 65_535);
};

/** A range of ports is not a port itself. */
const portOf = (port: unknown) => {
  const number = at(port, "port");
  return at(port, "endPort") === undefined || at(port, "endPort") === number ? number : port;
};

const nameLabel = "kubernetes.io/metadata.name";

function placeOf(peer: unknown, own: unknown): Place {
  if (!isFields(peer)) return "anywhere";
  const { ipBlock, namespaceSelector: namespaces, podSelector: pods } = peer;
  if (ipBlock !== undefined) {
    const cidr = at(ipBlock, "cidr");
    // Two halves are all addresses too.
    const isHalf = typeof cidr === "string" && /\/[01]$/.test(cidr);
    const isWide =
      typeof cidr !== "string" || ((isEverything(cidr) || isHalf) && !hasExceptions(ipBlock));
    return isWide ? "anywhere" : { cidr };
  }
  if (namespaces === undefined)
    return pods === undefined ? "anywhere" : { namespace: own, labels: labelsOf(pods) };
  if (isEmpty(namespaces) && isEmpty(pods)) return "any pod";
  return { namespace: at(namespaces, "matchLabels", nameLabel), labels: labelsOf(pods) };
}

const hasExceptions = (block: unknown) => entries(at(block, "except")).length > 0;

/** Whether it selects everything, or may do so because something is unknown. */
const isEmpty = (selector: unknown) =>
  !["matchLabels", "matchExpressions"].some((field) => {
    const conditions = at(selector, field);
    return isFields(conditions)
      ? Object.keys(conditions).length > 0
      : Array.isArray(conditions) && conditions.length > 0;
  });

function labelsOf(selector: unknown): Pods["labels"] {
  const labels = at(selector, "matchLabels");
  return isFields(labels) ? labels : {};
}

/** Whether a policy's whole peer is within the configured one. */
export function covers(place: Connection["from"], one: Place): boolean {
  if (place === "anywhere") return true;
  if (one === "anywhere") return false;
  if (place === "any pod") return one === "any pod" || "labels" in one;
  if (one === "any pod") return false;
  if ("cidr" in place) return "cidr" in one && one.cidr === place.cidr;
  return (
    "labels" in one &&
    one.namespace === place.namespace &&
    Object.entries(place.labels).every(([name, value]) => at(one.labels, name) === value)
  );
}

/** Whether a rule allows all of the cluster's pods, or any address, at every port. */
export const admitsEverything = ({ peers, ports }: NetworkRule): boolean =>
  ports === undefined && peers.some(({ place }) => place === "anywhere" || place === "any pod");
