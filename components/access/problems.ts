/** What is wrong with a table. The compiler sees some of it; a table may also be read from elsewhere. */
import type { Application } from "../application";
import { type Operation, problemOfName, sharedPath } from "./operations";
import { gateway, type OperationAccess, type Row, rowsOf } from "./rows";

/** As much of an application as the table is. */
export type Table = Pick<Application, "name" | "permissions" | "roles" | "services">;

/** Every mistake of a table, a line each: where it is, what was found, and what was expected. */
export function tableProblems(table: Table): readonly string[] {
  return [
    ...Object.entries(table.roles).flatMap(([role, { permissions }]) =>
      permissions
        .filter((permission) => !Object.hasOwn(table.permissions, permission))
        .map((permission) => unknownPermission(table, `roles.${role}.permissions`, permission)),
    ),
    ...Object.keys(table.services).flatMap((service) => problemsOf(table, service)),
  ];
}

/** What is said of a table that has problems; undefined where it has none. */
export function tableComplaint(table: Table): string | undefined {
  const problems = tableProblems(table);
  if (problems.length === 0) return undefined;
  return [
    `The table of ${table.name} (application.ts) is wrong:`,
    ...problems.map((one) => `  ${one}`),
  ].join("\n");
}

const oneOf = (names: readonly string[]) =>
  names.length === 0 ? "none: there are none" : `one of ${names.join(", ")}`;

const unknownPermission = ({ permissions }: Table, where: string, found: string) =>
  `${where}: found ${JSON.stringify(found)}, expected ${oneOf(Object.keys(permissions))} (permissions)`;

function problemsOf(table: Table, service: string): readonly string[] {
  const access = table.services[service];
  if (access === undefined) return [];
  const where = `services.${service}`;
  const { operations } = access;
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
  const none = names.length === 0 ? [`${where}.operations: found none, expected at least one`] : [];
  return [
    ...own,
    ...none,
    ...form,
    ...Object.entries(operations).flatMap(([name, operation]) =>
      operationProblems(table, `${where}.operations[${JSON.stringify(name)}]`, operation),
    ),
    ...(form.length > 0 ? [] : overlapProblems(where, rowsOf(access))),
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
    ...callerProblems(table, `${where}.callers`, access.callers ?? []),
  ];
}

function requirementProblems(table: Table, where: string, requires: string): readonly string[] {
  if (["public", "signedIn"].includes(requires)) return [];
  return Object.hasOwn(table.permissions, requires)
    ? []
    : [
        `${where}: found ${JSON.stringify(requires)}, expected ${oneOf(["public", "signedIn", ...Object.keys(table.permissions)])}`,
      ];
}

function callerProblems(
  { services }: Table,
  where: string,
  callers: readonly string[],
): readonly string[] {
  const known = [...new Set([gateway, ...Object.keys(services)])];
  return callers
    .filter((caller) => !known.includes(caller))
    .map((caller) => `${where}: found ${JSON.stringify(caller)}, expected ${oneOf(known)}`);
}

/** Istio admits what one rule admits: of two operations that a request can be for, the one that asks for less decides. */
function overlapProblems(where: string, rows: readonly Row[]): readonly string[] {
  return rows.flatMap((row, position) =>
    rows.slice(position + 1).flatMap((other) => {
      if (row.operation === undefined || other.operation === undefined) return [];
      const [one, two] = [row.operation, other.operation];
      const shared = sharedPath(one, two);
      if (shared === undefined) return [];
      const isSame =
        [row.requires, ...row.callers].join() === [other.requires, ...other.callers].join();
      if (isSame && nameOf(one) !== nameOf(two)) return [];
      return [
        `${where}.operations: found ${nameOf(one)} and ${nameOf(two)}, which both match ${one.method} ${shared}, expected one of them, or the same requirement and callers for both`,
      ];
    }),
  );
}

const nameOf = ({ method, path }: Operation) => `${method} ${path}`;
