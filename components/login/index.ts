import type * as pulumi from "@pulumi/pulumi";
import { type Application, entranceOf } from "../application";
import type { CorsSettings, LoginSettings } from "../config";
import type { Identity } from "../identity";
import { ApplicationLogin } from "./application";
import type { Egress } from "../mesh/egress";
import type { NetworkSettings } from "../network";
import type { WorkloadOverride } from "../workloads/workload";
import { GatewayLogin } from "./gateway-login";
import { type LoginIngress, loginIngress } from "./ingress";

export { extensionProviders } from "./gateway";

/** What every kind of login gives the rest of the stack. */
export interface Login {
  /** What it changes in the ingress, and in the services' workloads, by service. */
  readonly application: LoginIngress & {
    readonly overrides?: Readonly<Record<string, WorkloadOverride>>;
  };
  /** What has to exist before the first request. */
  readonly enforced: readonly pulumi.Resource[];
}

/** What every kind of login is made from. */
export interface LoginArgs {
  readonly application: Application;
  readonly identity: Identity;
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

/**
 * Sets up the login that the configuration names.
 *
 * @param name the component's name
 * @param settings the settings under `login`
 * @param args the application, and the provider
 * @param options Pulumi's resource options; they must carry the cluster's Kubernetes provider, and depend on the
 *   control plane and the namespaces of gateway and application
 */
export function createLogin(
  name: string,
  settings: LoginSettings,
  { identity, ...place }: LoginArgs,
  options: pulumi.ComponentResourceOptions,
): Login {
  const { web: clientId } = identity.clientIds;
  // Without a client no one can sign in; the settings require one if they ask for a login.
  if (settings.at === "none" || clientId === undefined) return { application: {}, enforced: [] };
  const args = { identity, clientId, ...place };
  const ingress = loginIngress(settings, args);
  if (settings.at === "gateway") {
    const { policies } = new GatewayLogin(name, { ...args, login: settings }, options);
    return { application: ingress, enforced: policies };
  }
  const { environment, annotations } = new ApplicationLogin(name, args, options);
  const override = { image: settings.image, environment, annotations };
  const entrance = entranceOf(args.application);
  const overrides = entrance === undefined ? {} : { [entrance]: override };
  return { application: { ...ingress, overrides }, enforced: [] };
}
