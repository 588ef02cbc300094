/** The keys that the mesh's proxies have: istiod fetches them from time to time, and hands them out. */
import { CoreV1Api, type V1Pod } from "@kubernetes/client-node";
import { z } from "zod";
import type { Application } from "../components/application";
import { namespaces } from "../components/names";
import { explained, loadCluster } from "../stack/cluster";
import { reasonOf } from "../stack/errors";
import { isReady } from "../stack/pods";
import { askProxy } from "../stack/proxy";
import { areFetched, keySet, readKeySets, type Keys, type KeySets } from "./keys";
import type { Policies } from "./policies";

/** By issuer. */
type MeshKeys = ReadonlyMap<string, Keys>;

/**
 * Reads them from one proxy of the application's and one of the gateway's.
 * @param kubeconfig the file's content
 * @throws StackError where a proxy does not tell
 */
async function readMeshKeys({ namespace }: Application, kubeconfig: string): Promise<MeshKeys> {
  const cluster = loadCluster(kubeconfig);
  const api = cluster.makeApiClient(CoreV1Api);
  const found = await Promise.all(
    [namespace, namespaces.ingress].map(async (place) => {
      const { items } = await explained(`read the pods of namespace ${place}`, () =>
        api.listNamespacedPod({ namespace: place }),
      );
      const pod = items.find((each) => isReady(each) && hasProxy(each))?.metadata?.name;
      if (pod === undefined) return [];
      const printed = await explained(`read the keys that pod ${pod} has`, () =>
        askProxy(cluster, { namespace: place, pod }, "config_dump?resource=dynamic_listeners"),
      );
      return parseKeys(printed);
    }),
  );
  return new Map(found.flat());
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
  if (areFetched(policies)) {
    try {
      mesh = await readMeshKeys(application, kubeconfig);
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
