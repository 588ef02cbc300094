/** Objects of other namespaces for the names of services that the stack protects. */
import { z } from "zod";
import type { Application } from "../../../components/application";
import { hostOf as loginHost, proxy, redis } from "../../../components/login/names";
import { hostOf } from "../../../components/traffic";
import { ownNamespaces } from "../../stack/asked";
import { objectName, removal, type LiveObject } from "../../stack/objects";
import type { Finding } from "./finding";

const withHosts = z.looseObject({ hosts: z.array(z.string()) });

/** The kinds that decide where a name leads. */
const kinds = ["VirtualService", "ServiceEntry"];

/**
 * A VirtualService or a ServiceEntry of another namespace for one of the stack's services. Because of the namespaces'
 * Sidecars it has no effect on the stack's own workloads; every other workload of the mesh follows it.
 */
export function namesTaken(
  application: Application,
  objects: readonly LiveObject[],
): readonly Finding[] {
  const own = ownNamespaces(application);
  const protectedHosts = [
    ...Object.keys(application.services).map((service) => hostOf(application, service)),
    loginHost(proxy),
    loginHost(redis),
  ];
  return objects
    .filter(({ kind, metadata }) => kinds.includes(kind) && !own.includes(metadata.namespace))
    .flatMap(({ kind, metadata, spec }) => {
      const { hosts = [] } = withHosts.safeParse(spec).data ?? {};
      const taken = protectedHosts.filter((one) => hosts.some((host) => covers(host, one)));
      if (taken.length === 0) return [];
      return [
        {
          object: objectName(kind, metadata),
          opens: `it says where requests for ${taken.join(", ")} go, with what they carry`,
          undo: removal(kind, metadata),
        },
      ];
    });
}

/** Whether an object's host matches a service's name: in full, as a part that Kubernetes completes, or by a star. */
function covers(host: string, service: string): boolean {
  if (host.startsWith("*")) return host !== "*" && service.endsWith(host.slice(1));
  return service === host || (host.includes(".") && service.startsWith(`${host}.`));
}
