/** What is wrong with a table. The compiler sees some of it; a table may also be read from elsewhere. */
import { type Application, serviceAt } from "../application";
import { type Operation, problemOfName, samplePath, sharedPath } from "./operations";
import { gateway, type OperationAccess, type Row, rowsFor, rowsOf } from "./rows";

/** As much of an application as the table is. */
export type Table = Pick<Application, "name" | "permissions" | "requests" | "roles" | "services">;

/** Every mistake of a table, a line each: where it is, what was found, and what was expected. */
export function tableProblems(table: Table): readonly string[] {
  const { permissions, roles, services } = table;
  const asked = Object.values(services).flatMap((access) =>
    rowsOf(access).map(({ requires }) => requires),
  );
  return [
    ...Object.keys(permissions).flatMap((permission) =>
      reserved.includes(permission)
        ? [`permissions: found ${JSON.stringify(permission)}, which is a requirement of its own`]
        : asked.includes(permission)
          ? []
          : [`permissions: found ${JSON.stringify(permission)}, which no service asks for`],
    ),
    ...Object.entries(roles).flatMap(([role, held]) =>
      held.permissions
        .filter((permission) => !Object.hasOwn(permissions, permission))
        .map((permission) => unknownPermission(table, `roles.${role}.permissions`, permission)),
    ),
    ...Object.keys(services).flatMap((service) => problemsOf(table, service)),
    ...requestProblems(table),
  ];
}

/** The requirements that are not permissions. */
const reserved = ["public", "signedIn"];

/** What is said of a table that has problems; undefined where it has none. */
export function tableComplaint(table: Table): string | undefined {
  const problems = tableProblems(table);
  if (problems.length === 0) return undefined;
  return [
    `The table of ${table.name} (application.ts) is wrong:`,
    ...problems.map((one) => `  ${one}`),
  ].join("\n");
}

const oneOf = (names: readonly string[]) => `one of ${names.join(", ")}`;

function unknownPermission({ permissions }: Table, where: string, found: string): string {
  const known = Object.keys(permissions);
  const expected =
    known.length === 0 ? "but the table has no permissions" : `expected ${oneOf(known)}`;
  return `${where}: found ${JSON.stringify(found)}, ${expected}`;
}

function problemsOf(table: Table, service: string): readonly string[] {
  const access = table.services[service];
  if (access === undefined) return [];
  const where = `services.${service}`;
  const { operations } = access;
  // The compiler lets no table have both.
  const { requires }: { readonly requires?: unknown } = access;
  const own = [
    ...(service === gateway
      ? [`${where}: found a service with the name of the ingress gateway`]
      : []),
    ...callerProblems(table, `${where}.callers`, access.callers),
  ];
  if (operations === undefined)
    return [...own, ...requirementProblems(table, `${where}.requires`, access.requires)];
  const names = Object.keys(operations);
  const form = names.flatMap((name) => {
    const problem = problemOfName(name);
    return problem === undefined
      ? []
      : [`${where}.operations[${JSON.stringify(name)}]: ${problem}`];
  });
  return [
    ...own,
    ...(requires === undefined
      ? []
      : [`${where}: found requires and operations, expected one of them`]),
    ...(names.length === 0 ? [`${where}.operations: found none, expected at least one`] : []),
    ...form,
    ...Object.entries(operations).flatMap(([name, operation]) =>
      operationProblems(table, `${where}.operations[${JSON.stringify(name)}]`, operation),
    ),
    ...(form.length > 0 || names.length === 0
      ? []
      : [
          ...overlapProblems(where, rowsOf(access)),
          ...pathProblems(where, access),
          ...routeProblems(table, service),
        ]),
  ];
}

function operationProblems(
  table: Table,
  where: string,
  access: string | OperationAccess,
): readonly string[] {
  if (typeof access === "string") return requirementProblems(table, where, access);
  return [
    ...requirementProblems(table, `${where}.requires`, access.requires),
    ...(access.callers === undefined
      ? []
      : callerProblems(table, `${where}.callers`, access.callers)),
  ];
}

function requirementProblems(
  { permissions }: Table,
  where: string,
  requires: string,
): readonly string[] {
  const known = [...reserved, ...Object.keys(permissions)];
  return known.includes(requires)
    ? []
    : [`${where}: found ${JSON.stringify(requires)}, expected ${oneOf(known)}`];
}

/** Without callers Istio would admit each: an empty list is no condition. */
function callerProblems(
  { services }: Table,
  where: string,
  callers: readonly string[],
): readonly string[] {
  const known = [...new Set([gateway, ...Object.keys(services)])];
  if (callers.length === 0) return [`${where}: found none, expected ${oneOf(known)}`];
  return callers
    .filter((caller) => !known.includes(caller))
    .map((caller) => `${where}: found ${JSON.stringify(caller)}, expected ${oneOf(known)}`);
}

/**
 * Istio admits what one rule admits: of two operations that a request can be for, the one that asks for less decides.
 * Many services read `/files/` as `/files`, so `/files/{rest...}` counts for both.
 */
function overlapProblems(where: string, rows: readonly Row[]): readonly string[] {
  return rows.flatMap((row, position) =>
    rows.slice(position + 1).flatMap((other) => {
      if (row.operation === undefined || other.operation === undefined) return [];
      const [one, two] = [row.operation, other.operation];
      const shared =
        sharedPath(one, two) ??
        sharedPath(withoutRest(one), two) ??
        sharedPath(one, withoutRest(two));
      if (shared === undefined || (asksFor(row) === asksFor(other) && nameOf(one) !== nameOf(two)))
        return [];
      return [
        `${where}.operations: found ${nameOf(one)} and ${nameOf(two)}, which both match ${one.method} ${shared}, expected one of them, or the same requirement and callers for both`,
      ];
    }),
  );
}

const asksFor = ({ requires, callers }: Row) => JSON.stringify([requires, [...callers].sort()]);

const withoutRest = ({ method, path }: Operation): Operation => ({
  method,
  path: path.replace(/\/\{[^{}]+\.\.\.\}$/, ""),
});

const nameOf = ({ method, path }: Operation) => `${method} ${path}`;

/** The usual request to a service, which also shows that it answers at all. */
function pathProblems(where: string, access: Table["services"][string]): readonly string[] {
  const { path } = access;
  return rowsFor(access, { method: "GET", path }).length > 0
    ? []
    : [
        `${where}.path: found ${JSON.stringify(path)}, expected a path of one of its GET operations`,
      ];
}

/** Of several services with a route for a path, the first gets the request. */
function routeProblems(table: Table, service: string): readonly string[] {
  const access = table.services[service];
  if (access === undefined) return [];
  return rowsOf(access).flatMap(({ operation, callers }) => {
    if (operation === undefined || !callers.includes(gateway)) return [];
    const reached = serviceAt(table, samplePath(operation));
    if (reached === service) return [];
    const found = reached === undefined ? "no route" : `a route of ${reached}, which comes first,`;
    return [
      `services.${service}.operations[${JSON.stringify(nameOf(operation))}]: found ${found} for its path at the gateway, expected one that leads to ${service}`,
    ];
  });
}

/** What verification asks the gateway for. */
function requestProblems({ requests, services }: Table): readonly string[] {
  return requests.flatMap(({ name, path, through }) => {
    const where = `requests[${JSON.stringify(name)}]`;
    const unknown = through.filter((service) => !Object.hasOwn(services, service));
    if (unknown.length > 0)
      return unknown.map(
        (service) =>
          `${where}.through: found ${JSON.stringify(service)}, expected ${oneOf(Object.keys(services))}`,
      );
    const access = services[through[0]];
    if (access === undefined || rowsFor(access, { method: "GET", path }).length > 0) return [];
    return [
      `${where}.path: found ${JSON.stringify(path)}, expected a path of one of the GET operations of ${through[0]}`,
    ];
  });
}
