/** What of a plan decides about access: Istio's security objects, and what the tenant's roles and machines hold. */
import { z } from "zod";
import type { Application } from "../../../components/application";
import { machineTitle } from "../../../components/application";
import type { Entry } from "../graph";

const texts = z.array(z.string()).default([]);

const source = z.looseObject({
  serviceAccounts: texts,
  principals: texts,
  requestPrincipals: z.array(z.string()).optional(),
});

const operation = z.looseObject({ methods: texts, paths: texts });

const condition = z.looseObject({ key: z.string(), values: z.array(z.string()).optional() });

const rule = z.looseObject({
  from: z.array(z.looseObject({ source })).optional(),
  to: z.array(z.looseObject({ operation })).optional(),
  when: z.array(condition).default([]),
});

export type PolicyRule = z.infer<typeof rule>;

const metadata = z.looseObject({ name: z.string(), namespace: z.string().optional() });

const allowPolicy = z.looseObject({
  kind: z.literal("AuthorizationPolicy"),
  metadata,
  spec: z.looseObject({ action: z.literal("ALLOW").optional(), rules: z.array(rule) }),
});

const securityObject = z.looseObject({
  kind: z.string(),
  metadata,
  spec: z.looseObject({}).default({}),
});

const tokenCheck = z.looseObject({
  spec: z.looseObject({ jwtRules: z.array(z.looseObject({ issuer: z.string() })) }),
});

const security = "kubernetes:security.istio.io/";

/** An ALLOW policy: its name is its service's. */
export interface AllowPolicy {
  /** With its namespace: `shop/orders`. */
  readonly service: string;
  readonly rules: readonly PolicyRule[];
}

/** One of the tenant's roles or machines. */
export interface Holder {
  /** Such as `role customer`. */
  readonly name: string;
  readonly permissions: readonly string[];
}

/** What of a security object is not one of `policies`. */
export interface OtherParts {
  readonly text: string;
  /** Whether its rules are one of `policies`, so that these tell what a new one opens. */
  readonly isPolicy: boolean;
}

/** What decides about access in a plan. */
export interface AccessObjects {
  readonly policies: readonly AllowPolicy[];
  /** Every security object by its title. */
  readonly others: ReadonlyMap<string, OtherParts>;
  /** Empty where the stack has no tenant of its own. */
  readonly holders: readonly Holder[];
  /** The roles of each user who has any. */
  readonly users: ReadonlyMap<string, readonly string[]>;
  /** The first issuer whose tokens are accepted, which is the stack's own. */
  readonly issuer: string | undefined;
}

export function accessObjects(
  entries: readonly Entry[],
  application: Pick<Application, "title">,
): AccessObjects {
  const inputs = entries.filter(({ type }) => type.startsWith(security)).map((each) => each.inputs);
  const policies = inputs.flatMap((each) => {
    const { data } = allowPolicy.safeParse(each);
    if (data === undefined) return [];
    const { namespace = "", name } = data.metadata;
    return [{ service: `${namespace}/${name}`, rules: data.spec.rules }];
  });
  const checks = inputs.flatMap((each) => tokenCheck.safeParse(each).data ?? []);
  return {
    policies,
    others: new Map(inputs.flatMap((each) => restOf(each))),
    holders: [...rolesIn(entries), ...machinesIn(entries, application)],
    users: new Map(usersIn(entries)),
    issuer: checks[0]?.spec.jwtRules[0]?.issuer,
  };
}

/** A security object's title, and all of it but the rules that are read as access. */
function restOf(inputs: unknown): readonly (readonly [string, OtherParts])[] {
  const { data } = securityObject.safeParse(inputs);
  if (data === undefined) return [];
  const { kind, metadata: named, spec } = data;
  const { rules, ...rest } = spec;
  const isPolicy = allowPolicy.safeParse(inputs).success;
  const title = [kind, ...(named.namespace ? [named.namespace] : []), named.name];
  // An annotation may switch a policy off: istio.io/dry-run.
  const text = JSON.stringify([named, rest, ...(isPolicy ? [] : [rules])]);
  return [[title.join(" "), { text, isPolicy }]];
}

const rolePermissions = z.object({ permissions: z.array(z.looseObject({ name: z.string() })) });
const grant = z.object({ scopes: texts });
const titled = z.object({ name: z.string() });
const user = z.object({ email: z.string() });

const roleType = "auth0:index/role:Role";
const clientType = "auth0:index/client:Client";
const userType = "auth0:index/user:User";

function rolesIn(entries: readonly Entry[]): readonly Holder[] {
  const all = entries.filter(({ type }) => type === "auth0:index/rolePermissions:RolePermissions");
  return all.flatMap((each) =>
    namesOf(entries, each, roleType).map((role) => ({
      name: `role ${role}`,
      permissions: (rolePermissions.safeParse(each.inputs).data?.permissions ?? []).map(
        ({ name }) => name,
      ),
    })),
  );
}

function machinesIn(
  entries: readonly Entry[],
  application: Pick<Application, "title">,
): readonly Holder[] {
  const before = machineTitle(application, "");
  const all = entries.filter(({ type }) => type === "auth0:index/clientGrant:ClientGrant");
  return all.flatMap((each) =>
    namesOf(entries, each, clientType).map((client) => ({
      name: `machine ${client.startsWith(before) ? client.slice(before.length) : client}`,
      permissions: grant.safeParse(each.inputs).data?.scopes ?? [],
    })),
  );
}

function usersIn(entries: readonly Entry[]): readonly (readonly [string, readonly string[]])[] {
  const all = entries.filter(({ type }) => type === "auth0:index/userRoles:UserRoles");
  return all.flatMap((each) =>
    dependenciesOf(entries, each, userType).flatMap(({ inputs }) => {
      const { data } = user.safeParse(inputs);
      return data === undefined ? [] : [[data.email, namesOf(entries, each, roleType)] as const];
    }),
  );
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
  return entries.filter(
    (each) => each.type === type && dependencies.includes(`${each.type} ${each.name}`),
  );
}
