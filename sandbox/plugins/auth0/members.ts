/** The resources that are a set of members of something else: a role's permissions, a user's roles. */
import { isDeepStrictEqual } from "node:util";
import { differenceOf } from "../shared/difference";
import { textAt, withoutNulls } from "../shared/inputs";
import type { ResourceType } from "../shared/plugin";
import { isProperties, type Properties, type Value } from "../shared/values";
import { unsupportedFields } from "./fields";
import type { ManagementApi } from "./managementApi";

export interface MemberChange {
  wanted: Value[];
  added: Value[];
  removed: Value[];
}

/** A set that belongs to one resource alone: what others put in is taken out. */
export interface MemberKind {
  /** The input that names the owner; it is also the id. */
  owner: string;
  /** The input that lists the members. */
  members: string;
  /** What tells two members apart. */
  identity: (member: Value) => string;
  /** The members that the owner has, as inputs, or undefined when the owner is gone. */
  live(api: ManagementApi, owner: string): Promise<Value[] | undefined>;
  change(api: ManagementApi, owner: string, change: MemberChange): Promise<void>;
  /** Outputs that the owner's document gives. */
  computed?: readonly string[];
  details?(api: ManagementApi, owner: string): Promise<Properties>;
}

export function memberType(kind: MemberKind): ResourceType<ManagementApi> {
  const required = [kind.owner, kind.members];
  const fields = Object.fromEntries(required.map((name) => [name, name]));
  const outputsOf = async (api: ManagementApi, owner: string, inputs: Properties) => ({
    ...inputs,
    ...(await kind.details?.(api, owner)),
  });
  return {
    computed: kind.computed ?? [],
    secrets: [],
    check(given) {
      const inputs = withoutNulls(given);
      const missing = required
        .filter((property) => inputs[property] === undefined)
        .map((property) => ({ property, reason: `${property} is required` }));
      return { inputs, failures: [...unsupportedFields(inputs, fields), ...missing] };
    },
    // The new set may be of the same owner in other words, so the old one goes first.
    difference: (previous, inputs) => differenceOf(previous, inputs, [kind.owner], true),
    async create(api, { inputs }) {
      const owner = textAt(inputs, kind.owner);
      await reconcile(kind, api, owner, membersOf(inputs, kind));
      return { id: owner, outputs: await outputsOf(api, owner, inputs) };
    },
    async read(api, { id, inputs }) {
      const live = await kind.live(api, id);
      if (live === undefined) return undefined;
      const seen = asInputs(kind, membersOf(inputs, kind), live);
      const liveInputs = { ...inputs, [kind.members]: seen };
      return { inputs: liveInputs, outputs: await outputsOf(api, id, liveInputs) };
    },
    async update(api, { id }, { inputs }) {
      await reconcile(kind, api, id, membersOf(inputs, kind));
      return outputsOf(api, id, inputs);
    },
    async delete(api, { id, inputs }) {
      const live = await kind.live(api, id);
      const ours = new Set(membersOf(inputs, kind).map(kind.identity));
      const removed = (live ?? []).filter((member) => ours.has(kind.identity(member)));
      const wanted = (live ?? []).filter((member) => !ours.has(kind.identity(member)));
      if (removed.length > 0) await kind.change(api, id, { wanted, added: [], removed });
    },
  };
}

function membersOf(inputs: Properties, kind: MemberKind): Value[] {
  const members = inputs[kind.members];
  return Array.isArray(members) ? members : [];
}

async function reconcile(
  kind: MemberKind,
  api: ManagementApi,
  owner: string,
  wanted: Value[],
): Promise<void> {
  const live = await kind.live(api, owner);
  if (live === undefined) throw new Error(`the tenant has no ${kind.owner} ${owner}`);
  const seen = asInputs(kind, wanted, live);
  const added = wanted.filter((member) => !seen.some((other) => isDeepStrictEqual(member, other)));
  const identities = new Set(wanted.map(kind.identity));
  const removed = live.filter((member) => !identities.has(kind.identity(member)));
  if (added.length === 0 && removed.length === 0) return;
  await kind.change(api, owner, { wanted, added, removed });
}

/** The live members in the inputs' order, each with what the inputs say about it, then the others. */
function asInputs(kind: MemberKind, inputs: Value[], live: Value[]): Value[] {
  const liveByIdentity = new Map(live.map((member) => [kind.identity(member), member]));
  const known = inputs.flatMap((member) => {
    const found = liveByIdentity.get(kind.identity(member));
    liveByIdentity.delete(kind.identity(member));
    return found === undefined ? [] : [restrictedTo(member, found)];
  });
  return [...known, ...liveByIdentity.values()];
}

function restrictedTo(member: Value, live: Value): Value {
  if (!isProperties(member) || !isProperties(live)) return live;
  const names = Object.keys(member);
  return Object.fromEntries(Object.entries(live).filter(([name]) => names.includes(name)));
}
