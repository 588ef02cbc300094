/** The keys that tokens are checked with: those that the mesh has, or otherwise those that the provider serves. */
import type { JsonWebKey } from "node:crypto";
import { z } from "zod";
import { reasonOf } from "../../lib/errors";
import type { Fetch } from "../../lib/http";
import type { JwtRule, Policies } from "./policies";

/** A rule's keys, or why they are not available. */
export type Keys = { readonly keys: readonly JsonWebKey[] } | { readonly problem: string };

/** By the address that the rule names: its `jwksUri`, or its issuer's discovery document. */
export type KeySets = ReadonlyMap<string, Keys>;

/** The keys have to be fetched within this many milliseconds; istiod's own limit is 5 s. */
const fetchDeadline = 10_000;

export const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });
const discovery = z.object({ jwks_uri: z.string() });

/**
 * Where istiod looks for a rule's keys (istio/istio, pilot/pkg/model/jwks_resolver.go).
 * undefined: they are in the rule.
 */
function keySource({ issuer, jwks, jwksUri }: JwtRule): string | undefined {
  if (jwks !== "") return undefined;
  if (jwksUri !== "") return jwksUri;
  return `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
}

/** The keys of one rule. */
export function keysOf(rule: JwtRule, sets: KeySets): Keys {
  const address = keySource(rule);
  if (address !== undefined) {
    return sets.get(address) ?? { problem: `the keys at ${address} were not read` };
  }
  try {
    return keySet.parse(JSON.parse(rule.jwks));
  } catch {
    return { problem: `the keys in the rule of issuer ${rule.issuer} are no JWK set` };
  }
}

/** The issuers whose keys come from their provider, and are not in the rule. */
export function fetchedIssuers({ requestAuthentications }: Policies): readonly string[] {
  const rules = requestAuthentications.flatMap(({ spec }) => spec?.jwtRules ?? []);
  const fetched = rules.filter((rule) => keySource(rule) !== undefined);
  return [...new Set(fetched.map(({ issuer }) => issuer))];
}

/**
 * The keys of every rule. One that cannot be read is no error: it makes decisions not known.
 * @param mesh the keys that the mesh has, by issuer. An issuer's that is not there are read at its provider
 * @param fetch asks the providers
 */
export async function readKeySets(
  { requestAuthentications }: Policies,
  mesh: ReadonlyMap<string, Keys>,
  fetch: Fetch,
): Promise<KeySets> {
  const rules = requestAuthentications.flatMap(({ spec }) => spec?.jwtRules ?? []);
  const sources = new Map(
    rules.flatMap((rule) => {
      const address = keySource(rule);
      return address === undefined ? [] : [[address, rule] as const];
    }),
  );
  return new Map(
    await Promise.all(
      [...sources].map(async ([address, { issuer, jwksUri }]): Promise<[string, Keys]> => [
        address,
        mesh.get(issuer) ?? (await read(address, jwksUri === "", fetch)),
      ]),
    ),
  );
}

async function read(address: string, discovered: boolean, fetch: Fetch): Promise<Keys> {
  try {
    const jwksUri = discovered ? discovery.parse(await json(address, fetch)).jwks_uri : address;
    return keySet.parse(await json(jwksUri, fetch));
  } catch (error) {
    const reason = error instanceof z.ZodError ? "no JWK set is there" : reasonOf(error);
    return { problem: `the keys at ${address} cannot be read: ${reason}` };
  }
}

async function json(address: string, fetch: Fetch): Promise<unknown> {
  const response = await fetch(address, { signal: AbortSignal.timeout(fetchDeadline) });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.json();
}
