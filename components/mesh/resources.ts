import type { IDestinationRule } from "@kubernetes-models/istio/networking.istio.io/v1/DestinationRule";
import type { IGateway } from "@kubernetes-models/istio/networking.istio.io/v1/Gateway";
import type { ISidecar } from "@kubernetes-models/istio/networking.istio.io/v1/Sidecar";
import type { IServiceEntry } from "@kubernetes-models/istio/networking.istio.io/v1/ServiceEntry";
import type { IVirtualService } from "@kubernetes-models/istio/networking.istio.io/v1/VirtualService";
import type { IAuthorizationPolicy } from "@kubernetes-models/istio/security.istio.io/v1/AuthorizationPolicy";
import type { IPeerAuthentication } from "@kubernetes-models/istio/security.istio.io/v1/PeerAuthentication";
import type { IRequestAuthentication } from "@kubernetes-models/istio/security.istio.io/v1/RequestAuthentication";
import type { Input } from "@pulumi/pulumi";
import { customResource } from "../custom-resource";

/** The same with texts that may only be known later, such as the ids of clients. */
type WithInputs<Value> = Value extends string
  ? Input<Value>
  : Value extends readonly (infer Entry)[]
    ? WithInputs<Entry>[]
    : Value extends object
      ? { [Field in keyof Value]: WithInputs<Value[Field]> }
      : Value;

/** It has a name of its own in the package's declarations: written out it is longer than the compiler allows there. */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- only an interface keeps its name
export interface DestinationRuleSpec extends NonNullable<IDestinationRule["spec"]> {}
export type GatewaySpec = NonNullable<IGateway["spec"]>;
export type SidecarSpec = NonNullable<ISidecar["spec"]>;
export type ServiceEntrySpec = NonNullable<IServiceEntry["spec"]>;
export type VirtualServiceSpec = NonNullable<IVirtualService["spec"]>;
export type HttpRoute = NonNullable<VirtualServiceSpec["http"]>[number];
export type PeerAuthenticationSpec = NonNullable<IPeerAuthentication["spec"]>;
export type RequestAuthenticationSpec = NonNullable<IRequestAuthentication["spec"]>;
export type AuthorizationPolicySpec = WithInputs<NonNullable<IAuthorizationPolicy["spec"]>>;

/** An object of Istio's that the stack makes: data, so that policies can check it and `verify` can compare it. */
export interface MeshObject<Spec> {
  /** The end of the resource's name in the stack. */
  readonly resource: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: Spec;
}

/** Which hosts and ports an ingress gateway listens on. */
export class Gateway extends customResource<GatewaySpec>("networking.istio.io/v1", "Gateway") {}

/** Where a gateway's requests go. */
export class VirtualService extends customResource<VirtualServiceSpec>(
  "networking.istio.io/v1",
  "VirtualService",
) {}

/** How the callers of a service reach it, and its subsets. */
export class DestinationRule extends customResource<DestinationRuleSpec>(
  "networking.istio.io/v1",
  "DestinationRule",
) {}

/** An address outside of the mesh that workloads may reach. */
export class ServiceEntry extends customResource<ServiceEntrySpec>(
  "networking.istio.io/v1",
  "ServiceEntry",
) {}

/** What a namespace's workloads know of the mesh: the services, routes and entries that they import. */
export class Sidecar extends customResource<SidecarSpec>("networking.istio.io/v1", "Sidecar") {}

/** Whether workloads accept plain text in addition to mutual TLS. */
export class PeerAuthentication extends customResource<PeerAuthenticationSpec>(
  "security.istio.io/v1",
  "PeerAuthentication",
) {}

/** Whose tokens workloads accept. A request without a token passes; AuthorizationPolicy decides about it. */
export class RequestAuthentication extends customResource<RequestAuthenticationSpec>(
  "security.istio.io/v1",
  "RequestAuthentication",
) {}

/** Who may call which workloads. */
export class AuthorizationPolicy extends customResource<AuthorizationPolicySpec>(
  "security.istio.io/v1",
  "AuthorizationPolicy",
) {}
