import { z } from "zod";
import { at, entries, isFields, show } from "../reading";
import { unknown } from "../resource";
import { type Finding, resourceRule } from "../rule";
import { exceptNoNamespace, notJudged } from "../settings";
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
}

const hostFields = ["hostNetwork", "hostPID", "hostIPC"];

function ofPod({ pod, where, title }: Workload): Finding[] {
  const shared = hostFields.flatMap((field) => {
    const value = at(pod, field);
    if (value === undefined || value === false) return [];
    return [{ found: `${where}spec.${field} of ${title} is ${show(value)}`, write: "false" }];
  });
  const mounts = entries(at(pod, "volumes")).flatMap((volume, index) => {
    const path = at(volume, "hostPath");
    if (path === undefined) return [];
    const found = `${where}spec.volumes[${index}].hostPath of ${title} is ${show(at(path, "path"))}`;
    return [{ found, write: "a volume that is not the node's own folder" }];
  });
  return [...shared, ...mounts];
}

function ofContainer(
  { where, inputs }: Container,
  { pod, title }: Workload,
  { allowedCapabilities, requireSeccompProfile }: Rights,
): Finding[] {
  const own = at(inputs, "securityContext");
  const ofPod = at(pod, "securityContext");
  /** The container's, or else the pod's. */
  const effective = (field: string) => at(own, field) ?? at(ofPod, field);
  const found = (field: string, value: unknown, write: string): Finding => ({
    found: `${where}.securityContext.${field} of ${title} is ${show(value)}`,
    write,
  });
  const check = (field: string, value: unknown, isGood: boolean, write: string) =>
    isGood ? [] : [found(field, value, write)];
  const user = effective("runAsUser");
  const nonRoot = effective("runAsNonRoot");
  const escalation = at(own, "allowPrivilegeEscalation");
  const privileged = at(own, "privileged");
  const dropped = at(own, "capabilities", "drop");
  const added = entries(at(own, "capabilities", "add")).filter(
    (name) => !allowedCapabilities.some((allowed) => allowed === name),
  );
  const procMount = at(own, "procMount");
  // Windows' own way to be privileged.
  const [hostProcess] = [own, ofPod]
    .map((context) => at(context, "windowsOptions", "hostProcess"))
    .filter((value) => value !== undefined && value !== false);
  const isUnsaid = requireSeccompProfile && effective("seccompProfile") === undefined;
  return [
    ...check("runAsNonRoot", nonRoot, nonRoot === true, "true"),
    ...check("runAsUser", user, user !== 0 && user !== unknown, "another user than 0"),
    ...check("allowPrivilegeEscalation", escalation, escalation === false, "false"),
    ...check("privileged", privileged, privileged === undefined || privileged === false, "false"),
    ...check("capabilities.drop", dropped, entries(dropped).includes("ALL"), '["ALL"]'),
    ...check("capabilities.add", added, added.length === 0, "nothing"),
    ...check("procMount", procMount, procMount === undefined || procMount === "Default", "nothing"),
    ...check("windowsOptions.hostProcess", hostProcess, hostProcess === undefined, "false"),
    ...check("seccompProfile.type", undefined, !isUnsaid, '"RuntimeDefault"'),
    ...unconfined(own, ofPod).map(([field, value]) => found(field, value, '"RuntimeDefault"')),
  ];
}

/** A profile that is said has to be one that confines. */
function unconfined(own: unknown, ofPod: unknown): [string, unknown][] {
  return ["seccompProfile", "appArmorProfile"].flatMap((field): [string, unknown][] => {
    const profile = at(own, field) ?? at(ofPod, field);
    if (profile === undefined) return [];
    const type = isFields(profile) ? profile.type : profile;
    return type === "RuntimeDefault" || type === "Localhost" ? [] : [[`${field}.type`, type]];
  });
}
