/** An application and its table, from which the tenant, the mesh's policies and the verification are made. */
import type { z } from "zod";
import type { Operation } from "./access/operations";
import { type OnRefusal, type Proven, proofOf } from "./access/proof";
import { type ConnectionAccess, gateway, type RequestAccess, rowsOf } from "./access/rows";
import { gatewayServiceAccount, type ServiceAccountName } from "./names";

/** A path, as Istio matches it. */
export type Path = { readonly exact: string } | { readonly prefix: string };

/** A service: its part of the table, and where it is. Its name is that of its Service. */
export type ApplicationService = ServicePlace &
  ((RequestAccess & Requested) | (ConnectionAccess & Connected));

/** The usual request to a service, and how it answers that. */
export type Requested = Proven & {
  /** How it answers where a service behind it refuses. Default: as `requests` say, one by one. */
  readonly onRefusal?: OnRefusal;
  /**
   * That its answers say themselves what pages of other origins may do, so that verification does not judge that.
   * Default: only the gateway says it, as the stack is configured.
   */
  readonly cors?: "own";
};

/** The same of a service that gets connections. */
export interface Connected {
  /** What a client sends first, to which the service sends something back: such as `PING\r\n`. */
  readonly greeting: string | Uint8Array;
  readonly path?: undefined;
  readonly proof?: undefined;
  readonly onRefusal?: undefined;
  readonly cors?: undefined;
}

/**
 * A part of a service's answers that the service gets from another one, which it asks with its own identity and the
 * request's token. Whether an answer has the part shows what the mesh decided about that second request.
 */
export interface AnswerPart {
  /** What reports call it: `stars`. */
  readonly name: string;
  /** The service that the part comes from. False: this version asks for none, so that its answers never have the part. */
  readonly from: string | false;
  /** What the body of an answer with the part is, read as JSON. */
  readonly present: z.ZodType;
  /** The same of an answer without the part. */
  readonly absent: z.ZodType;
}

/** A timeout that never ends a request. */
export const unlimited = "none";

/** What the mesh does about a service that answers slowly, or not at all. Durations are as Istio writes them: `30s`. */
export interface RequestLimits {
  /** For the whole answer, with all tries; `none` for as long as the client waits. Default: `30s`. */
  readonly timeout?: string;
  /** For the beginning of the answer to each try. Default: `12s`, or none without a `timeout`. */
  readonly perTryTimeout?: string;
  /** How often a request that no service has received is sent again; 0 for never. Default: 2. */
  readonly attempts?: number;
}

/** Kubernetes' labels, by their names. */
export type Labels = Readonly<Record<string, string>>;

/** Where a service is, and how requests get to it. */
export interface ServicePlace {
  /** Its Service's. */
  readonly port: number;
  /** The port that its pods listen on, to which its Service's leads. Default: the same. */
  readonly targetPort?: number;
  /** The service account that its pods run as. */
  readonly serviceAccount: string;
  /**
   * The labels by which its pods, and no others in the namespace, are known: such as a chart's
   * `{ "app.kubernetes.io/name": "web" }`. Default: its name as their label `app`.
   */
  readonly labels?: Labels;
  /**
   * The paths by which the gateway leads to it. Default: those of the operations that the gateway may call; of a path
   * with templates, all that begin as it does. None where it has no operations.
   */
  readonly routes?: readonly Path[];
  /** How long its answers may take, and how often it is asked again. Default: 30 s, twice. */
  readonly limits?: RequestLimits;
  /** Those of its versions that have a Service each. Default: none. */
  readonly versions?: readonly {
    /** The name of that Service. */
    readonly name: string;
    /** The part of its answers that verification looks for. Default: none. */
    readonly part?: AnswerPart;
  }[];
}

/** A request that verification sends to the gateway, how it is answered, and the services that it reaches. */
export type GatewayRequest<Service extends string = string> = Proven & {
  /** What reports call it. */
  readonly name: string;
  /** The services that it reaches, in order: the gateway's own, then what each asks with the same token. */
  readonly through: readonly [Service, ...Service[]];
  /** What services behind the first are asked for, by their names: `GET /stock/0`. Default: each its usual request. */
  readonly asks?: Readonly<Record<string, string>>;
  /**
   * How the first of them answers where one behind it refuses. Default: as that service says; else the refusal's status
   * with other words counts as one, and what else it answers cannot be told apart from a failure.
   */
  readonly onRefusal?: OnRefusal;
};

/** Sections of a stack's configuration that the library does not have itself, by name. No section holds a secret. */
export type OwnSections = Readonly<Record<string, z.ZodType>>;

export interface Application<Own extends OwnSections = OwnSections> {
  /** What the resources are named after; no service has this name. */
  readonly name: string;
  /** Its name as users read it. */
  readonly title: string;
  /** The namespace of its services. */
  readonly namespace: string;
  /** Whether people sign in to it. If not, the tenant gets no web application, no user store and no users. */
  readonly people: boolean;
  /** The API's identifier, if the stack's configuration has none. */
  readonly audience: string;
  /** Where people arrive, and where the browser goes after the sign-out: a path that needs no token, if people sign out. */
  readonly home: string;
  /** What each permission is for; the tenant shows it to people who grant it. */
  readonly permissions: Readonly<Record<string, string>>;
  /** The roles that users may hold, and the permissions that each role grants. */
  readonly roles: Readonly<Record<string, Role>>;
  /** Every service that a client may reach. A service that is not here is refused to every client. */
  readonly services: Readonly<Record<string, ApplicationService>>;
  /** The image of its services, if they are one program: the project's service.ts on the sandbox. */
  readonly image?: string;
  /** The sections that its stacks' configuration has in addition to the library's. Default: none. */
  readonly settings?: Own;
  /** The requests that verification sends to the gateway. */
  readonly requests: readonly [GatewayRequest, ...GatewayRequest[]];
}

export interface Role {
  readonly description: string;
  readonly permissions: readonly string[];
}

/** An application whose names the compiler compares with each other. */
type NamedApplication<
  Permission extends string,
  RoleName extends string,
  Service extends string,
  Own extends OwnSections,
> = Omit<Application<Own>, "permissions" | "roles" | "services" | "requests"> & {
  readonly permissions: Readonly<Record<Permission, string>>;
  readonly roles: Readonly<
    Record<RoleName, { description: string; permissions: readonly NoInfer<Permission>[] }>
  >;
  readonly services: Readonly<
    Record<
      Service,
      ServicePlace &
        (
          | (RequestAccess<NoInfer<Service>, NoInfer<Permission>> & Requested)
          | (ConnectionAccess<NoInfer<Service>> & Connected)
        )
    >
  >;
  readonly requests: readonly [
    GatewayRequest<NoInfer<Service>>,
    ...(readonly GatewayRequest<NoInfer<Service>>[]),
  ];
};

/**
 * An application, as it is given: with this a misspelt permission, caller or service is an error of the compiler. What
 * the compiler cannot know, such as a permission of a document, is checked when the table is read.
 */
export function defineApplication<
  const Permission extends string,
  const RoleName extends string,
  const Service extends string,
  Own extends OwnSections = OwnSections,
>(application: NamedApplication<Permission, RoleName, Service, Own>): Application<Own> {
  return application;
}

/** @throws Error if the application has no such service: its table names a service that it lacks */
export function serviceOf({ name, services }: Application, service: string): ApplicationService {
  const found = services[service];
  if (found === undefined) throw new Error(`${name} has no service ${service}`);
  return found;
}

/** The paths by which the gateway leads to a service; none where it leads nowhere. */
export function routesOf(service: ApplicationService): readonly Path[] {
  if (service.routes !== undefined) return service.routes;
  const found = derivedRoutes.get(service) ?? routesFrom(service);
  derivedRoutes.set(service, found);
  return found;
}

/** Each request of a check or a verification is compared with every service's routes: they are derived once. */
const derivedRoutes = new WeakMap<ApplicationService, readonly Path[]>();

function routesFrom(access: ApplicationService): readonly Path[] {
  const paths = rowsOf(access).flatMap(({ operation, callers }) =>
    operation !== undefined && callers.includes(gateway) ? [routeFor(operation)] : [],
  );
  return [...new Map(paths.map((path) => [JSON.stringify(path), path])).values()];
}

function routeFor({ path }: Operation): Path {
  const prefix = path.split("{", 1)[0] ?? path;
  return prefix === path ? { exact: path } : { prefix };
}

/** What the usual request to a service asks for; undefined of one that gets connections. */
export function usualRequest(
  service: Pick<ApplicationService, "protocol" | "path" | "proof">,
): Operation | undefined {
  const proof = proofOf(service, service.protocol);
  return proof && { method: proof.method, path: proof.path };
}

/** The service that the gateway leads a path to: the first with a route for it; undefined where it leads nowhere. */
export function serviceAt(
  { services }: Pick<Application, "services">,
  path: string,
): string | undefined {
  const isFor = (route: Path) =>
    "exact" in route ? route.exact === path : path.startsWith(route.prefix);
  return Object.entries(services).find(([, service]) => routesOf(service).some(isFor))?.[0];
}

/** The service that people arrive at: the first with routes; undefined where no service has any. */
export function entranceOf({ services }: Pick<Application, "services">): string | undefined {
  return Object.entries(services).find(([, service]) => routesOf(service).length > 0)?.[0];
}

/** The name by which the tenant lists a machine's client. */
export function machineTitle({ title }: Pick<Application, "title">, machine: string): string {
  return `${title} ${machine}`;
}

/** The labels by which a service's pods are known. */
export function podLabels({ services }: Pick<Application, "services">, service: string): Labels {
  return services[service]?.labels ?? { app: service };
}

/** The port that a service's pods listen on. */
export const podPort = ({ port, targetPort = port }: Pick<ServicePlace, "port" | "targetPort">) =>
  targetPort;

/** Whether a pod has all these labels. */
export const hasLabels = (pod: Partial<Labels>, wanted: Labels): boolean =>
  Object.entries(wanted).every(([name, value]) => pod[name] === value);

/** The service that a pod with these labels is of; undefined of any other pod. */
export function serviceOfPod(
  application: Pick<Application, "services">,
  labels: Partial<Labels> = {},
): string | undefined {
  return Object.keys(application.services).find((service) =>
    hasLabels(labels, podLabels(application, service)),
  );
}

/** The service account that a service runs as. */
export function serviceAccountOf(application: Application, service: string): ServiceAccountName {
  const { serviceAccount: name } = serviceOf(application, service);
  return { namespace: application.namespace, name };
}

/** A caller's service account, as Istio's policies name it: `namespace/name`. */
export function callerAccount(application: Application, caller: string): string {
  const { namespace, name } =
    caller === gateway ? gatewayServiceAccount : serviceAccountOf(application, caller);
  return `${namespace}/${name}`;
}
