import { z } from "zod";
import { at, entries, isKind, objectName, show } from "../reading";
import type { Resource } from "../resource";
import { type Finding, stackRule } from "../rule";
import { namespaceOf } from "../workloads";

const settings = z.object({
  imports: z
    .record(z.string(), z.array(z.string()))
    .default({})
    .describe(
      "By namespace, all that its workloads may import, as a Sidecar's egress.hosts has it",
    ),
});

type Settings = z.infer<typeof settings>;

/** https://istio.io/latest/docs/reference/config/networking/sidecar/ */
export const sidecarImports = stackRule({
  name: "sidecar-imports",
  description: "Workloads import services and routes of the listed namespaces only.",
  severity: "critical",
  remediation:
    'Have a Sidecar without a workloadSelector in each of the namespaces, with egress.hosts such as "./*". Without one, a route or an entry of any namespace for the name of a service takes the calls to it, with the tokens in them.',
  settings,
  judgeAll(resources, settings) {
    const sidecars = resources.filter((one) => isKind(one, "networking.istio.io", "Sidecar"));
    return Object.entries(settings.imports).flatMap(([namespace, imported]) => [
      ...missing(namespace, sidecars, settings),
      ...sidecars
        .filter((one) => namespaceOf(one) === namespace)
        .flatMap((sidecar) => wider(sidecar, namespace, imported)),
    ]);
  },
});

/** A Sidecar that selects pods is for those pods only. */
function missing(namespace: string, sidecars: readonly Resource[], { imports }: Settings) {
  const isThere = sidecars.some(
    (one) =>
      namespaceOf(one) === namespace && at(one.inputs, "spec", "workloadSelector") === undefined,
  );
  if (isThere) return [];
  const found = `no Sidecar of namespace ${show(namespace)} is for all of its workloads`;
  return [{ found, write: `one in it with the egress.hosts ${show(imports[namespace])}` }];
}

/** Without an egress listener, everything is imported. */
function wider(resource: Resource, namespace: string, imported: readonly string[]): Finding[] {
  const ofSidecar = `of Sidecar ${objectName(resource)}`;
  const write = imported.map(show).join(" or ");
  const listeners = entries(at(resource.inputs, "spec", "egress"));
  if (listeners.length === 0)
    return [
      { resource, where: `spec.egress ${ofSidecar}`, is: undefined, write: `hosts: ${write}` },
    ];
  const known = imported.map((host) => inNamespace(host, namespace));
  return listeners.flatMap((listener, index) => {
    const hosts = entries(at(listener, "hosts"));
    return (hosts.length === 0 ? [undefined] : hosts).flatMap((host, position) => {
      const isKnown = typeof host === "string" && isImported(inNamespace(host, namespace), known);
      if (isKnown) return [];
      const where = hosts.length === 0 ? "hosts" : `hosts[${position}]`;
      return [{ resource, where: `spec.egress[${index}].${where} ${ofSidecar}`, is: host, write }];
    });
  });
}

interface Host {
  /** `*` is every namespace, `~` none. */
  readonly namespace: string;
  readonly name: string;
}

/** `NAMESPACE/HOST`, in which a dot is the Sidecar's own namespace. */
function inNamespace(host: string, own: string): Host {
  const [namespace = "", ...name] = host.split("/");
  return { namespace: namespace === "." ? own : namespace, name: name.join("/") };
}

const isImported = ({ namespace, name }: Host, known: readonly Host[]) =>
  namespace === "~" ||
  known.some(
    (one) =>
      one.namespace === namespace &&
      (one.name === "*" ||
        one.name === name ||
        (one.name.startsWith("*.") && name.endsWith(one.name.slice(1)))),
  );
