import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Application } from "../application";
import type { CorsSettings } from "../config";
import type { Identity } from "../identity";
import type { Egress } from "../mesh/egress";
import { AuthorizationPolicy, DestinationRule, Sidecar } from "../mesh/resources";
import { namespaces } from "../names";
import { createNetworkPolicies, loginNetworkPolicies, type NetworkSettings } from "../network";
import type { GatewayLoginSettings } from "./configuration";
import { loginPolicies, type LoginPolicyOptions } from "./policies";
import { createProviderEntries } from "./provider-entries";
import { Proxy } from "./proxy";
import { Redis } from "./redis";

/** What the login at the gateway is made of. */
export interface GatewayLoginArgs {
  readonly application: Application;
  /** The settings under `login`. */
  readonly login: GatewayLoginSettings;
  readonly identity: Identity;
  /** The provider's client that people sign in with. */
  readonly clientId: pulumi.Output<string>;
  /** The gateway's URL as browsers see it. */
  readonly gatewayUrl: string;
  /** Which other origins' preflights need no session. Default: none. */
  readonly cors?: CorsSettings | undefined;
  /** What workloads may reach outside of the mesh. */
  readonly egress: Egress;
  /** What the NetworkPolicies depend on. Default: there are none. */
  readonly network?: NetworkSettings | undefined;
  /** Whether the proxy runs twice. Default: false. */
  readonly highAvailability?: boolean | undefined;
}

/** Browser login at the gateway: OAuth2-Proxy, its session store, and the policies that make the gateway ask it. */
export class GatewayLogin extends pulumi.ComponentResource {
  /** The policies on the gateway and on the login's own workloads: callers, imports, and encrypted connections. */
  public readonly policies: readonly pulumi.Resource[];

  /**
   * @param name the component's name; its children are named after it
   * @param args the settings, the provider and its client
   * @param options Pulumi's resource options; they must carry the cluster's Kubernetes provider, and depend on the
   *   control plane and the gateway's namespace
   */
  constructor(name: string, args: GatewayLoginArgs, options: pulumi.ComponentResourceOptions) {
    super("istio-auth0:index:GatewayLogin", name, {}, options);
    const namespace = new kubernetes.core.v1.Namespace(
      `${name}-namespace`,
      { metadata: { name: namespaces.login, labels: { "istio-injection": "enabled" } } },
      { parent: this },
    );
    const policies = createPolicies(name, args, { parent: this, dependsOn: namespace });
    if (args.egress === "REGISTRY_ONLY")
      createProviderEntries(`${name}-provider`, args.identity, namespaces.login, {
        parent: this,
        dependsOn: namespace,
      });
    const { sessions, redisImage: image } = args.login;
    if (args.network !== undefined)
      createNetworkPolicies(name, loginNetworkPolicies(sessions, args.network, args.identity), {
        parent: this,
        dependsOn: namespace,
      });
    const inTurn = { parent: this, dependsOn: policies };
    const redis = sessions === "redis" ? new Redis(`${name}-redis`, { image }, inTurn) : undefined;
    // The proxy ends if it does not reach its Redis at its start.
    const dependsOn = redis === undefined ? policies : [...policies, redis];
    const redisPassword = redis?.password;
    new Proxy(`${name}-proxy`, { ...args, redisPassword }, { parent: this, dependsOn });
    this.policies = policies;
    this.registerOutputs({});
  }
}

/** Makes what the mesh enforces for the login. It exists before what it protects. */
function createPolicies(
  name: string,
  args: LoginPolicyOptions,
  options: pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  const policies = loginPolicies(args);
  return [
    ...policies.AuthorizationPolicy.map(
      ({ resource, ...object }) => new AuthorizationPolicy(`${name}-${resource}`, object, options),
    ),
    ...policies.Sidecar.map(
      ({ resource, ...object }) => new Sidecar(`${name}-${resource}`, object, options),
    ),
    ...policies.DestinationRule.map(
      ({ resource, ...object }) => new DestinationRule(`${name}-${resource}`, object, options),
    ),
  ];
}
