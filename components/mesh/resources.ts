import type { IGateway } from "@kubernetes-models/istio/networking.istio.io/v1/Gateway";
import type { IVirtualService } from "@kubernetes-models/istio/networking.istio.io/v1/VirtualService";
import type { IAuthorizationPolicy } from "@kubernetes-models/istio/security.istio.io/v1/AuthorizationPolicy";
import type { IPeerAuthentication } from "@kubernetes-models/istio/security.istio.io/v1/PeerAuthentication";
import type { IRequestAuthentication } from "@kubernetes-models/istio/security.istio.io/v1/RequestAuthentication";
import * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/** What every Istio resource of this program is made of. */
export interface IstioResourceArgs<Spec> {
  /** The object's name, namespace and labels. Changing name or namespace replaces the object. */
  metadata: { name: string; namespace: string; labels?: Record<string, string> };
  /** As Istio's reference describes it. Plain values, so that a preview shows them and policies can judge them. */
  spec: Spec;
}

/**
 * Makes the class of one kind of Istio resource.
 *
 * Pulumi's own CustomResource carries no type token, so a policy pack's `validateResourceOfType`
 * never matches it; these classes do carry theirs.
 */
function istioResource<Spec extends object>(apiVersion: string, kind: string) {
  return class extends kubernetes.apiextensions.CustomResource {
    static readonly __pulumiType: string = `kubernetes:${apiVersion}:${kind}`;

    /**
     * @param name the resource's name in the Pulumi stack
     * @param args the object's metadata and spec
     * @param options Pulumi's resource options
     */
    constructor(
      name: string,
      args: IstioResourceArgs<Spec>,
      options?: pulumi.CustomResourceOptions,
    ) {
      super(name, { apiVersion, kind, ...args }, options);
    }
  };
}

export type GatewaySpec = NonNullable<IGateway["spec"]>;
export type VirtualServiceSpec = NonNullable<IVirtualService["spec"]>;
export type PeerAuthenticationSpec = NonNullable<IPeerAuthentication["spec"]>;
export type RequestAuthenticationSpec = NonNullable<IRequestAuthentication["spec"]>;
export type AuthorizationPolicySpec = NonNullable<IAuthorizationPolicy["spec"]>;

/** Which hosts and ports an ingress gateway listens on. */
export class Gateway extends istioResource<GatewaySpec>("networking.istio.io/v1", "Gateway") {}

/** Where a gateway's requests go. */
export class VirtualService extends istioResource<VirtualServiceSpec>(
  "networking.istio.io/v1",
  "VirtualService",
) {}

/** Whether workloads accept plain text beside mutual TLS. */
export class PeerAuthentication extends istioResource<PeerAuthenticationSpec>(
  "security.istio.io/v1",
  "PeerAuthentication",
) {}

/** Whose tokens workloads accept. It lets requests without a token pass: AuthorizationPolicy does the rest. */
export class RequestAuthentication extends istioResource<RequestAuthenticationSpec>(
  "security.istio.io/v1",
  "RequestAuthentication",
) {}

/** Who may call which workloads. */
export class AuthorizationPolicy extends istioResource<AuthorizationPolicySpec>(
  "security.istio.io/v1",
  "AuthorizationPolicy",
) {}
