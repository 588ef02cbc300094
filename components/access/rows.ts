/** The table's rows: these callers may do this if the request carries that. */
import {
  type GrpcMethodName,
  isFor,
  type Operation,
  type OperationName,
  operationNamed,
} from "./operations";
import { keyOf, type Requirement } from "./requirement";

/** The caller that is not a service of the table: Istio's ingress gateway. */
export const gateway = "gateway";

/** A workload that may call: its identity is its service account. */
export type Caller<Service extends string = string> = typeof gateway | Service;

/** What an operation asks for, where its callers are not the service's. */
export interface OperationAccess<
  Service extends string = string,
  Permission extends string = string,
> {
  readonly requires: Requirement<Permission>;
  /** Default: the service's. */
  readonly callers?: readonly Caller<Service>[];
  /** Whether an answer goes on for as long as the client listens, as server-sent events do. Default: limits cut it off. */
  readonly streams?: true;
}

/** Each operation that the service has, and what it asks for. What is not here is refused to every client. */
export type Operations<
  Service extends string = string,
  Permission extends string = string,
  Name extends string = OperationName,
> = Readonly<Record<Name, Requirement<Permission> | OperationAccess<Service, Permission>>>;

/** A service's OpenAPI document, as `openApi` reads it. */
export interface ApiDocument {
  /** The name of its file, for reports. */
  readonly file: string;
  readonly operations: Readonly<Record<OperationName, Requirement | DocumentedStream>>;
}

/** Of an operation that streams. */
export interface DocumentedStream {
  readonly requires: Requirement;
  readonly streams: true;
}

/** What Istio takes a service's port for. */
export type Protocol = "http" | "grpc" | "tcp";

/** One service in the table: who may call it, and what requests must carry, for all of it or for each operation. */
export type ServiceAccess<Service extends string = string, Permission extends string = string> =
  RequestAccess<Service, Permission> | ConnectionAccess<Service>;

/** Of a service that gets requests. */
export type RequestAccess<Service extends string = string, Permission extends string = string> = {
  readonly callers: readonly Caller<Service>[];
} & (
  | {
      /** Default: `http`, which WebSockets and server-sent events are, too. */
      readonly protocol?: "http" | "grpc";
      readonly requires: Requirement<Permission>;
      readonly operations?: undefined;
      readonly document?: undefined;
    }
  | {
      readonly protocol?: "http";
      readonly operations: Operations<Service, Permission>;
      /** What the table is compared with: it may differ, and reports say where. Default: nothing. */
      readonly document?: ApiDocument;
      readonly requires?: undefined;
    }
  | {
      readonly protocol: "grpc";
      readonly operations: Operations<Service, Permission, GrpcMethodName>;
      readonly requires?: undefined;
      readonly document?: undefined;
    }
);

/** Of a service that gets connections: its callers are known by their workload identity alone. */
export interface ConnectionAccess<Service extends string = string> {
  readonly protocol: "tcp";
  /** The gateway leads to no such service. */
  readonly callers: readonly Service[];
  readonly requires?: undefined;
  readonly operations?: undefined;
  readonly document?: undefined;
}

/** One row. */
export interface Row {
  /** The operation as the table names it. Default: the row is about every request. */
  readonly name?: string;
  /** What that stands for. */
  readonly operation?: Operation;
  readonly callers: readonly string[];
  readonly requires: Requirement;
  /** Whether the operation streams. Default: it does not. */
  readonly streams?: true;
}

/** A service's rows, in their order in the table. */
export function rowsOf({
  callers,
  requires = "public",
  operations,
}: ServiceAccess): readonly Row[] {
  if (operations === undefined) return [{ callers, requires }];
  return Object.entries<Operations[OperationName]>(operations).map(([name, access]) => {
    const asked = { name, operation: operationNamed(name) };
    if (isRequirement(access)) return { ...asked, callers, requires: access };
    const { callers: own = callers, requires: needed, streams } = access;
    return { ...asked, callers: own, requires: needed, ...(streams && { streams }) };
  });
}

/** Whether an operation says only what it requires, and not who its callers are. */
export function isRequirement(
  access: Requirement | Pick<OperationAccess, "requires">,
): access is Requirement {
  return !Object.hasOwn(Object(access) as object, "requires");
}

/** What an operation requires, with or without other fields. */
export const requirementIn = (
  access: Requirement | Pick<OperationAccess, "requires">,
): Requirement => (isRequirement(access) ? access : access.requires);

/** The same text for rows that let the same callers in with the same. */
export function asksFor({ requires, callers }: Row): string {
  return JSON.stringify([keyOf(requires), [...callers].sort()]);
}

/** Every client that may do anything of the service, each once. */
export function callersOf(access: ServiceAccess): readonly string[] {
  return [...new Set(rowsOf(access).flatMap(({ callers }) => callers))];
}

/** The rows that count for a request. Its path is as the mesh compares it. */
export function rowsFor(access: ServiceAccess, asked: Operation): readonly Row[] {
  return rowsOf(access).filter(
    ({ operation }) => operation === undefined || isFor(operation, asked),
  );
}

/** Whether some of the service needs no token. */
export function isPartlyPublic(access: ServiceAccess): boolean {
  return rowsOf(access).some(({ requires }) => requires === "public");
}

/** Whether some of the service needs a token. */
export function isProtected(access: ServiceAccess): boolean {
  return rowsOf(access).some(({ requires }) => requires !== "public");
}
