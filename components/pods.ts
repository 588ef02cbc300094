/** The rights of the pods that the stack makes, as few as they work with, and where pods that are two run. */

/** Of a pod: what its containers may ask the kernel for. An injected sidecar takes it over. */
export const podSecurity = { seccompProfile: { type: "RuntimeDefault" } } as const;

/** A user and a group that no account of a node has: Linux gives its own accounts numbers below 10000. */
const user = 10_001;

/**
 * Of a container: it writes to nothing but its volumes.
 *
 * @param group the group that it runs as. Default: one that owns nothing
 */
export function containerSecurity(group: number = user) {
  return {
    runAsNonRoot: true,
    runAsUser: user,
    runAsGroup: group,
    readOnlyRootFilesystem: true,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
  };
}

/**
 * Keeps pods on different nodes, where there are several.
 *
 * @param matchLabels the pods' labels
 */
export const spreadOverNodes = (matchLabels: Record<string, string>) => [
  {
    maxSkew: 1,
    topologyKey: "kubernetes.io/hostname",
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels },
  },
];
