/** The table's rows: these callers may do this if the request carries that. */
import { type Operation, type OperationName, isFor, operationNamed } from "./operations";

/**
 * What a request must carry: nothing (`public`), any valid token of the issuer (`signedIn`), or a
 * token that holds this permission.
 */
export type Requirement<Permission extends string = string> = "public" | "signedIn" | Permission;

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
}

/** Each operation that the service has, and what it asks for. What is not here is refused to every client. */
export type Operations<
  Service extends string = string,
  Permission extends string = string,
> = Readonly<Record<OperationName, Requirement<Permission> | OperationAccess<Service, Permission>>>;

/** One service in the table: who may call it, and what requests must carry, for all of it or for each operation. */
export type ServiceAccess<Service extends string = string, Permission extends string = string> = {
  readonly callers: readonly Caller<Service>[];
} & (
  | { readonly requires: Requirement<Permission>; readonly operations?: undefined }
  | { readonly operations: Operations<Service, Permission>; readonly requires?: undefined }
);

/** One row. */
export interface Row {
  /** Default: the row is about every request. */
  readonly operation?: Operation;
  readonly callers: readonly string[];
  readonly requires: Requirement;
}

/** A service's rows, in their order in the table. */
export function rowsOf({ callers, requires, operations }: ServiceAccess): readonly Row[] {
  if (operations === undefined) return [{ callers, requires }];
  return Object.entries(operations).map(([name, access]) => {
    const operation = operationNamed(name);
    return typeof access === "string"
      ? { operation, callers, requires: access }
      : { operation, callers: access.callers ?? callers, requires: access.requires };
  });
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
