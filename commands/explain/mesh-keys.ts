/** The keys that the mesh's proxies have: istiod fetches them from time to time, and distributes them. */
import { z } from "zod";
import { explained, loadCluster } from "../stack/cluster";
import { reasonOf } from "../../lib/errors";
import type { Fetch } from "../../lib/http";
import { askProxy, type ProxyPod } from "../stack/proxy";
import type { ClusterState } from "./cluster";
import { fetchedIssuers, keySet, readKeySets, type Keys, type KeySets } from "./keys";

/** By issuer. */
type MeshKeys = ReadonlyMap<string, Keys>;

/**
 * Asks proxies one after the other, until all issuers' keys are found.
 * @throws UserError if a proxy does not answer
 */
async function readMeshKeys(
  proxies: readonly ProxyPod[],
  kubeconfig: string,
  issuers: readonly string[],
): Promise<MeshKeys> {
  const cluster = loadCluster(kubeconfig);
  const found = new Map<string, Keys>();
  for (const proxy of proxies) {
    if (issuers.every((issuer) => found.has(issuer))) break;
    const printed = await explained(`read the keys that pod ${proxy.pod} has`, () =>
      askProxy(cluster, proxy, "config_dump?resource=dynamic_listeners"),
    );
    for (const [issuer, keys] of parseKeys(printed)) found.set(issuer, keys);
  }
  return found;
}

const provider = z.object({
  issuer: z.string(),
  local_jwks: z.object({ inline_string: z.string() }),
});

/**
 * The keys of every rule: the mesh's own if they can be read, and otherwise those that the providers serve now.
 * @returns them, and why they are not the mesh's own if they are not
 */
export async function readRulesKeys(
  { policies, proxies }: Pick<ClusterState, "policies" | "proxies">,
  kubeconfig: string,
  fetch: Fetch,
): Promise<{ readonly keys: KeySets; readonly problem?: string }> {
  let mesh: MeshKeys = new Map();
  let problem: string | undefined;
  const issuers = fetchedIssuers(policies);
  if (issuers.length > 0) {
    try {
      mesh = await readMeshKeys(proxies, kubeconfig, issuers);
      const lost = issuers.filter((issuer) => !mesh.has(issuer));
      if (lost.length > 0) problem = `no proxy that is ready has keys of ${lost.join(", ")}`;
    } catch (error) {
      problem = reasonOf(error);
    }
  }
  return {
    keys: await readKeySets(policies, mesh, fetch),
    ...(problem !== undefined && { problem }),
  };
}

/** The keys of each issuer in Envoy's `config_dump`, in any of its token filters. */
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
