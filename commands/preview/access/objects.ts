/** What of a plan decides about access: policies, what roles and machines hold, and all else that may open something. */
import { z } from "zod";
import { type Application, machineTitle } from "../../../components/application";
import type { Entry } from "../graph";
import { otherObjects, type OtherObject } from "./others";

const texts = z.array(z.string()).default([]);

const source = z.looseObject({
  serviceAccounts: texts,
  principals: texts,
  requestPrincipals: z.array(z.string()).optional(),
});

const operation = z.looseObject({ methods: texts, paths: texts });

const rule = z.looseObject({
  from: z.array(z.looseObject({ source })).optional(),
  to: z.array(z.looseObject({ operation })).optional(),
  when: z
    .array(z.looseObject({ key: z.string(), values: z.array(z.string()).optional() }))
    .default([]),
});

export type PolicyRule = z.infer<typeof rule>;

const allowPolicy = z.looseObject({
  kind: z.literal("AuthorizationPolicy"),
  metadata: z.looseObject({ name: z.string(), namespace: z.string() }),
  spec: z.looseObject({
    action: z.literal("ALLOW").optional(),
    selector: z.looseObject({ matchLabels: z.record(z.string(), z.string()) }).optional(),
    rules: z.array(rule),
  }),
});

/** An ALLOW policy. */
export interface AllowPolicy {
  readonly namespace: string;
  /** The labels of the workloads that it is for; undefined: all of its namespace. */
  readonly labels: Readonly<Record<string, string>> | undefined;
  readonly rules: readonly PolicyRule[];
}

/** One of the tenant's roles or machines. */
export interface Holder {
  /** Such as `role customer`. */
  readonly name: string;
  readonly permissions: readonly string[];
}

/** What decides about access in a plan. */
export interface AccessObjects {
  readonly policies: readonly AllowPolicy[];
  /** What else may open something, by type and name in the plan. */
  readonly others: ReadonlyMap<string, OtherObject>;
  /** Empty where the stack has no tenant of its own. */
  readonly holders: readonly Holder[];
  /** The roles of each user who has any, by what is about them in the plan. */
  readonly users: ReadonlyMap<string, { readonly name: string; readonly roles: readonly string[] }>;
}

/** @param audience the API's, whose permissions count */
export function accessObjects(
  entries: readonly Entry[],
  application: Pick<Application, "title">,
  audience: string | undefined,
): AccessObjects {
  return {
    policies: entries.flatMap(({ inputs }) => policyIn(inputs) ?? []),
    others: otherObjects(entries, (inputs) => policyIn(inputs) !== undefined),
    holders: [...rolesIn(entries, audience), ...machinesIn(entries, application, audience)],
    users: new Map(usersIn(entries)),
  };
}

function policyIn(inputs: unknown): AllowPolicy | undefined {
  const { data } = allowPolicy.safeParse(inputs);
  if (data === undefined) return undefined;
  const { metadata, spec } = data;
  return {
    namespace: metadata.namespace,
    labels: spec.selector?.matchLabels,
    rules: spec.rules,
  };
}

const rolePermissions = z.object({
  permissions: z.array(z.object({ name: z.string(), resourceServerIdentifier: z.string() })),
});
const grant = z.object({ audience: z.string(), scopes: texts });
const titled = z.object({ name: z.string() });
const userInputs = z.object({ email: z.string() });
const userRoles = z.object({ roles: texts });

const roleType = "auth0:index/role:Role";
const clientType = "auth0:index/client:Client";
const userType = "auth0:index/user:User";

/** An API that is known only after an update may be this one. */
const isOf = (audience: string | undefined, found: string) =>
  found === audience || found === unknownValue;
const unknownValue = "[unknown]";

const ofType = (entries: readonly Entry[], wanted: string) =>
  entries.filter(({ type }) => type === wanted);

function rolesIn(entries: readonly Entry[], audience: string | undefined): readonly Holder[] {
  return ofType(entries, "auth0:index/rolePermissions:RolePermissions").map((each) => ({
    name: `role ${namesOf(entries, each, roleType).join(" or ") || each.name}`,
    permissions: (rolePermissions.safeParse(each.inputs).data?.permissions ?? [])
      .filter(({ resourceServerIdentifier }) => isOf(audience, resourceServerIdentifier))
      .map(({ name }) => name),
  }));
}

function machinesIn(
  entries: readonly Entry[],
  application: Pick<Application, "title">,
  audience: string | undefined,
): readonly Holder[] {
  const before = machineTitle(application, "");
  return ofType(entries, "auth0:index/clientGrant:ClientGrant").map((each) => {
    const client = namesOf(entries, each, clientType).join(" or ") || each.name;
    const { data } = grant.safeParse(each.inputs);
    return {
      name: `machine ${client.startsWith(before) ? client.slice(before.length) : client}`,
      permissions: data !== undefined && isOf(audience, data.audience) ? data.scopes : [],
    };
  });
}

function usersIn(entries: readonly Entry[]) {
  return ofType(entries, "auth0:index/userRoles:UserRoles").map((each) => {
    const emails = dependenciesOf(entries, each, userType).flatMap(
      ({ inputs }) => userInputs.safeParse(inputs).data?.email ?? [],
    );
    const given = userRoles.safeParse(each.inputs).data?.roles ?? [];
    const roles = [
      ...namesOf(entries, each, roleType),
      ...given.filter((role) => role !== unknownValue),
    ];
    return [each.name, { name: emails.join(" or ") || each.name, roles }] as const;
  });
}

/** The names, as the tenant has them, of what a resource is about: its id is known only after an update. */
function namesOf(entries: readonly Entry[], entry: Entry, type: string): readonly string[] {
  return dependenciesOf(entries, entry, type).flatMap(
    ({ inputs }) => titled.safeParse(inputs).data?.name ?? [],
  );
}

function dependenciesOf(
  entries: readonly Entry[],
  { dependencies = [] }: Entry,
  type: string,
): readonly Entry[] {
  return ofType(entries, type).filter(({ name }) => dependencies.includes(`${type} ${name}`));
}
