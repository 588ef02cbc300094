import { z } from "zod";
import { absentOr, unexpected, where } from "../expectation";
import { at, entries, show } from "../reading";
import { type Resource, unknown } from "../resource";
import { type Finding, type MadeOf, stackRule } from "../rule";

const namesByName = z.record(z.string(), z.array(z.string()));

export const grantsSettings = z.strictObject({
  audience: z.string().describe("The API's identifier"),
  permissions: z.array(z.string()).describe("Every permission of the API"),
  roles: namesByName.describe("Each role's permissions, by the role's name"),
  users: namesByName.describe("Each user's roles, by the e-mail address"),
  clients: namesByName.describe("Each machine's permissions, by its application's name"),
});

export type Grants = z.infer<typeof grantsSettings>;

/**
 * https://auth0.com/docs/manage-users/access-control/rbac and, for machines,
 * https://auth0.com/docs/get-started/applications/application-access-to-apis-client-grants
 */
export const auth0Grants = stackRule({
  name: "auth0-grants",
  description:
    "At the tenant no user or client has more permissions for an API than in the access table.",
  severity: "critical",
  remediation:
    "Change the access table, or the stack's users and machines, from which the grants are made; or remove the grants that are not in them. Name an API that is not the stack's in otherAudiences.",
  settings: z.object({
    grants: grantsSettings
      .optional()
      .describe("Who gets what. Default: none, then nothing is compared"),
    otherAudiences: z.array(z.string()).default([]).describe("APIs whose grants are not judged"),
  }),
  judgeAll(resources, { grants, otherAudiences }, madeOf) {
    if (grants === undefined) return [];
    const judged = resources.flatMap((resource) => {
      const kind = kinds.find(({ type }) => isOf(resource, type));
      return kind === undefined ? [] : judge({ resource, kind, grants, madeOf }, otherAudiences);
    });
    return [...judged, ...namesakes(resources, grants)];
  },
});

/** An input that refers to resources of a type, and the input of theirs that names them. */
interface Reference {
  readonly input: string;
  readonly type: string;
  readonly name: string;
}

/** Values: an input's own entries, or a field of each. */
type Values = readonly [input: string, field?: string];

/** A type of resource that grants something. */
interface Kind {
  readonly type: string;
  /** The holder's type; none if the resource gives an API its permissions. */
  readonly holder?: Reference;
  readonly given: Values | Reference;
  /** The API; none for roles, which may have permissions of several. */
  readonly audience?: Values;
  /** What the holder may get. */
  readonly most: (grants: Grants, holder: string) => readonly string[];
}

/** The holders in the table, by name. */
interface Holder extends Reference {
  readonly listOf: (grants: Grants) => Readonly<Record<string, readonly string[]>>;
}

const role: Holder = {
  input: "roleId",
  type: "role:Role",
  name: "name",
  listOf: (grants) => grants.roles,
};
const roles = { ...role, input: "roles" };
const user: Holder = {
  input: "userId",
  type: "user:User",
  name: "email",
  listOf: (grants) => grants.users,
};
const client: Holder = {
  input: "clientId",
  type: "client:Client",
  name: "name",
  listOf: (grants) => grants.clients,
};
const server = { type: "resourceServer:ResourceServer", name: "identifier" };

const api = "resourceServerIdentifier";

const permission = { given: ["permission"], audience: [api] } as const;
const permissions = { given: ["permissions", "name"], audience: ["permissions", api] } as const;

/** At most the table's permissions under the holder's name. */
const asListed = (holder: Holder) => ({
  holder,
  most: (grants: Grants, name: string) => {
    const lists = holder.listOf(grants);
    return (Object.hasOwn(lists, name) ? lists[name] : undefined) ?? [];
  },
});

const toRole = asListed(role);
const toUser = asListed(user);
const toClient = asListed(client);
/** The table does not show what a user has in addition to the roles. */
const pastRoles = { holder: user, most: () => [] };
const toApi = { audience: [api], most: (grants: Grants) => grants.permissions } as const;

const kinds: readonly Kind[] = [
  { type: "rolePermissions:RolePermissions", ...toRole, ...permissions },
  { type: "rolePermission:RolePermission", ...toRole, ...permission },
  { type: "userRoles:UserRoles", ...toUser, given: roles },
  { type: "userRole:UserRole", ...toUser, given: role },
  { type: "organizationMemberRoles:OrganizationMemberRoles", ...toUser, given: roles },
  { type: "organizationMemberRole:OrganizationMemberRole", ...toUser, given: role },
  { type: "userPermissions:UserPermissions", ...pastRoles, ...permissions },
  { type: "userPermission:UserPermission", ...pastRoles, ...permission },
  { type: "clientGrant:ClientGrant", ...toClient, given: ["scopes"], audience: ["audience"] },
  { type: "resourceServerScopes:ResourceServerScopes", ...toApi, given: ["scopes", "name"] },
  { type: "resourceServerScope:ResourceServerScope", ...toApi, given: ["scope"] },
];

/** Every permission of the API that the stack gives to a role, a user or a client. */
export function givenPermissions(
  resources: readonly Resource[],
  grants: Grants,
  madeOf: MadeOf,
): readonly unknown[] {
  return resources.flatMap((resource) => {
    const kind = kinds.find(({ type }) => isOf(resource, type));
    if (kind?.holder === undefined || "input" in kind.given) return [];
    return givenBy({ resource, kind, grants, madeOf })[1];
  });
}

const isOf = (resource: Resource, type: string) => resource.type === `auth0:index/${type}`;

/** A tenant may have several of one name, and a grant for one of them could be mistaken for another's. */
function namesakes(resources: readonly Resource[], grants: Grants): Finding[] {
  return [role, user, client].flatMap(({ type, name, listOf }) => {
    const known = new Map<string, Resource>();
    return resources
      .filter((one) => isOf(one, type))
      .flatMap((resource) => {
        const value = at(resource.inputs, name);
        if (typeof value !== "string" || !Object.hasOwn(listOf(grants), value)) return [];
        // Each tenant has a provider of its own.
        const key = JSON.stringify([resource.provider, value]);
        const first = known.get(key);
        known.set(key, first ?? resource);
        if (first === undefined) return [];
        const note = `as that of ${kindOf(type)} ${first.name} is`;
        return [{ ...found(resource, name, value, "one that no other has"), note }];
      });
  });
}

/** A resource that grants something. */
interface Grant {
  readonly resource: Resource;
  readonly kind: Kind;
  readonly grants: Grants;
  readonly madeOf: MadeOf;
}

function judge(grant: Grant, otherAudiences: readonly string[]): Finding[] {
  const { resource, kind, grants } = grant;
  const [input, audiences] = audiencesOf(grant);
  const values = audiences.filter((value) => !otherAudiences.some((one) => one === value));
  if (audiences.length > 0 && values.length === 0) return [];
  const foreign = values
    .filter((value) => value !== grants.audience)
    .map((value) => found(resource, input, value, show(grants.audience)));
  const all = unexpected(resource, [absentOr("allowAllScopes", [false])]);
  return [...foreign, ...all.map((one) => ({ ...one, resource })), ...judgeHolder(grant, kind)];
}

const found = (resource: Resource, input: string, is: unknown, write: string) => ({
  resource,
  where: where(resource, input),
  is,
  write,
});

/** The holder's name is in a resource of the same stack: an id says nothing, and is unknown in a first preview. */
function judgeHolder(grant: Grant, { holder }: Kind): Finding[] {
  const { resource, grants } = grant;
  if (holder === undefined) return judgeGiven(grant, `the API ${show(grants.audience)}`, "");
  const { input, type } = holder;
  const [name, ...more] = namesOf(grant, holder);
  if (typeof name === "string" && more.length === 0)
    return judgeGiven(grant, `${kindOf(type)} ${show(name)}`, name);
  const value = at(resource.inputs, input);
  return [found(resource, input, value, `the id of one ${kindOf(type)} that the stack makes`)];
}

const kindOf = (type: string) => type.slice(type.indexOf(":") + 1);

function judgeGiven(grant: Grant, title: string, holder: string): Finding[] {
  const { resource, kind, grants } = grant;
  const most = kind.most(grants, holder);
  const [input, given] = givenBy(grant);
  const excess = given.filter((one) => !most.some((name) => name === one));
  if (excess.length === 0) return [];
  const names = "input" in kind.given ? `the ids of the stack's ${kindOf(kind.given.type)}s ` : "";
  const write = most.length > 0 ? `no more than ${names}${show(most)}` : "nothing";
  const found = `gives ${title} ${excess.map(show).join(", ")}, which the table does not`;
  return [{ resource, where: where(resource, input), found, write }];
}

function givenBy(grant: Grant): readonly [input: string, given: readonly unknown[]] {
  const { given } = grant.kind;
  if (!("input" in given)) return [given[0], valuesOf(grant.resource, given, ours(grant))];
  const names = namesOf(grant, given);
  // A holder given only by an id could be any holder.
  const others = entries(at(grant.resource.inputs, given.input)).slice(names.length);
  return [given.input, [...names, ...others]];
}

/** Whether an entry is about the API; an entry about another API is not, even if it grants all of it. */
function ours({ resource, kind: { given, audience }, grants }: Grant) {
  return (entry: unknown) => {
    if (audience === undefined || "input" in given) return true;
    const [input, field = ""] = audience;
    const value = input === given[0] ? at(entry, field) : at(resource.inputs, input);
    return typeof value !== "string" || value === grants.audience;
  };
}

function audiencesOf(grant: Grant): readonly [input: string, values: readonly unknown[]] {
  const { resource, kind } = grant;
  if (kind.audience === undefined) return ["", []];
  const [input] = kind.audience;
  const values = [...new Set(valuesOf(resource, kind.audience))];
  if (!values.includes(unknown)) return [input, values];
  const names = namesOf(grant, { ...server, input });
  const known = values.filter((value) => value !== unknown);
  return [input, [...new Set([...known, ...(names.length > 0 ? names : [unknown])])]];
}

function valuesOf(
  { inputs }: Resource,
  [input, field]: Values,
  isMeant: (entry: unknown) => boolean = () => true,
): readonly unknown[] {
  const values = entries(at(inputs, input)).filter(isMeant);
  return field === undefined ? values : values.map((value) => at(value, field));
}

/** The names of the resources that an input refers to. */
function namesOf({ resource, madeOf }: Grant, { input, type, name }: Reference) {
  return madeOf(resource, input)
    .filter((one) => isOf(one, type))
    .map((one) => at(one.inputs, name));
}
