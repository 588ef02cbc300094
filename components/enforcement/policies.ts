/** The table as Istio's objects: data, so that policies can be judged, and compared with a cluster's. */
import { type Application, callerAccount, type ServiceAccess } from "../application";
import type { AcceptedTokens } from "../identity/tokens";
import type {
  AuthorizationPolicySpec,
  PeerAuthenticationSpec,
  RequestAuthenticationSpec,
} from "../mesh/resources";
import { namespaces } from "../names";

/** What the mesh enforces: whose tokens count, and the table. */
export interface EnforcementArgs {
  /** Whose tokens the mesh accepts. Changing it takes effect at once: tokens of the old issuer get 401. */
  readonly identity: AcceptedTokens;
  /** Who may call each of its services, with what. A service that is not in it is reachable by nobody. */
  readonly application: Application;
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

/** The table as Istio's objects: mutual TLS everywhere, nothing allowed, then one rule per service. */
export function policiesOf({ identity, application }: EnforcementArgs): Policies {
  const inApplication = (name: string) => ({ name, namespace: application.namespace });
  return {
    PeerAuthentication: [
      {
        resource: "mutual-tls",
        metadata: { name: "default", namespace: namespaces.mesh },
        spec: { mtls: { mode: "STRICT" } },
      },
    ],
    RequestAuthentication: [
      { resource: "tokens", metadata: inApplication("tokens"), spec: acceptTokens(identity) },
    ],
    AuthorizationPolicy: [
      // Without rules a policy allows nothing; the mesh's root namespace would shut the gateway too.
      { resource: "allow-nothing", metadata: inApplication("allow-nothing"), spec: {} },
      ...Object.entries(application.services).map(([service, access]) => ({
        resource: service,
        metadata: inApplication(service),
        spec: allowCallers(service, access, { identity, application }),
      })),
    ],
  };
}

/** Which tokens are genuine. A request without one passes here and meets the rules. */
export function acceptTokens({ issuer, jwksUri, audience }: EnforcementArgs["identity"]) {
  return {
    jwtRules: [
      {
        issuer,
        jwksUri,
        audiences: [audience],
        // Without this, tokens in the query string, which ends up in logs, would count as well.
        fromHeaders: [{ name: "Authorization", prefix: "Bearer " }],
        // The next service checks the same token.
        forwardOriginalToken: true,
      },
    ],
  } satisfies RequestAuthenticationSpec;
}

/** A service's row of the table: its callers, and what their requests must carry. */
function allowCallers(
  service: string,
  { callers, requires }: ServiceAccess,
  { identity: { issuer, permissionsClaim }, application }: EnforcementArgs,
): AuthorizationPolicySpec {
  const serviceAccounts = callers.map((caller) => callerAccount(application, caller));
  // Istio's name for whom a token speaks of is issuer, slash, subject: Auth0's issuer makes it two slashes.
  const requestPrincipals = requires === "public" ? undefined : [`${issuer}/*`];
  const claim = permissionsClaim.map((name) => `[${name}]`).join("");
  const when =
    typeof requires === "object"
      ? [{ key: `request.auth.claims${claim}`, values: [requires.permission] }]
      : undefined;
  return {
    action: "ALLOW",
    selector: { matchLabels: { app: service } },
    rules: [
      {
        from: [{ source: { serviceAccounts, ...(requestPrincipals && { requestPrincipals }) } }],
        ...(when && { when }),
      },
    ],
  };
}
