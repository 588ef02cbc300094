/** The keys that the mesh's proxies have: istiod fetches them from time to time, and hands them out. */
import { CoreV1Api, type V1Pod } from "@kubernetes/client-node";
import { z } from "zod";
import type { Application } from "../components/application";
import { namespaces } from "../components/names";
import { explained, loadCluster } from "../stack/cluster";
import { reasonOf } from "../stack/errors";
import { isReady } from "../stack/pods";
import { askProxy } from "../stack/proxy";
import { fetchedIssuers, keySet, readKeySets, type Keys, type KeySets } from "./keys";
import type { Policies } from "./policies";

/** By issuer. */
type MeshKeys = ReadonlyMap<string, Keys>;

/**
 * Asks proxies of the application and of the gateway, one after the other, until all issuers' keys are there.
 * @throws StackError where a proxy does not tell
 */
async function readMeshKeys(
  { namespace }: Application,
  kubeconfig: string,
  issuers: readonly string[],
): Promise<MeshKeys> {
  const cluster = loadCluster(kubeconfig);
  const api = cluster.makeApiClient(CoreV1Api);
  const lists = await Promise.all(
    [namespace, namespaces.ingress].map((place) =>
      explained(`read the pods of namespace ${place}`, () =>
        api.listNamespacedPod({ namespace: place }),
      ),
    ),
  );
  const pods = lists.flatMap(({ items }) => items).filter((pod) => isReady(pod) && hasProxy(pod));
  const found = new Map<string, Keys>();
  for (const { metadata } of pods) {
    if (issuers.every((issuer) => found.has(issuer))) break;
    const place = { namespace: metadata?.namespace ?? "", pod: metadata?.name ?? "" };
    const printed = await explained(`read the keys that pod ${place.pod} has`, () =>
      askProxy(cluster, place, "config_dump?resource=dynamic_listeners"),
    );
    for (const [issuer, keys] of parseKeys(printed)) found.set(issuer, keys);
  }
  return found;
}

const hasProxy = ({ spec }: V1Pod) =>
  [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].some(
    ({ name }) => name === "istio-proxy",
  );

const provider = z.object({
  issuer: z.string(),
  local_jwks: z.object({ inline_string: z.string() }),
});

/**
 * The keys of every rule: the mesh's own where they can be had, and else those that the providers serve now.
 * @returns with why they are not the mesh's own, where that is so
 */
export async function readRulesKeys(
  application: Application,
  kubeconfig: string,
  policies: Policies,
): Promise<{ readonly keys: KeySets; readonly problem?: string }> {
  let mesh: MeshKeys = new Map();
  let problem: string | undefined;
  const issuers = fetchedIssuers(policies);
  if (issuers.length > 0) {
    try {
      mesh = await readMeshKeys(application, kubeconfig, issuers);
      const lost = issuers.filter((issuer) => !mesh.has(issuer));
      if (lost.length > 0) problem = `no proxy that is ready has keys of ${lost.join(", ")}`;
    } catch (error) {
      problem = reasonOf(error);
    }
  }
  return { keys: await readKeySets(policies, mesh), ...(problem !== undefined && { problem }) };
}

/** The keys of each issuer in Envoy's `config_dump`, wherever its filters for tokens are. */
export function parseKeys(printed: string): readonly (readonly [issuer: string, keys: Keys])[] {
  return providersIn(JSON.parse(printed)).flatMap((each): [string, Keys][] => {
    const { data } = provider.safeParse(each);
    return data === undefined ? [] : [[data.issuer, keysIn(data.issuer, data.local_jwks)]];
  });
}

function keysIn(issuer: string, { inline_string: set }: { readonly inline_string: string }): Keys {
  try {
    return keySet.parse(JSON.parse(set));
  } catch {
    return { problem: `the mesh has no JWK set for ${issuer}` };
  }
}

const tokenFilter = z.looseObject({
  "@type": z.string().endsWith(".jwt_authn.v3.JwtAuthentication"),
  providers: z.record(z.string(), z.unknown()),
});

function providersIn(value: unknown): readonly unknown[] {
  if (typeof value !== "object" || value === null) return [];
  const { data } = tokenFilter.safeParse(value);
  if (data !== undefined) return Object.values(data.providers);
  return Object.values(value).flatMap(providersIn);
}
