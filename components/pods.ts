/**
 * The rights of the pods that the stack makes, as few as they need, and on which nodes pods run of which there are two.
 */

/** For a pod: what its containers may ask the kernel for. An injected sidecar gets the same. */
export const podSecurity = { seccompProfile: { type: "RuntimeDefault" } } as const;

/** A user and a group that no account of a node has: Linux gives its own accounts numbers below 10000. */
const user = 10_001;

/**
 * For a container: it writes only to its volumes.
 *
 * @param group the group that it runs as. Default: one that owns no files
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
 * Keeps pods on different nodes, if there are several.
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
