/** What the mesh enforces, and the objects of Istio and Kubernetes that do so. */
import type { Application } from "../application";
import type { AuthenticationSettings, CorsSettings } from "../config";
import type {
  AuthorizationPolicySpec,
  MeshObject,
  PeerAuthenticationSpec,
  RequestAuthenticationSpec,
  SidecarSpec,
} from "../mesh/resources";
import type { ApplicationNetwork, NetworkPolicyObject } from "../network";
import type { TrustedIssuer } from "./issuers";

/** What the mesh enforces: whose tokens are accepted, where they are checked, and the table. */
export interface EnforcementArgs {
  /** Whose tokens the mesh accepts. Removing one takes effect at once: its tokens then get 401. */
  readonly issuers: readonly TrustedIssuer[];
  /** Where bad tokens are refused, and whether requests without a token are refused too. */
  readonly authentication: Pick<AuthenticationSettings, "at" | "required">;
  /** The login at the gateway, and whether every request needs a session or a token. Default: there is no login. */
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
  /** Who may call each of its services, and with what. No client may call a service that is not in it. */
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
