/** The tenant's objects, made by its Management API, one call after the other. */
import { auth0 } from "../../../local/plugins/auth0/auth0";
import { memberKinds } from "../../../local/plugins/auth0/memberKinds";
import type { ManagementApi } from "../../../local/plugins/auth0/managementApi";
import { textAt } from "../../../local/plugins/shared/inputs";
import type { Properties } from "../../../local/plugins/shared/values";
import type { TenantObject } from "./plan";

/** The client that may manage the tenant. */
export interface Manager {
  readonly domain: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/**
 * Makes the objects in order. A reference to an id in the plan is replaced by the id that the tenant has given now.
 * @returns the new ids, by the ids in the plan
 */
export async function makeTenantObjects(
  manager: Manager,
  objects: readonly TenantObject[],
): Promise<ReadonlyMap<string, string>> {
  const api = await auth0.connect({ ...manager });
  const ids = new Map<string, string>();
  for (const { type, id, inputs } of objects) {
    ids.set(id, await make(api, type, withIds(inputs, ids)));
  }
  return ids;
}

/** The requests are those of the stand-in plug-in, without the reads before it changes a list of members. */
async function make(api: ManagementApi, type: string, inputs: Properties): Promise<string> {
  const kind = memberKinds[type];
  if (kind !== undefined) {
    const owner = textAt(inputs, kind.owner);
    const members = inputs[kind.members];
    const wanted = Array.isArray(members) ? members : [];
    await kind.change(api, owner, { wanted, added: wanted, removed: [] });
    return owner;
  }
  const found = auth0.resourceType(type);
  if (found === undefined) throw new Error(`the Management API calls for a ${type} are not known`);
  const { signal } = new AbortController();
  const operation = { urn: type, inputs, timeoutSeconds: undefined, signal };
  return (await found.create(api, operation)).id;
}

/** The inputs with the new ids in place of the plan's. */
export function withIds(inputs: Properties, ids: ReadonlyMap<string, string>): Properties {
  return JSON.parse(JSON.stringify(inputs), (_, value: unknown) =>
    typeof value === "string" ? (ids.get(value) ?? value) : value,
  ) as Properties;
}
