/** The resources that are a set of members of something else: a role's permissions, a user's roles. */
import { isDeepStrictEqual } from "node:util";
import { differenceOf } from "../shared/difference";
import { textAt, withoutNulls } from "../shared/inputs";
import type { ResourceType } from "../shared/plugin";
import { isProperties, type Properties, type Value } from "../shared/values";
import { unsupportedFields } from "./fields";
import { isGone, type ManagementApi } from "./managementApi";

export interface MemberChange {
  wanted: Value[];
  added: Value[];
  removed: Value[];
}

/**
 * A set of members. As in the official plug-in, a change is applied to the program's own list: members that others
 * added are removed after a refresh has seen them.
 */
export interface MemberKind {
  /** The input that names the owner; it is also the id. */
  owner: string;
  /** The input that lists the members. */
  members: string;
  /** Whether the resource is created only if the owner has no other members. */
  exclusive?: boolean;
  /** What distinguishes two members. */
  identity: (member: Value) => string;
  /** The members that the owner has, as inputs, or undefined when the owner is gone. */
  live(api: ManagementApi, owner: string): Promise<Value[] | undefined>;
  change(api: ManagementApi, owner: string, change: MemberChange): Promise<void>;
  /** Outputs that come from the owner's document. */
  computed?: readonly string[];
  /** These outputs, and inputs that also come from the document. */
  details?(api: ManagementApi, owner: string): Promise<Properties>;
}

export function memberType(kind: MemberKind): ResourceType<ManagementApi> {
  const required = [kind.owner, kind.members];
  const fields = Object.fromEntries(required.map((name) => [name, name]));
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
    // The new set may have the same owner under another spelling, so the old one is removed first.
    difference: (previous, inputs) => differenceOf(previous, inputs, [kind.owner], true),
    async create(api, { inputs }) {
      const id = textAt(inputs, kind.owner);
      const wanted = membersOf(inputs, kind);
      if (kind.exclusive === true) await refuseOthers(kind, api, id, wanted);
      await kind.change(api, id, { wanted, added: wanted, removed: [] });
      return { id, outputs: (await seen(kind, api, id, inputs)).outputs };
    },
    async read(api, { id, inputs }) {
      const live = await kind.live(api, id);
      return live === undefined ? undefined : described(kind, api, id, inputs, live);
    },
    async update(api, { id, inputs: previous }, { inputs }) {
      await kind.change(api, id, changeBetween(previous, inputs, kind));
      return (await seen(kind, api, id, inputs)).outputs;
    },
    async delete(api, { id, inputs }) {
      const removed = membersOf(inputs, kind);
      if (removed.length === 0) return;
      await kind.change(api, id, { wanted: [], added: [], removed }).catch((error: unknown) => {
        if (!isGone(error)) throw error;
      });
    },
  };
}

function membersOf(inputs: Properties, kind: MemberKind): Value[] {
  const members = inputs[kind.members];
  return Array.isArray(members) ? members : [];
}

function changeBetween(previous: Properties, inputs: Properties, kind: MemberKind): MemberChange {
  const before = membersOf(previous, kind);
  const wanted = membersOf(inputs, kind);
  const identities = (members: readonly Value[]) => new Set(members.map(kind.identity));
  return {
    wanted,
    added: wanted.filter((member) => !identities(before).has(kind.identity(member))),
    removed: before.filter((member) => !identities(wanted).has(kind.identity(member))),
  };
}

async function refuseOthers(
  kind: MemberKind,
  api: ManagementApi,
  owner: string,
  wanted: readonly Value[],
): Promise<void> {
  const live = await existing(kind, api, owner);
  if (live.length === 0) return;
  const theirs = asInputs(kind, wanted, live);
  if (theirs.length === wanted.length && isDeepStrictEqual(theirs, [...wanted])) return;
  throw new Error(
    `${kind.owner} ${owner} has ${kind.members} already that are not the program's: import the resource, or remove them`,
  );
}

async function existing(kind: MemberKind, api: ManagementApi, owner: string): Promise<Value[]> {
  const live = await kind.live(api, owner);
  if (live === undefined) throw new Error(`the tenant has no ${kind.owner} ${owner}`);
  return live;
}

async function seen(kind: MemberKind, api: ManagementApi, owner: string, inputs: Properties) {
  return described(kind, api, owner, inputs, await existing(kind, api, owner));
}

/** The resource with the members that its owner has, and other fields of the owner. */
async function described(
  kind: MemberKind,
  api: ManagementApi,
  owner: string,
  inputs: Properties,
  live: readonly Value[],
): Promise<{ inputs: Properties; outputs: Properties }> {
  const details = (await kind.details?.(api, owner)) ?? {};
  const ofInputs = Object.entries(details).filter(([name]) => inputs[name] !== undefined);
  const members = asInputs(kind, membersOf(inputs, kind), live);
  const found = { ...inputs, ...Object.fromEntries(ofInputs), [kind.members]: members };
  return { inputs: found, outputs: { ...found, ...details } };
}

/** The live members in the order of the inputs, each with what the inputs say about it, then the others. */
function asInputs(kind: MemberKind, inputs: readonly Value[], live: readonly Value[]): Value[] {
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
