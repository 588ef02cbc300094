/** The rights of pods and of their containers: fields of Kubernetes' PodSpec. */
import type { Subject } from "./setting";

const rights = "It gets more rights than it began with.";
const node = "It reaches the node's own processes, network or files.";
const confined = "SELinux confines it less than other containers.";
const profiles = "RuntimeDefault or Localhost";

export const podRights: Subject = {
  title: "The rights of pods",
  source: "Kubernetes 1.34, PodSpec",
  rule: "non-root; api-token for tokens",
  others: "nothing",
  settings: [
    { name: "hostNetwork", values: [false], why: node },
    { name: "hostPID", values: [false], why: node },
    { name: "hostIPC", values: [false], why: node },
    { name: "volumes[].hostPath", may: "nothing", why: node },
    {
      name: "automountServiceAccountToken",
      may: "false, there or in the ServiceAccount, where forbidApiTokens is set",
      why: "An attacker in the container can ask the Kubernetes API for all that its account may.",
    },
    {
      name: "volumes[].projected.sources[].serviceAccountToken",
      may: "one with an audience, where forbidApiTokens is set",
      why: "The same, by a volume.",
    },
  ],
  harmless: [],
};

const inContext = (name: string) => `securityContext.${name}`;

export const containerRights: Subject = {
  title: "The rights of containers, by themselves or by their pods",
  source: "Kubernetes 1.34, SecurityContext, and its Pod Security Standards",
  rule: "non-root",
  others: "nothing",
  settings: (
    [
      {
        name: "runAsNonRoot",
        values: [true],
        required: true,
        why: "It may run as root.",
      },
      { name: "runAsUser", may: "another user than 0", why: "It runs as root." },
      { name: "allowPrivilegeEscalation", values: [false], required: true, why: rights },
      { name: "privileged", values: [false], why: "It may change its node." },
      {
        name: "readOnlyRootFilesystem",
        may: "true, where requireReadOnlyRootFilesystem is set",
        why: "An attacker in it can change its program, or add another.",
      },
      { name: "capabilities.drop", may: "a list with ALL", why: "It has rights of root." },
      {
        name: "capabilities.add",
        may: "the configured capabilities",
        why: "It has rights of root.",
      },
      {
        name: "seLinuxOptions.type",
        values: ["container_t", "container_init_t", "container_kvm_t", "container_engine_t"],
        why: confined,
      },
      { name: "seLinuxOptions.user", values: [], why: confined },
      { name: "seLinuxOptions.role", values: [], why: confined },
      { name: "procMount", values: ["Default"], why: "It sees what the runtime hides in /proc." },
      { name: "windowsOptions.hostProcess", values: [false], why: "It may change its node." },
      {
        name: "seccompProfile.type",
        may: `${profiles}; has to be set where requireSeccompProfile is`,
        why: "It may ask the kernel for anything.",
      },
      { name: "appArmorProfile.type", may: profiles, why: "It may ask the kernel for anything." },
    ] as const
  ).map((one) => ({ ...one, name: inContext(one.name) })),
  harmless: [],
};
