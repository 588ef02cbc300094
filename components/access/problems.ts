/** What is wrong with a table. The compiler sees some of it; a table may also be read from elsewhere. */
import {
  type Application,
  type ApplicationService,
  type GatewayRequest,
  hasLabels,
  podLabels,
  serviceAt,
} from "../application";
import {
  problemOfGrpcMethod,
  problemOfName,
  samplePath,
  sharedPath,
  withoutRest,
} from "./operations";
import { askedProblems, asksProblems, proofProblems, refusalProblems } from "./proof-problems";
import { proofOf } from "./proof";
import { isListOfNames, isWellFormed, shapeProblems } from "./shape";
import { permissionsIn, type Requirement, reservedRequirements } from "./requirement";
import { asksFor, gateway, isRequirement, type Row, rowsOf, type ServiceAccess } from "./rows";

/** Every mistake of a table, a line each: where it is, what was found, and what was expected. */
export function tableProblems(table: Application): readonly string[] {
  const { lines: misshaped, isReadable } = shapeProblems(table);
  if (!isReadable) return misshaped;
  const { permissions, roles, services } = table;
  return [
    ...misshaped,
    ...Object.keys(permissions).flatMap((permission) => permissionProblems(table, permission)),
    ...Object.entries(roles).flatMap(([role, held]) =>
      held.permissions
        .filter((permission) => !Object.hasOwn(permissions, permission))
        .map((permission) => unknownPermission(table, `roles.${role}.permissions`, permission)),
    ),
    ...Object.keys(services).flatMap((service) => problemsOf(table, service)),
    ...requestProblems(table),
  ];
}

/** A scope of RFC 6749, 3.3; to Istio a `*` would be a pattern, and to Envoy a `%` the beginning of a command. */
const permissionForm = /^[!#$&-)+-[\]-~]+$/;

function permissionProblems(table: Application, permission: string): readonly string[] {
  const found = `permissions: found ${JSON.stringify(permission)}`;
  if (reservedRequirements.includes(permission))
    return [`${found}, which is a requirement of its own`];
  if (!permissionForm.test(permission))
    return [`${found}, expected a scope without *, %, quotes and blanks`];
  return isAskedFor(table, permission) ? [] : [`${found}, which no service asks for`];
}

/** Requirements of another form are told of by themselves. */
const isAskedFor = ({ services }: Application, permission: string) =>
  Object.values(services)
    .flatMap(rowsOf)
    .some(({ requires }) => isWellFormed(requires) && permissionsIn(requires).includes(permission));

/** What is said of a table that has problems; undefined where it has none. */
export function tableComplaint(table: Application): string | undefined {
  const problems = tableProblems(table);
  if (problems.length === 0) return undefined;
  return [
    `The table of ${table.name} (application.ts) is wrong:`,
    ...problems.map((one) => `  ${one}`),
  ].join("\n");
}

const oneOf = (names: readonly string[]) => `one of ${names.join(", ")}`;

function unknownPermission({ permissions }: Application, where: string, found: string): string {
  const known = Object.keys(permissions);
  const expected =
    known.length === 0 ? "but the table has no permissions" : `expected ${oneOf(known)}`;
  return `${where}: found ${JSON.stringify(found)}, ${expected}`;
}

function problemsOf(table: Application, service: string): readonly string[] {
  const access = table.services[service];
  if (access === undefined) return [];
  const where = `services.${service}`;
  const { protocol }: { readonly protocol?: unknown } = access;
  if (protocol !== undefined && !protocols.some((known) => known === protocol))
    return [`${where}.protocol: found ${JSON.stringify(protocol)}, expected ${oneOf(protocols)}`];
  return [
    ...(service === gateway
      ? [`${where}: found a service with the name of the ingress gateway`]
      : []),
    ...callerProblems(table, `${where}.callers`, access.callers, access),
    ...labelProblems(table, service),
    ...(access.protocol === "tcp"
      ? connectionProblems(where, access)
      : [...proofProblems(where, access, access), ...accessProblems(table, service, access)]),
  ];
}

/** A label of Kubernetes: its name may have a domain before it. */
const labelName = /^([a-z0-9]([-.a-z0-9]*[a-z0-9])?\/)?[A-Za-z0-9]([-.\w]{0,61}[A-Za-z0-9])?$/;
const labelValue = /^[A-Za-z0-9]([-.\w]{0,61}[A-Za-z0-9])?$/;

/** Labels select the pods that a service's policies are for: another service's pods must not have all of them. */
function labelProblems(table: Application, service: string): readonly string[] {
  const where = `services.${service}.labels`;
  const own = podLabels(table, service);
  const entries = Object.entries(own);
  if (entries.length === 0) return [`${where}: found none, expected those of its pods`];
  const malformed = entries.find(
    ([name, value]) => !labelName.test(name) || !labelValue.test(value),
  );
  if (malformed !== undefined)
    return [`${where}: found ${malformed.join(": ")}, expected labels as Kubernetes has them`];
  return Object.keys(table.services)
    .filter((other) => other !== service && hasLabels(podLabels(table, other), own))
    .map((other) => `${where}: found labels that the pods of ${other} have too`);
}

/** Default: http. */
const protocols = ["http", "grpc", "tcp"];

/** A connection carries no token and no request: Istio ignores rules about either where it takes a port for TCP. */
function connectionProblems(
  where: string,
  access: Partial<Record<"greeting" | (typeof ofRequests)[number], unknown>>,
): readonly string[] {
  const found = ofRequests
    .filter((field) => access[field] !== undefined)
    .map(
      (field) =>
        `${where}.${field}: found one, expected none with the protocol tcp, whose callers are known by their identity alone`,
    );
  return access.greeting === undefined
    ? [...found, `${where}.greeting: found nothing, expected what a client sends first`]
    : found;
}

const ofRequests = [
  "requires",
  "operations",
  "document",
  "path",
  "proof",
  "onRefusal",
  "cors",
  "routes",
  "limits",
] as const;

function accessProblems(
  table: Application,
  service: string,
  access: Application["services"][string],
): readonly string[] {
  const where = `services.${service}`;
  // The compiler lets no table have both.
  const { requires, operations }: { requires?: unknown; operations?: Record<string, unknown> } =
    access;
  if (operations === undefined) return requirementProblems(table, `${where}.requires`, requires);
  const names = Object.keys(operations);
  const problemOf = access.protocol === "grpc" ? problemOfGrpcMethod : problemOfName;
  const form = names.flatMap((name) => {
    const problem = problemOf(name);
    return problem === undefined
      ? []
      : [`${where}.operations[${JSON.stringify(name)}]: ${problem}`];
  });
  const ofOperations = Object.entries(operations).flatMap(([name, operation]) =>
    operationProblems(table, `${where}.operations[${JSON.stringify(name)}]`, operation, access),
  );
  return [
    ...(requires === undefined
      ? []
      : [`${where}: found requires and operations, expected one of them`]),
    ...(names.length === 0 ? [`${where}.operations: found none, expected at least one`] : []),
    ...form,
    ...ofOperations,
    ...(form.length > 0 || ofOperations.length > 0 || names.length === 0
      ? []
      : [
          ...overlapProblems(where, rowsOf(access)),
          ...askedProblems(where, access, access),
          ...routeProblems(table, service),
        ]),
  ];
}

function operationProblems(
  table: Application,
  where: string,
  operation: unknown,
  access: ServiceAccess,
): readonly string[] {
  if (!isFields(operation) || isRequirement(operation as never))
    return requirementProblems(table, where, operation);
  const { requires, callers, streams, ...others } = operation;
  if (callers !== undefined && !isListOfNames(callers))
    return [`${where}.callers: found ${JSON.stringify(callers)}, expected a list of callers`];
  return [
    ...Object.keys(others).map(
      (key) => `${where}.${key}: found an unknown key, expected requires, callers or streams`,
    ),
    ...(streams === undefined || streams === true
      ? []
      : [`${where}.streams: found ${JSON.stringify(streams)}, expected true, or none`]),
    ...requirementProblems(table, `${where}.requires`, requires),
    ...(callers === undefined ? [] : callerProblems(table, `${where}.callers`, callers, access)),
  ];
}

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

const namesIn = (requires: Requirement): readonly string[] => {
  if (typeof requires === "string") return [requires];
  return "anyOf" in requires ? requires.anyOf.flatMap(namesIn) : requires.allOf;
};

function requirementProblems(
  table: Application,
  where: string,
  requires: unknown,
): readonly string[] {
  const permissions = Object.keys(table.permissions);
  const known = [...reservedRequirements, ...permissions];
  if (!isWellFormed(requires))
    return [
      `${where}: found ${JSON.stringify(requires)}, expected ${oneOf(known)}, or a list of permissions under allOf or anyOf`,
    ];
  if (typeof requires === "string")
    return known.includes(requires)
      ? []
      : [`${where}: found ${JSON.stringify(requires)}, expected ${oneOf(known)}`];
  return namesIn(requires)
    .filter((permission) => !permissions.includes(permission))
    .map((permission) => unknownPermission(table, where, permission));
}

/** Without callers Istio would admit each: an empty list is no condition. */
function callerProblems(
  { services }: Application,
  where: string,
  callers: readonly string[],
  { protocol }: ServiceAccess,
): readonly string[] {
  const known = [...new Set([...(protocol === "tcp" ? [] : [gateway]), ...Object.keys(services)])];
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
      if (shared === undefined || (asksFor(row) === asksFor(other) && row.name !== other.name))
        return [];
      return [
        `${where}.operations: found ${row.name} and ${other.name}, which both match ${one.method} ${shared}, expected one of them, or the same requirement and callers for both`,
      ];
    }),
  );
}

/** Of several services with a route for a path, the first gets the request. */
function routeProblems(table: Application, service: string): readonly string[] {
  const access = table.services[service];
  if (access === undefined) return [];
  const { routes } = access;
  return rowsOf(access).flatMap(({ name, operation, callers }) => {
    if (operation === undefined || !callers.includes(gateway)) return [];
    const reached = serviceAt(table, samplePath(operation));
    const [beginning = "", ...template] = operation.path.split("{");
    const isWhole =
      template.length === 0 ||
      routes === undefined ||
      routes.some((route) => "prefix" in route && beginning.startsWith(route.prefix));
    if (reached === service && !isWhole)
      return [
        `services.${service}.operations[${JSON.stringify(name)}]: found routes for a part of its paths at the gateway, expected one with the prefix ${beginning} or shorter`,
      ];
    if (reached === service) return [];
    const found = reached === undefined ? "no route" : `a route of ${reached}, which comes first,`;
    return [
      `services.${service}.operations[${JSON.stringify(name)}]: found ${found} for its path at the gateway, expected one that leads to ${service}`,
    ];
  });
}

/** What verification asks the gateway for. */
function requestProblems(table: Application): readonly string[] {
  const { requests, services } = table;
  return requests.flatMap((request) => {
    const { name, through } = request;
    const where = `requests[${JSON.stringify(name)}]`;
    const unknown = through.filter((service) => !Object.hasOwn(services, service));
    if (unknown.length > 0)
      return unknown.map(
        (service) =>
          `${where}.through: found ${JSON.stringify(service)}, expected ${oneOf(Object.keys(services))}`,
      );
    const access = services[through[0]];
    if (access === undefined || access.protocol === "tcp")
      return [
        `${where}.through: found ${through[0]} at first, expected a service that gets requests`,
      ];
    const problems = proofProblems(where, request, access);
    if (problems.length > 0) return problems;
    const asked = askedProblems(where, request, access, through[0]);
    return [
      ...(asked.length > 0 ? asked : leadingProblems(where, request, table, access)),
      ...refusalProblems(where, request, access),
      ...asksProblems(where, request, services),
    ];
  });
}

/** The gateway has to lead a request to the first of its services. */
function leadingProblems(
  where: string,
  request: GatewayRequest,
  table: Application,
  { protocol }: ApplicationService,
): readonly string[] {
  const [first] = request.through;
  const asked = proofOf(request, protocol);
  const reached = asked && serviceAt(table, asked.path);
  if (asked === undefined || reached === first || routeProblems(table, first).length > 0) return [];
  const found = reached === undefined ? "no route" : `a route of ${reached}`;
  return [
    `${where}.through: found ${first} at first, and ${found} for ${asked.path} at the gateway, expected one that leads to ${first} (services.${first}.routes)`,
  ];
}
