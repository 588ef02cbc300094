import { z } from "zod";
import { absentOr, unexpected, where } from "../expectation";
import { at, entries, show } from "../reading";
import { type Resource, unknown } from "../resource";
import { type Finding, type MadeOf, stackRule } from "../rule";

const namesByName = z.record(z.string(), z.array(z.string()));

const grantsSettings = z.strictObject({
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
  description: "Nobody is granted more of an API at the tenant than the access table gives.",
  severity: "critical",
  remediation:
    "Change the access table, or the stack's users and machines, and have the grants follow from them; or take back what is granted besides.",
  settings: z.object({
    grants: grantsSettings
      .optional()
      .describe("Who gets what. Default: none, then nothing is compared"),
    otherAudiences: z
      .array(z.string())
      .default([])
      .describe("APIs that are not judged: what is about them alone"),
  }),
  judgeAll(resources, { grants, otherAudiences }, madeOf) {
    if (grants === undefined) return [];
    return resources.flatMap((resource) => {
      const kind = kinds.find(({ type }) => resource.type === `auth0:index/${type}`);
      return kind === undefined ? [] : judge({ resource, kind, grants, madeOf }, otherAudiences);
    });
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
  /** To whom; none where it is the API that gets permissions. */
  readonly holder?: Reference;
  readonly given: Values | Reference;
  /** Of which API; none for roles, which may have permissions of several. */
  readonly audience?: Values;
  /** What the holder may get. */
  readonly most: (grants: Grants, holder: string) => readonly string[];
}

const role = { input: "roleId", type: "role:Role", name: "name" };
const roles = { ...role, input: "roles" };
const user = { input: "userId", type: "user:User", name: "email" };
const client = { input: "clientId", type: "client:Client", name: "name" };
const server = { type: "resourceServer:ResourceServer", name: "identifier" };

const api = "resourceServerIdentifier";

const permission = { given: ["permission"], audience: [api] } as const;
const permissions = { given: ["permissions", "name"], audience: ["permissions", api] } as const;

const named = (lists: Grants["roles"], name: string) =>
  (Object.hasOwn(lists, name) ? lists[name] : undefined) ?? [];

const toRole = {
  holder: role,
  most: (grants: Grants, holder: string) => named(grants.roles, holder),
};
const toUser = {
  holder: user,
  most: (grants: Grants, holder: string) => named(grants.users, holder),
};
/** What a user holds besides the roles, no table shows. */
const pastRoles = { holder: user, most: () => [] };
const toClient = {
  holder: client,
  most: (grants: Grants, holder: string) => named(grants.clients, holder),
};
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

/** A resource that grants something. */
interface Grant {
  readonly resource: Resource;
  readonly kind: Kind;
  readonly grants: Grants;
  readonly madeOf: MadeOf;
}

function judge(grant: Grant, otherAudiences: readonly string[]): Finding[] {
  const { resource, kind, grants } = grant;
  const [input, values] = audiencesOf(grant);
  if (values.length > 0 && values.every((value) => otherAudiences.some((one) => one === value)))
    return [];
  const foreign = values
    .filter((value) => value !== grants.audience)
    .map((value) => found(resource, input, `is ${show(value)}`, show(grants.audience)));
  const all = unexpected(resource, [absentOr("allowAllScopes", [false])]);
  return [...foreign, ...all.map((one) => ({ ...one, resource })), ...judgeHolder(grant, kind)];
}

const found = (resource: Resource, input: string, what: string, write: string) => ({
  resource,
  found: `${where(resource, input)} ${what}`,
  write,
});

/** The holder's name is in a resource of the same stack: an id says nothing, and is not known in a first preview. */
function judgeHolder(grant: Grant, { holder }: Kind): Finding[] {
  const { resource, grants } = grant;
  if (holder === undefined) return judgeGiven(grant, `the API ${show(grants.audience)}`, "");
  const { input, type } = holder;
  const [name, ...more] = namesOf(grant, holder);
  if (typeof name === "string" && more.length === 0)
    return judgeGiven(grant, `${kindOf(type)} ${show(name)}`, name);
  const value = `is ${show(at(resource.inputs, input))}`;
  return [found(resource, input, value, `the id of one ${kindOf(type)} that the stack makes`)];
}

const kindOf = (type: string) => type.slice(type.indexOf(":") + 1);

function judgeGiven(grant: Grant, title: string, holder: string): Finding[] {
  const { resource, kind, grants } = grant;
  const most = kind.most(grants, holder);
  const [input, given] = givenBy(grant);
  const besides = given.filter((one) => !most.some((name) => name === one));
  if (besides.length === 0) return [];
  const write = most.length > 0 ? `no more than ${show(most)}` : "nothing";
  const what = `gives ${title} ${besides.map(show).join(", ")}, which the table does not`;
  return [found(resource, input, what, write)];
}

function givenBy(grant: Grant): readonly [input: string, given: readonly unknown[]] {
  const { given } = grant.kind;
  if (!("input" in given)) return [given[0], valuesOf(grant.resource, given)];
  const names = namesOf(grant, given);
  // Whoever is named by an id alone could be anybody.
  const others = entries(at(grant.resource.inputs, given.input)).slice(names.length);
  return [given.input, [...names, ...others]];
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

function valuesOf({ inputs }: Resource, [input, field]: Values): readonly unknown[] {
  const values = entries(at(inputs, input));
  return field === undefined ? values : values.map((value) => at(value, field));
}

/** The names of the resources that an input refers to. */
function namesOf({ resource, madeOf }: Grant, { input, type, name }: Reference) {
  return madeOf(resource, input)
    .filter((one) => one.type === `auth0:index/${type}`)
    .map((one) => at(one.inputs, name));
}
