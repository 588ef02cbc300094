/** An application and its table: what the tenant, the mesh's policies and the verification are made from. */
import type { z } from "zod";
import type { Operation } from "./access/operations";
import { gateway, rowsOf, type ServiceAccess } from "./access/rows";
import { gatewayServiceAccount, type ServiceAccountName } from "./names";

/** A path, as Istio matches it. */
export type Path = { readonly exact: string } | { readonly prefix: string };

/** A service: its part of the table, and where it is. Its pods have its name as their label `app`. */
export type ApplicationService = ServiceAccess & ServicePlace;

/** Where a service is, and how requests get to it. */
export interface ServicePlace {
  /** That its Service and its pods listen on. */
  readonly port: number;
  /** A path that it answers with 200. */
  readonly path: string;
  /** The service account that its pods run as. */
  readonly serviceAccount: string;
  /**
   * The paths by which the gateway leads to it. Default: those of the operations that the gateway may call; of a path
   * with templates, all that begin as it does. None where it has no operations.
   */
  readonly routes?: readonly Path[];
  /** Its versions that have a Service each. Default: none. */
  readonly versions?: readonly {
    /** Of the Service. */
    readonly name: string;
    /** The service whose ratings it shows as stars to those who may read them; false where it shows none. */
    readonly showsStarsOf: string | false;
  }[];
}

/** What the gateway is asked for, and what becomes of it. */
export interface GatewayRequest {
  /** Names it in reports. */
  readonly name: string;
  readonly path: string;
  /** The services that it reaches, in order: the gateway's own, then what each asks with the same token. */
  readonly through: readonly [string, ...string[]];
}

/** Sections of a stack's configuration, by names that the library has none of. None of them holds a secret. */
export type OwnSections = Readonly<Record<string, z.ZodType>>;

export interface Application<Own extends OwnSections = OwnSections> {
  /** Names what the stack makes for it; no service has this name. */
  readonly name: string;
  /** Its name as people read it. */
  readonly title: string;
  /** Where its services are. */
  readonly namespace: string;
  /** Whether people sign in to it. Without them the tenant gets no web application, user store and users. */
  readonly people: boolean;
  /** The API's identifier where the stack's configuration has none. */
  readonly audience: string;
  /** A public path: where people arrive, and where they are once they have signed out. */
  readonly home: string;
  /** What each permission is for; the tenant shows it to people who grant it. */
  readonly permissions: Readonly<Record<string, string>>;
  /** The roles that users may hold, and the permissions that each role grants. */
  readonly roles: Readonly<Record<string, Role>>;
  /** Every service that a client may reach. A service that is not here is refused to every client. */
  readonly services: Readonly<Record<string, ApplicationService>>;
  /** The image of its services, where they are one program: the project's service.ts on the sandbox. */
  readonly image?: string;
  /** What its stacks' configuration has next to the library's sections. Default: nothing. */
  readonly settings?: Own;
  /** What verification asks the gateway for; the first is public. */
  readonly requests: readonly [GatewayRequest, ...GatewayRequest[]];
}

export interface Role {
  readonly description: string;
  readonly permissions: readonly string[];
}

/** @throws Error where the application has no such service: its table names one that it lacks */
export function serviceOf({ name, services }: Application, service: string): ApplicationService {
  const found = services[service];
  if (found === undefined) throw new Error(`${name} has no service ${service}`);
  return found;
}

/** The paths by which the gateway leads to a service; none where it leads nowhere. */
export function routesOf({ routes, ...access }: ApplicationService): readonly Path[] {
  if (routes !== undefined) return routes;
  const paths = rowsOf(access).flatMap(({ operation, callers }) =>
    operation !== undefined && callers.includes(gateway) ? [routeFor(operation)] : [],
  );
  return [...new Map(paths.map((path) => [JSON.stringify(path), path])).values()];
}

function routeFor({ path }: Operation): Path {
  const prefix = path.split("{", 1)[0] ?? path;
  return prefix === path ? { exact: path } : { prefix };
}

/** The service that people arrive at: the first with routes; undefined where no service has any. */
export function entranceOf({ services }: Pick<Application, "services">): string | undefined {
  return Object.entries(services).find(([, service]) => routesOf(service).length > 0)?.[0];
}

/** The name by which the tenant lists a machine's client. */
export function machineTitle({ title }: Pick<Application, "title">, machine: string): string {
  return `${title} ${machine}`;
}

/** The service account that a service runs as. */
export function serviceAccountOf(application: Application, service: string): ServiceAccountName {
  const { serviceAccount: name } = serviceOf(application, service);
  return { namespace: application.namespace, name };
}

/** The service account of who may call a service, as Istio's policies name it: `namespace/name`. */
export function callerAccount(application: Application, caller: string): string {
  const { namespace, name } =
    caller === gateway ? gatewayServiceAccount : serviceAccountOf(application, caller);
  return `${namespace}/${name}`;
}
