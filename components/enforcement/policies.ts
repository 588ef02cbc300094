/** The table as Istio's objects: data, so that policies can be judged, and compared with a cluster's. */
import type { ServiceAccess, ServiceName } from "../access";
import type { AuthenticationSettings } from "../config";
import type {
  AuthorizationPolicySpec,
  PeerAuthenticationSpec,
  RequestAuthenticationSpec,
} from "../mesh/resources";
import { callerAccount, namespaces } from "../names";
import { checkAtGateway, requireTokens } from "./gateway";
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
  /** Who may call each service, with what. A service that is not in it is reachable by nobody. */
  readonly services: Readonly<Record<ServiceName, ServiceAccess>>;
}

/** An object of Istio's as the table asks for it. */
export interface PolicyObject<Spec> {
  /** Ends the resource's name in the stack. */
  readonly resource: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: Spec;
}

/** Every object that enforces the table, by its kind. */
export interface Policies {
  readonly PeerAuthentication: readonly PolicyObject<PeerAuthenticationSpec>[];
  readonly RequestAuthentication: readonly PolicyObject<RequestAuthenticationSpec>[];
  readonly AuthorizationPolicy: readonly PolicyObject<AuthorizationPolicySpec>[];
}

/** The table as Istio's objects: mutual TLS everywhere, nothing allowed, then one policy per service. */
export function policiesOf(args: EnforcementArgs): Policies {
  const { issuers, services } = args;
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
      // Without rules a policy allows nothing; the mesh's root namespace would shut the gateway too.
      { resource: "allow-nothing", metadata: inApplication("allow-nothing"), spec: {} },
      ...Object.entries(services).map(([service, access]) => ({
        resource: service,
        metadata: inApplication(service),
        spec: allowCallers(service, access, issuers),
      })),
      ...(args.authentication.required || args.login?.required ? [requireTokens(args)] : []),
    ],
  };
}

const inApplication = (name: string) => ({ name, namespace: namespaces.application });

type Check = PolicyObject<RequestAuthenticationSpec>;

/** What checks tokens. Whatever the gateway has checked, services check again: it is not their only caller. */
function checksOf(args: EnforcementArgs): readonly Check[] {
  const { issuers, authentication, services, login } = args;
  const isChecked = authentication.at === "gateway" || login !== undefined;
  return [
    ...(authentication.at === "workload"
      ? Object.keys(services).filter(isProtected(services)).map(checkAt(issuers))
      : [checkEverywhere(issuers)]),
    ...(isChecked ? [checkAtGateway(issuers)] : []),
  ];
}

const isProtected = (services: EnforcementArgs["services"]) => (service: string) =>
  services[service as ServiceName].requires !== "public";

const checkAt =
  (issuers: readonly TrustedIssuer[]) =>
  (service: string): Check => ({
    resource: `tokens-${service}`,
    metadata: inApplication(`tokens-${service}`),
    spec: { selector: { matchLabels: { app: service } }, ...acceptTokens(issuers) },
  });

function checkEverywhere(issuers: readonly TrustedIssuer[]): Check {
  return {
    resource: "tokens",
    metadata: inApplication("tokens"),
    spec: acceptTokens(issuers),
  };
}

/** A service's row of the table: its callers, and what their requests must carry, of whichever issuer. */
function allowCallers(
  service: string,
  { callers, requires }: ServiceAccess,
  issuers: readonly TrustedIssuer[],
): AuthorizationPolicySpec {
  const source = { serviceAccounts: callers.map(callerAccount) };
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
