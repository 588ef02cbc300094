import { z } from "zod";
import { chartOf } from "../charts";
import { where as whereOf } from "../expectation";
import { titleOf } from "../istio";
import {
  admitsEverything,
  type Connection,
  connectionSettings,
  covers,
  type Direction,
  directions,
  type NetworkPolicy,
  networkPoliciesOf,
  type NetworkRule,
  type Peer,
} from "../network";
import { at, objectName, show } from "../reading";
import type { Resource } from "../resource";
import { type Finding, stackRule } from "../rule";
import { exceptNoNamespace, notJudged } from "../settings";
import { workloadsOf } from "../workloads";

const settings = z.object({
  limitedDirections: z
    .record(z.string(), z.array(z.enum(directions)))
    .optional()
    .describe(
      "By namespace, the directions in which nothing is allowed that no NetworkPolicy allows; * is every other namespace with workloads. Default: the directions that a namespace's own policies limit",
    ),
  connections: z
    .array(connectionSettings)
    .optional()
    .describe(
      "All that NetworkPolicies of the namespaces in limitedDirections may allow. Default: anything but everything",
    ),
  allowedPolicies: z
    .array(z.string())
    .default([])
    .describe("Policies of other kinds, such as Cilium's, that may be: namespace/name"),
  exceptNamespaces: exceptNoNamespace.describe(notJudged),
});

type Settings = z.infer<typeof settings>;

/** https://kubernetes.io/docs/concepts/services-networking/network-policies/ */
export const networkPolicies = stackRule({
  name: "network-policies",
  description:
    "Where NetworkPolicies limit connections, they do for all pods, and allow listed ones only.",
  severity: "high",
  remediation:
    "Have a NetworkPolicy with an empty podSelector, both policyTypes and no rules in each namespace, and allow single connections: named pods and ports.",
  settings,
  judgeAll(resources, settings) {
    const isJudged = (namespace: unknown) =>
      !settings.exceptNamespaces.some((name) => name === namespace);
    const policies = networkPoliciesOf(resources).filter(({ namespace }) => isJudged(namespace));
    const inhabited = workloadsOf(resources)
      .map(({ namespace }) => namespace)
      .filter(isJudged);
    const limited = limits(policies, inhabited, settings);
    return [
      ...limited.flatMap((one) => open(one, policies)),
      ...policies.flatMap((policy) => {
        const own = limited.find(({ namespace }) => namespace === policy.namespace);
        return (own?.directions ?? []).flatMap((direction) => wider(policy, direction, settings));
      }),
      ...(settings.limitedDirections === undefined
        ? []
        : resources.flatMap((resource) => unread(resource, settings))),
    ];
  },
});

interface Limited {
  readonly namespace: unknown;
  readonly directions: readonly Direction[];
  /** Whether there has to be a policy for all of its pods. */
  readonly isClosed: boolean;
}

/** Which namespaces are limited, and how. */
function limits(
  policies: readonly NetworkPolicy[],
  inhabited: readonly unknown[],
  { limitedDirections }: Settings,
): Limited[] {
  const { "*": others = [], ...named } = limitedDirections ?? {};
  const configured = Object.entries(named).map(([namespace, directions]) => ({
    namespace,
    directions,
    isClosed: true,
  }));
  const found = [...inhabited, ...policies.map(({ namespace }) => namespace)];
  const rest = [...new Set(found)]
    .filter((namespace) => !configured.some((one) => one.namespace === namespace))
    .map((namespace) => ({
      namespace,
      directions: directions.filter(
        (direction) =>
          (others.includes(direction) && inhabited.includes(namespace)) ||
          policies.some((one) => one.namespace === namespace && limitsBy(one, direction)),
      ),
      // Its pods are unknown if another program makes them.
      isClosed: inhabited.includes(namespace),
    }));
  return [...configured, ...rest];
}

const limitsBy = ({ limits, rules }: NetworkPolicy, direction: Direction) =>
  limits.includes(direction) && !rules[direction].some(admitsEverything);

/** The directions in which a pod that no policy selects is not limited. */
function open(
  { namespace, directions, isClosed }: Limited,
  policies: readonly NetworkPolicy[],
): Finding[] {
  if (!isClosed) return [];
  const closed = policies
    .filter((one) => one.namespace === namespace && one.isForAll)
    .flatMap(({ limits }) => limits);
  const missing = directions.filter((direction) => !closed.includes(direction));
  if (missing.length === 0) return [];
  return [
    {
      found: `no NetworkPolicy of namespace ${show(namespace)} is for all of its pods and has the policyTypes ${show(missing)}`,
      write: "one in it with an empty podSelector, these policyTypes and no rules",
    },
  ];
}

/** What a policy allows and must not. */
function wider(
  policy: NetworkPolicy,
  direction: Direction,
  { connections, limitedDirections = {} }: Settings,
): Finding[] {
  const isListed =
    connections !== undefined &&
    Object.keys(limitedDirections).some((one) => one === policy.namespace);
  if (isListed)
    return policy.rules[direction].flatMap((rule) =>
      rule.peers.flatMap((peer) => beyond({ policy, direction, rule, peer, connections })),
    );
  const { resource } = policy;
  return policy.rules[direction].filter(admitsEverything).map(({ where, value }) => ({
    resource,
    where: `${where} of ${titleOf(resource)}`,
    is: value,
    note: "which allows every connection",
    write: "single peers or ports, or no rule",
  }));
}

interface Judged {
  readonly policy: NetworkPolicy;
  readonly direction: Direction;
  readonly rule: NetworkRule;
  readonly peer: Peer;
  readonly connections: readonly Connection[];
}

/** The ports at which a peer connects, or is connected to, that no connection of the configuration has. */
function beyond({ policy, direction, rule, peer, connections }: Judged): Finding[] {
  const [ownEnd, peerEnd] =
    direction === "Ingress" ? (["to", "from"] as const) : (["from", "to"] as const);
  const ofPods = connections.filter((one) => covers(one[ownEnd], policy.pods));
  const ofPeer = ofPods.filter((one) => covers(one[peerEnd], peer.place));
  const ports = rule.ports ?? [undefined];
  const further = ports.filter(
    (port) =>
      !ofPeer.some((one) => one.ports === undefined || one.ports.some((own) => own === port)),
  );
  if (further.length === 0) return [];
  const { resource } = policy;
  const at = rule.ports === undefined ? "every port" : `port ${further.map(show).join(", ")}`;
  const known = ofPods.map((one) => `${show(one[peerEnd])}${portsOf(one)}`);
  return [
    {
      resource,
      where: `${peer.where} of ${titleOf(resource)}`,
      is: peer.value,
      note: `at ${at}`,
      write:
        known.length === 0 ? "no rule: these pods have no such connection" : known.join(" or "),
    },
  ];
}

const portsOf = ({ ports }: Connection) =>
  ports === undefined ? "" : ` at port ${ports.join(", ")}`;

/** Other kinds of policies, which may allow what no NetworkPolicy allows. */
const otherGroups = [
  "cilium.io",
  "crd.projectcalico.org",
  "projectcalico.org",
  "policy.networking.k8s.io",
];

/** Settings that open the network where no rule reads it. */
function unread(resource: Resource, { allowedPolicies }: Settings): Finding[] {
  const [provider, groupVersion = "", kind = ""] = resource.type.split(":");
  const group = groupVersion.split("/")[0] ?? "";
  const name = objectName(resource);
  if (provider === "kubernetes" && otherGroups.includes(group) && kind.includes("Policy"))
    return allowedPolicies.includes(name)
      ? []
      : [
          {
            resource,
            where: `${kind} ${name}`,
            found: `is of ${group}, which no rule reads`,
            write:
              "a NetworkPolicy instead, or allow it in allowedPolicies once it is known to be safe",
          },
        ];
  const made = at(chartOf(resource)?.values, "global", "networkPolicy", "enabled");
  if (made === undefined || made === false) return [];
  return [
    {
      resource,
      where: whereOf(resource, "values.global.networkPolicy.enabled"),
      is: made,
      write: "false: the chart's own NetworkPolicy lets any address connect",
    },
  ];
}
