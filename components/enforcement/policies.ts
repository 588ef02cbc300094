/** The table as Istio's objects: data, so that policies can be judged, and compared with a cluster's. */
import { type Application, callerAccount, type ServiceAccess } from "../application";
import type { AuthenticationSettings, CorsSettings } from "../config";
import type {
  AuthorizationPolicySpec,
  MeshObject,
  PeerAuthenticationSpec,
  RequestAuthenticationSpec,
  SidecarSpec,
} from "../mesh/resources";
import { namespaces } from "../names";
import { applicationPolicies, type ApplicationNetwork, type NetworkPolicyObject } from "../network";
import { allowPorts, checkAtGateway, requireTokens } from "./gateway";
import { acceptTokens, type TrustedIssuer, withToken } from "./issuers";

/** What the mesh enforces: whose tokens count, where they are checked, and the table. */
export interface EnforcementArgs {
  /** Whose tokens the mesh accepts. Taking one out takes effect at once: its tokens get 401. */
  readonly issuers: readonly TrustedIssuer[];
  /** Where bad tokens end, and whether requests without one do, too. */
  readonly authentication: Pick<AuthenticationSettings, "at" | "required">;
  /** The login at the gateway, and whether nobody gets in without one or a token. Default: there is none. */
  readonly login?: { readonly required: boolean } | undefined;
  /** The gateway's URL as browsers see it. */
  readonly gatewayUrl: string;
  /** Which other origins' preflights need no token, the settings under `gateway.cors`. Default: none. */
  readonly cors?: CorsSettings | undefined;
  /** What the application's workloads import from other namespaces, as a Sidecar's `egress.hosts` has it. Default: nothing. */
  readonly imports?: readonly string[] | undefined;
  /** Whether the API server refuses pods that would bypass the table: see admission.ts. Default: true. */
  readonly admission?: boolean | undefined;
  /** What the NetworkPolicies depend on. Default: there are none. */
  readonly network?: Omit<ApplicationNetwork, "application"> | undefined;
  /** Who may call each of its services, with what. A service that is not in it is reachable by nobody. */
  readonly application: Application;
}

/** Every object that enforces the table, by its kind. */
export interface Policies {
  readonly PeerAuthentication: readonly MeshObject<PeerAuthenticationSpec>[];
  readonly RequestAuthentication: readonly MeshObject<RequestAuthenticationSpec>[];
  readonly AuthorizationPolicy: readonly MeshObject<AuthorizationPolicySpec>[];
  readonly Sidecar: readonly MeshObject<SidecarSpec>[];
  readonly NetworkPolicy: readonly NetworkPolicyObject[];
}

/** The table as Istio's objects: mutual TLS everywhere, nothing allowed, then one policy per service. */
export function policiesOf(args: EnforcementArgs): Policies {
  const { application } = args;
  const inApplication = metadataIn(application);
  return {
    PeerAuthentication: [
      {
        resource: "mutual-tls",
        metadata: { name: "default", namespace: namespaces.mesh },
        spec: { mtls: { mode: "STRICT" } },
      },
    ],
    RequestAuthentication: checksOf(args),
    AuthorizationPolicy: [
      // Without rules a policy allows nothing. In the mesh's root namespace, which has no sidecars, it would count for
      // every other team's workloads, too.
      { resource: "allow-nothing", metadata: inApplication("allow-nothing"), spec: {} },
      ...Object.entries(application.services).map(([service, access]) => ({
        resource: service,
        metadata: inApplication(service),
        spec: allowCallers(service, access, args),
      })),
      ...allowPorts(args.gatewayUrl),
      ...(args.authentication.required || args.login?.required ? [requireTokens(args)] : []),
    ],
    Sidecar: [
      {
        resource: "imports",
        metadata: inApplication("default"),
        spec: importOnly(args.imports),
      },
    ],
    NetworkPolicy:
      args.network === undefined ? [] : applicationPolicies({ application, ...args.network }),
  };
}

const metadataIn =
  ({ namespace }: Application) =>
  (name: string) => ({ name, namespace });

/**
 * What a namespace's workloads know of the mesh: their own namespace, and what is listed. A route or an entry of another
 * namespace for the name of a service that they call would take their requests, with users' tokens in them.
 */
export const importOnly = (others: readonly string[] = []): SidecarSpec => ({
  egress: [{ hosts: ["./*", ...others] }],
});

type Check = MeshObject<RequestAuthenticationSpec>;

/** What checks tokens. Whatever the gateway has checked, services check again: it is not their only caller. */
function checksOf(args: EnforcementArgs): readonly Check[] {
  const { application, authentication, login } = args;
  const isProtected = ([, { requires }]: [string, ServiceAccess]) => requires !== "public";
  const isChecked = authentication.at === "gateway" || login !== undefined;
  return [
    ...(authentication.at === "workload"
      ? Object.entries(application.services)
          .filter(isProtected)
          .map(([service]) => checkAt(service, args))
      : [checkEverywhere(args)]),
    ...(isChecked ? [checkAtGateway(args.issuers)] : []),
  ];
}

function checkAt(service: string, { application, issuers }: EnforcementArgs): Check {
  const resource = `tokens-${service}`;
  return {
    resource,
    metadata: metadataIn(application)(resource),
    spec: { selector: { matchLabels: { app: service } }, ...acceptTokens(issuers) },
  };
}

function checkEverywhere({ application, issuers }: EnforcementArgs): Check {
  return {
    resource: "tokens",
    metadata: metadataIn(application)("tokens"),
    spec: acceptTokens(issuers),
  };
}

/** A service's row of the table: its callers, and what their requests must carry, of whichever issuer. */
function allowCallers(
  service: string,
  { callers, requires }: ServiceAccess,
  { application, issuers }: EnforcementArgs,
): AuthorizationPolicySpec {
  const source = { serviceAccounts: callers.map((caller) => callerAccount(application, caller)) };
  const permission = typeof requires === "object" ? requires.permission : undefined;
  return {
    action: "ALLOW",
    selector: { matchLabels: { app: service } },
    rules:
      requires === "public"
        ? [{ from: [{ source }] }]
        : issuers.map((issuer) => withToken(issuer, source, permission)),
  };
}
