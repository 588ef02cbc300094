import { z } from "zod";
import { at, entries, show } from "../reading";
import { unknown } from "../resource";
import { type Finding, resourceRule } from "../rule";
import { exceptNoNamespace, notJudged } from "../settings";
import { containerRights, podRights } from "../weakening/rights";
import { type Given, judgeSettings, type Judgments } from "../weakening/setting";
import { type Container, containersOf, type Workload, workloadOf } from "../workloads";

/** https://kubernetes.io/docs/concepts/security/pod-security-standards/ */
export const nonRoot = resourceRule({
  name: "non-root",
  description: "No container runs as root, gains rights, or shares the node's namespaces.",
  severity: "high",
  remediation:
    "Set runAsNonRoot: true, allowPrivilegeEscalation: false and capabilities.drop: [\"ALL\"] in each container's securityContext, and leave out privileged and the pod's host… fields.",
  settings: z.object({
    allowedCapabilities: z
      .array(z.string())
      .default([])
      .describe("The capabilities that a container may add, such as NET_BIND_SERVICE"),
    requireSeccompProfile: z
      .boolean()
      .default(false)
      .describe("Whether each container, or its pod, has to say a seccompProfile"),
    requireReadOnlyRootFilesystem: z
      .boolean()
      .default(false)
      .describe("Whether each container may write to its volumes only"),
    exceptNamespaces: exceptNoNamespace.describe(notJudged),
  }),
  judge(resource, { exceptNamespaces, ...rights }) {
    const workload = workloadOf(resource);
    if (workload === undefined || exceptNamespaces.some((name) => name === workload.namespace))
      return [];
    return [
      ...ofPod(workload),
      ...containersOf(workload).flatMap((container) => ofContainer(container, workload, rights)),
    ];
  },
});

interface Rights {
  readonly allowedCapabilities: readonly string[];
  readonly requireSeccompProfile: boolean;
  readonly requireReadOnlyRootFilesystem: boolean;
}

const hostFields = ["hostNetwork", "hostPID", "hostIPC"];

/** A setting that is there, by its name in the table. */
const said = ({ value }: Given) => value !== undefined;

function ofPod({ pod, where, title }: Workload): Finding[] {
  const mounts = entries(at(pod, "volumes")).map((volume, index) => {
    const path = at(volume, "hostPath");
    return { name: `volumes[${index}].hostPath`, value: at(path, "path") ?? path };
  });
  return judgeSettings({
    subject: podRights,
    given: [...hostFields.map((name) => ({ name, value: at(pod, name) })), ...mounts].filter(said),
    where: (name) => `${where}spec.${name} of ${title}`,
    judgments: { "volumes[].hostPath": () => "a volume that is not the node's own folder" },
  });
}

function ofContainer(
  { where, inputs }: Container,
  { pod, title }: Workload,
  rights: Rights,
): Finding[] {
  const own = at(inputs, "securityContext");
  const ofPod = at(pod, "securityContext");
  const judgments = judgmentsOf(rights);
  const given = containerRights.settings.flatMap(({ name, required }): Given[] => {
    const [, ...path] = name.split(".");
    const one = { name, value: effective(own, ofPod, path) };
    return said(one) || required === true || name in judgments ? [one] : [];
  });
  return judgeSettings({
    subject: containerRights,
    given,
    where: (name) => `${where}.${name} of ${title}`,
    judgments,
  });
}

/** The container's, otherwise the pod's. A profile without a type has no effect. */
function effective(own: unknown, ofPod: unknown, path: readonly string[]): unknown {
  const [field = ""] = path;
  const value = at(own, ...path) ?? at(ofPod, ...path);
  const isThere = [own, ofPod].some((context) => at(context, field) !== undefined);
  return field.endsWith("Profile") && isThere ? (value ?? null) : value;
}

/** A profile that is set has to be one that confines. */
const confines = (type: unknown) => type === "RuntimeDefault" || type === "Localhost";

const judgmentsOf = ({
  allowedCapabilities,
  requireSeccompProfile,
  requireReadOnlyRootFilesystem,
}: Rights): Judgments => {
  const profile = (isRequired: boolean) => (type: unknown) =>
    confines(type) || (type === undefined && !isRequired) ? undefined : '"RuntimeDefault"';
  const isAllowed = (name: unknown) => allowedCapabilities.some((allowed) => allowed === name);
  return {
    "securityContext.runAsUser": (user) =>
      user === 0 || user === unknown ? "another user than 0" : undefined,
    "securityContext.readOnlyRootFilesystem": (value) =>
      value === true || !requireReadOnlyRootFilesystem ? undefined : "true",
    "securityContext.capabilities.drop": (dropped) =>
      entries(dropped).includes("ALL") ? undefined : '["ALL"]',
    "securityContext.capabilities.add": (added) =>
      entries(added).every(isAllowed)
        ? undefined
        : allowedCapabilities.map(show).join(", ") || "nothing",
    "securityContext.seccompProfile.type": profile(requireSeccompProfile),
    "securityContext.appArmorProfile.type": profile(false),
  };
};
