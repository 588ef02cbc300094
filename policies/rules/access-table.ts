import { z } from "zod";
import {
  allowPolicies,
  type AuthorizationPolicy,
  type AuthorizationRule,
  type Part,
  partFinding,
  titleOf,
} from "../istio";
import {
  admits,
  everyPair,
  isAbout,
  type Operation,
  operationsIn,
  operationsOf,
} from "../operations";
import { at, entries, show } from "../reading";
import { unknown } from "../resource";
import { type Finding, stackRule } from "../rule";
import { rootNamespace } from "../settings";
import {
  type Issuer,
  permissionsKey,
  principalsOf,
  type Row,
  rowsOf,
  type Table,
  tableSettings,
} from "../table";

/** https://istio.io/latest/docs/reference/config/security/authorization-policy/ */
export const accessTable = stackRule({
  name: "access-table",
  description: "The mesh's policies admit what the access table does: no more, and no less.",
  severity: "critical",
  remediation:
    "Change the access table, and have the policies follow from it; or take back what was changed in the policies.",
  settings: z.object({
    rootNamespace,
    table: tableSettings
      .optional()
      .describe("The access table. Default: none, then nothing is compared"),
  }),
  judgeAll(resources, { rootNamespace, table }, _, outputOf) {
    if (table === undefined) return [];
    const clients = resources
      .filter(({ type }) => type === "auth0:index/client:Client")
      .map((client) => outputOf(client, "clientId"));
    const elsewhere = (namespace: unknown) =>
      typeof namespace === "string" && ![table.namespace, rootNamespace].includes(namespace);
    const policies = allowPolicies(resources).filter(
      ({ namespace, rules }) => rules.length > 0 && !elsewhere(namespace),
    );
    return [
      ...policies.flatMap((policy) => judgePolicy(policy, table, clients)),
      ...Object.keys(table.services).flatMap((service) => missing(service, table, policies)),
    ];
  },
});

/** A row of the table, and the policy whose rules are compared with it. */
interface Comparison {
  readonly policy: AuthorizationPolicy;
  readonly table: Table;
  readonly row: Row;
  /** The ids of the stack's own clients, as far as they are known. */
  readonly clients: readonly unknown[];
}

/** None if it applies to a waypoint or a gateway: no sidecar reads it then. */
const serviceOf = ({ labels, target }: AuthorizationPolicy) =>
  target === undefined ? at(labels, "app") : undefined;

function judgePolicy(
  policy: AuthorizationPolicy,
  table: Table,
  clients: readonly unknown[],
): Finding[] {
  const { resource, action, labels, target, rules } = policy;
  const rows = rowsOf(table, serviceOf(policy));
  const unclear =
    action === "ALLOW" ? [] : [partFinding(resource, "spec.action", action, '"ALLOW"')];
  if (target !== undefined)
    return [...unclear, partFinding(resource, "spec.targetRefs", target, "spec.selector instead")];
  if (rows === undefined) {
    const write = `app: ${Object.keys(table.services).join(", ")}, the services of the access table`;
    return [...unclear, partFinding(resource, "spec.selector.matchLabels", labels, write)];
  }
  return [
    ...unclear,
    ...rules.flatMap((rule) => {
      const judged = rows.filter((row) => operationsOf(rule).some((one) => isAbout(row, one)));
      return [
        ...judgeOperations(policy, rows, rule),
        ...judged.flatMap((row) => judgeRule({ policy, table, row, clients }, rule)),
      ];
    }),
  ];
}

function judgeRule(comparison: Comparison, rule: AuthorizationRule): Finding[] {
  const { policy, row } = comparison;
  const sources =
    rule.sources.length > 0
      ? rule.sources.flatMap((source) => judgeSource(comparison, source))
      : [partFinding(policy.resource, `${rule.where}.from`, undefined, callersOf(row))];
  return [...sources, ...judgePermission(comparison, rule), ...judgePresenters(comparison, rule)];
}

/** What a rule admits and no row is about. */
function judgeOperations(
  { resource }: AuthorizationPolicy,
  rows: readonly Row[],
  { where, operations }: AuthorizationRule,
): Finding[] {
  if (rows.some(({ methods, paths }) => methods === undefined && paths === undefined)) return [];
  const write = rows.map(inWords).join("; or ");
  if (operations.length === 0) return [partFinding(resource, `${where}.to`, undefined, write)];
  return operations
    .filter((each) => !operationsIn(each).every((one) => rows.some((row) => isAbout(row, one))))
    .map((each) => partFinding(resource, each.where, each.fields, write));
}

const inWords = ({ methods, paths }: Row) =>
  [
    ...(methods === undefined ? [] : [`methods: ${show(methods)}`]),
    ...(paths === undefined ? [] : [`paths: ${show(paths)}`]),
  ].join(", ");

const callersOf = ({ callers }: Row) => `serviceAccounts: ${show(callers)}`;

/** Whom it admits: some of the row's callers, with a token if the row asks for one. */
function judgeSource({ policy, table, row }: Comparison, source: Part): Finding[] {
  const { resource } = policy;
  const callers = accountsOf(source, policy);
  const strangers = callers.filter((caller) => !row.callers.some((known) => known === caller));
  const who =
    callers.length === 0
      ? [partFinding(resource, `${source.where}.serviceAccounts`, undefined, callersOf(row))]
      : strangers.map((caller) =>
          partFinding(resource, `${source.where}.serviceAccounts`, caller, callersOf(row)),
        );
  if (row.requires === "public") return who;
  const principals = entries(at(source.fields, "requestPrincipals"));
  const foreign = principals.filter((one) => issuerOf(one, table.issuers) === undefined);
  const expected = table.issuers.map(({ issuer }) => show(principalsOf(issuer))).join(" or ");
  const where = `${source.where}.requestPrincipals`;
  return [
    ...who,
    ...(principals.length === 0 ? [partFinding(resource, where, undefined, expected)] : []),
    ...foreign.map((one) => partFinding(resource, where, one, expected)),
  ];
}

/** Service accounts as namespace/name, in each of the forms in which a source can name them. */
function accountsOf({ fields }: Part, { namespace }: AuthorizationPolicy): unknown[] {
  const accounts = entries(at(fields, "serviceAccounts")).map((account) =>
    typeof account === "string" && !account.includes("/")
      ? `${String(namespace)}/${account}`
      : account,
  );
  const principals = entries(at(fields, "principals")).map((principal) => {
    const parts = /^cluster\.local\/ns\/([^/*]+)\/sa\/([^/*]+)$/.exec(String(principal));
    return parts === null ? principal : `${parts[1] ?? ""}/${parts[2] ?? ""}`;
  });
  return [...accounts, ...principals];
}

/** The issuer of these principals, or of some of them. */
function issuerOf(principal: unknown, issuers: readonly Issuer[]): Issuer | undefined {
  if (typeof principal !== "string") return undefined;
  const issuer = principal.slice(0, principal.lastIndexOf("/"));
  return issuers.find((known) => known.issuer === issuer);
}

/**
 * The token has to have the row's permission, in the claim in which its issuer's tokens have permissions: this one, and
 * no other.
 */
function judgePermission(comparison: Comparison, rule: AuthorizationRule): Finding[] {
  const { table, row } = comparison;
  const permission = ["public", "signedIn"].includes(row.requires) ? undefined : row.requires;
  const keys = [...new Set(table.issuers.map(permissionsKey))];
  const conditions = rule.conditions.filter(({ fields }) =>
    keys.some((key) => key === at(fields, "key")),
  );
  if (permission === undefined)
    return conditions.map(({ where, fields }) =>
      partFinding(comparison.policy.resource, where, fields, "no condition on permissions"),
    );
  return [
    ...unasked(comparison, rule, permission),
    ...conditions.flatMap((condition) => judgeCondition(comparison, condition, permission)),
  ];
}

/** The claims that a rule has to compare and does not: those of each issuer whose tokens it admits. */
function unasked(
  { policy, table }: Comparison,
  { where, sources, conditions }: AuthorizationRule,
  permission: string,
): Finding[] {
  const admitted = sources
    .flatMap(({ fields }) => entries(at(fields, "requestPrincipals")))
    .map((principal) => issuerOf(principal, table.issuers));
  const issuers = (admitted.length > 0 ? admitted : table.issuers).filter(
    (one) => one !== undefined,
  );
  return [...new Set(issuers.map(permissionsKey))]
    .filter((key) => !conditions.some(({ fields }) => at(fields, "key") === key))
    .map((key) =>
      partFinding(policy.resource, `${where}.when`, undefined, show({ key, values: [permission] })),
    );
}

/** Each condition on permissions narrows: one on another permission refuses callers who have the row's. */
function judgeCondition(
  { policy }: Comparison,
  { where, fields }: Part,
  permission: string,
): Finding[] {
  const values = entries(at(fields, "values"));
  const isAsked = values.length > 0 && values.every((value) => value === permission);
  const excluded = at(fields, "notValues");
  const found = (list: string, value: unknown, write: string) =>
    partFinding(policy.resource, `${where}.${list}`, value, write);
  return [
    ...(isAsked ? [] : [found("values", at(fields, "values"), show([permission]))]),
    ...(entries(excluded).length === 0 || !isAsked
      ? []
      : [found("notValues", excluded, "nothing")]),
  ];
}

const presenter = "request.auth.presenter";

/** If only listed clients' tokens are accepted, each rule compares the client (`azp`), and names these clients only. */
function judgePresenters(
  { policy, table, row, clients }: Comparison,
  { where, sources, conditions }: AuthorizationRule,
): Finding[] {
  if (row.requires === "public") return [];
  const { resource } = policy;
  const admitted = sources
    .flatMap(({ fields }) => entries(at(fields, "requestPrincipals")))
    .flatMap((principal) => issuerOf(principal, table.issuers) ?? []);
  const listing = [...new Set(admitted)].filter((issuer) => issuer.clients !== "any");
  const asked = conditions.filter(({ fields }) => at(fields, "key") === presenter);
  const isKnown = (client: unknown) =>
    listing.every(({ clients: listed }) =>
      Array.isArray(listed)
        ? listed.some((one) => one === client)
        : // What is not known before the update is made by the tenant: a client of the stack.
          client === unknown || (typeof client === "string" && clients.includes(client)),
    );
  if (listing.length === 0) return [];
  const write = `${presenter} with the ids of the clients whose tokens count`;
  if (!asked.some(({ fields }) => entries(at(fields, "values")).length > 0))
    return [partFinding(resource, `${where}.when`, undefined, write)];
  return asked.flatMap((condition) =>
    entries(at(condition.fields, "values"))
      .filter((client) => !isKnown(client))
      .map((client) => partFinding(resource, `${condition.where}.values`, client, write)),
  );
}

/** What the table admits and no rule does: clients that rely on it would be refused. */
function missing(
  service: string,
  table: Table,
  policies: readonly AuthorizationPolicy[],
): Finding[] {
  const own = policies.filter((policy) => serviceOf(policy) === service);
  const [resource] = own.map((policy) => policy.resource);
  const title = resource === undefined ? `AuthorizationPolicy of ${service}` : titleOf(resource);
  const rules = own.flatMap((policy) => policy.rules.map((rule) => ({ policy, rule })));
  return (rowsOf(table, service) ?? []).flatMap((row) =>
    everyPair(row.methods ?? [], row.paths ?? []).flatMap((asked) => {
      const about = rules.filter(({ rule }) => admits(rule, asked) && isOfTokens(rule, table));
      return row.callers.flatMap((caller) => {
        const sources = about.flatMap(({ policy, rule }) =>
          rule.sources.filter((source) => accountsOf(source, policy).includes(caller)),
        );
        return lacking(row, sources, table.issuers).map((token) => ({
          ...(resource !== undefined && { resource }),
          found: `no rule of ${title} admits ${caller}${token}${forOperation(asked)}, as the access table does`,
          write: `it into the serviceAccounts of a rule${token}${forOperation(asked)}, or take it out of the table`,
        }));
      });
    }),
  );
}

/** Whether only what the token holds narrows a rule, and whose it is: other conditions refuse what the table admits. */
function isOfTokens({ conditions }: AuthorizationRule, { issuers }: Table): boolean {
  const keys = [presenter, ...issuers.map(permissionsKey)];
  return conditions.every(({ fields }) => keys.some((key) => key === at(fields, "key")));
}

const forOperation = ({ method, path }: Operation) =>
  method === undefined && path === undefined
    ? ""
    : ` for ${textOf(method, "any method")} ${textOf(path, "any path")}`;

const textOf = (value: unknown, none: string) => (typeof value === "string" ? value : none);

/** The tokens, in words, with which the row admits a caller, and none of its sources does. */
function lacking({ requires }: Row, sources: readonly Part[], issuers: readonly Issuer[]) {
  if (sources.length === 0) return [""];
  const principals = sources.map(({ fields }) => entries(at(fields, "requestPrincipals")));
  if (requires === "public")
    return principals.some((some) => some.length === 0) ? [] : [" without a token"];
  return issuers
    .filter(({ issuer }) => !principals.some((some) => some.includes(principalsOf(issuer))))
    .map(({ issuer }) => ` with a token of ${show(issuer)}`);
}
