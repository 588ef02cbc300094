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
import { at, entries, isFields, show } from "../reading";
import { unknown } from "../resource";
import { type Finding, stackRule } from "../rule";
import { rootNamespace } from "../settings";
import {
  alternativesOf,
  type Issuer,
  labelsOf,
  permissionsKey,
  principalsOf,
  type Row,
  rowsOf,
  servicesOf,
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

/** None if it applies to a waypoint or a gateway: no sidecar reads it then. Labels of several services are of none. */
function serviceFor(table: Table, { labels, target }: AuthorizationPolicy): string | undefined {
  const [service, ...others] = target === undefined ? servicesOf(table, labels) : [];
  return others.length === 0 ? service : undefined;
}

function judgePolicy(
  policy: AuthorizationPolicy,
  table: Table,
  clients: readonly unknown[],
): Finding[] {
  const { resource, action, labels, target, rules } = policy;
  const service = serviceFor(table, policy);
  const rows = rowsOf(table, service);
  const unclear =
    action === "ALLOW" ? [] : [partFinding(resource, "spec.action", action, '"ALLOW"')];
  if (target !== undefined)
    return [...unclear, partFinding(resource, "spec.targetRefs", target, "spec.selector instead")];
  if (rows === undefined) {
    const write = labelsInTable(table);
    return [...unclear, partFinding(resource, "spec.selector.matchLabels", labels, write)];
  }
  const isOfConnections = service !== undefined && table.protocols?.[service] === "tcp";
  return [
    ...unclear,
    ...rules.flatMap((rule) => {
      const judged = rows.filter((row) => operationsOf(rule).some((one) => isAbout(row, one)));
      return [
        ...judgeOperations(policy, rows, rule, isOfConnections),
        ...judged.flatMap((row) => judgeRule({ policy, table, row, clients }, rule)),
      ];
    }),
  ];
}

function labelsInTable(table: Table): string {
  const services = Object.keys(table.services);
  const labels =
    table.labels === undefined
      ? `app: ${services.join(", ")}`
      : services.map((service) => show(labelsOf(table, service))).join(" or ");
  return `${labels}, the services of the access table`;
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
  isOfConnections: boolean,
): Finding[] {
  // Istio leaves a rule about requests out where it takes the port for TCP.
  if (isOfConnections && operations.length > 0)
    return [
      partFinding(
        resource,
        `${where}.to`,
        operations.map(({ fields }) => fields),
        "nothing",
      ),
    ];
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
 * The token has to have the row's permissions, in the claim in which its issuer's tokens have permissions: these, and no
 * others.
 */
function judgePermission(comparison: Comparison, rule: AuthorizationRule): Finding[] {
  const { policy, table, row } = comparison;
  const alternatives = alternativesOf(row);
  const keys = [...new Set(table.issuers.map(permissionsKey))];
  if (alternatives.length === 0)
    return keys
      .flatMap((key) => conditionsOn(rule, key))
      .map(({ where, fields }) =>
        partFinding(policy.resource, where, fields, "no condition on permissions"),
      );
  return [
    ...unasked(comparison, rule, alternatives),
    ...keys.flatMap((key) =>
      judgeConditions(comparison, rule, conditionsOn(rule, key), alternatives),
    ),
  ];
}

const conditionsOn = ({ conditions }: AuthorizationRule, key: string) =>
  conditions.filter(({ fields }) => at(fields, "key") === key);

/** `["read:orders"]`, `["read:orders"] and ["write:orders"]`, or several of these. */
const together = (all: readonly unknown[]) => all.map((each) => show([each])).join(" and ");
const inTurn = (alternatives: readonly (readonly unknown[])[]) =>
  alternatives.map(together).join(", or ");

/** The claims that a rule has to compare and does not: those of each issuer whose tokens it admits. */
function unasked(
  { policy, table }: Comparison,
  rule: AuthorizationRule,
  [values = []]: readonly (readonly string[])[],
): Finding[] {
  const admitted = rule.sources
    .flatMap(({ fields }) => entries(at(fields, "requestPrincipals")))
    .map((principal) => issuerOf(principal, table.issuers));
  const issuers = (admitted.length > 0 ? admitted : table.issuers).filter(
    (one) => one !== undefined,
  );
  return [...new Set(issuers.map(permissionsKey))]
    .filter((key) => conditionsOn(rule, key).length === 0)
    .map((key) =>
      partFinding(policy.resource, `${rule.where}.when`, undefined, show({ key, values })),
    );
}

/** What a token may hold to meet all conditions: one value of each. */
const choicesOf = (conditions: readonly Part[]): readonly (readonly unknown[])[] =>
  conditions.reduce<readonly (readonly unknown[])[]>(
    (chosen, { fields }) =>
      chosen.flatMap((some) => entries(at(fields, "values")).map((value) => [...some, value])),
    [[]],
  );

const isSame = (some: readonly unknown[], others: readonly unknown[]) =>
  some.every((each) => others.includes(each)) && others.every((each) => some.includes(each));

/** Conditions narrow: those on other permissions refuse callers who have the row's. */
function judgeConditions(
  { policy }: Comparison,
  rule: AuthorizationRule,
  conditions: readonly Part[],
  alternatives: readonly (readonly string[])[],
): Finding[] {
  const write = inTurn(alternatives);
  const named: readonly unknown[] = alternatives.flat();
  const found = (condition: Part, list: string, expected: string) =>
    partFinding(
      policy.resource,
      `${condition.where}.${list}`,
      at(condition.fields, list),
      expected,
    );
  const valuesOf = ({ fields }: Part) => entries(at(fields, "values"));
  const others = conditions.filter((condition) => {
    const values = valuesOf(condition);
    return values.length === 0 || !values.every((value) => named.includes(value));
  });
  if (others.length > 0) return others.map((condition) => found(condition, "values", write));
  const isAsked = choicesOf(conditions).every((choice) =>
    alternatives.some((alternative) => isSame(choice, alternative)),
  );
  if (conditions.length > 0 && !isAsked)
    return [partFinding(policy.resource, `${rule.where}.when`, conditions.map(valuesOf), write)];
  return conditions
    .filter(({ fields }) => entries(at(fields, "notValues")).length > 0)
    .map((condition) => found(condition, "notValues", "nothing"));
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
  const own = policies.filter((policy) => serviceFor(table, policy) === service);
  const [resource] = own.map((policy) => policy.resource);
  const title = resource === undefined ? `AuthorizationPolicy of ${service}` : titleOf(resource);
  const rules = own.flatMap((policy) => policy.rules.map((rule) => ({ policy, rule })));
  return (rowsOf(table, service) ?? []).flatMap((row) =>
    everyPair(row.methods ?? [], row.paths ?? []).flatMap((asked) => {
      const about = rules.filter(({ rule }) => admits(rule, asked) && isOfTokens(rule, table));
      return row.callers.flatMap((caller) =>
        enoughFor(row).flatMap(({ isMet, words }) => {
          const sources = about
            .filter(({ rule }) => isMet(rule, table))
            .flatMap(({ policy, rule }) =>
              rule.sources.filter(
                (source) => accountsOf(source, policy).includes(caller) && isOnlyOfCallers(source),
              ),
            );
          return lacking(row, sources, table.issuers).map((token) => ({
            ...(resource !== undefined && { resource }),
            found: `no rule of ${title} admits ${caller}${token}${words}${forOperation(asked)}, as the access table does`,
            write: `it into the serviceAccounts of a rule${token}${words}${forOperation(asked)}, or take it out of the table`,
          }));
        }),
      );
    }),
  );
}

/** Whether nothing but who calls, and with whose token, narrows a source. */
const isOnlyOfCallers = ({ fields }: Part) =>
  isFields(fields) &&
  Object.entries(fields).every(
    ([list, values]) =>
      ["serviceAccounts", "principals", "requestPrincipals"].includes(list) ||
      entries(values).length === 0,
  );

/** Each alternative of a row needs a rule. Where there is one only, what rules ask for instead is told of by itself. */
function enoughFor(row: Row) {
  const alternatives = alternativesOf(row);
  if (alternatives.length < 2) return [{ isMet: () => true, words: "" }];
  return alternatives.map((permissions) => ({
    isMet: (rule: AuthorizationRule, { issuers }: Table) =>
      [...new Set(issuers.map(permissionsKey))]
        .flatMap((key) => choicesOf(conditionsOn(rule, key)))
        .some((choice) => isSame(choice, permissions)),
    words: ` with ${together(permissions)}`,
  }));
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
