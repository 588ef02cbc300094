import { z } from "zod";
import { at, entries, isFields, isKind, objectName } from "../reading";
import type { Resource } from "../resource";
import { type Finding, stackRule } from "../rule";
import { rootNamespace } from "../settings";

const write = 'a PeerAuthentication "default" in the root namespace with spec.mtls.mode "STRICT"';

/** https://istio.io/latest/docs/reference/config/security/peer_authentication/ */
export const meshMutualTls = stackRule({
  name: "mesh-mutual-tls",
  description: "The whole mesh accepts mutual TLS only.",
  severity: "critical",
  remediation: `Have ${write}, without a selector, and no PeerAuthentication of another mode.`,
  settings: z.object({
    rootNamespace,
  }),
  judgeAll(resources, { rootNamespace }) {
    const all = resources.filter((one) => isKind(one, "security.istio.io", "PeerAuthentication"));
    const weaker = all.flatMap(weakened);
    const whole = all.some((one) => isMeshWide(one, rootNamespace));
    return whole ? weaker : [...weaker, missing(rootNamespace)];
  },
});

const missing = (namespace: string): Finding => ({
  found: `no PeerAuthentication of the whole mesh is in namespace ${namespace}`,
  write,
});

/** Whether it sets the whole mesh's mode. UNSET means the level above, and there is none above this. */
function isMeshWide({ inputs }: Resource, rootNamespace: string): boolean {
  const mode = at(inputs, "spec", "mtls", "mode");
  return (
    at(inputs, "metadata", "namespace") === rootNamespace &&
    at(inputs, "spec", "selector") === undefined &&
    mode !== undefined &&
    mode !== "UNSET"
  );
}

/** The modes of the whole object and of single ports: each has to be STRICT, or the one above it (UNSET). */
function weakened(resource: Resource): Finding[] {
  const ports = at(resource.inputs, "spec", "portLevelMtls");
  const modes = [
    { where: "spec.mtls.mode", mode: at(resource.inputs, "spec", "mtls", "mode") },
    ...(isFields(ports)
      ? Object.keys(ports).map((port) => ({
          where: `spec.portLevelMtls.${port}.mode`,
          mode: at(ports, port, "mode"),
        }))
      : entries(ports).map((mode) => ({ where: "spec.portLevelMtls", mode }))),
  ];
  return modes
    .filter(({ mode }) => mode !== "STRICT" && mode !== "UNSET" && mode !== undefined)
    .map(({ where, mode }) => ({
      resource,
      where: `${where} of PeerAuthentication ${objectName(resource)}`,
      is: mode,
      write: '"STRICT"',
    }));
}
