import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { Application } from "../application";
import { applicationAddresses, type Identity } from "../identity";
import type { Egress } from "../mesh/egress";
import { checksumOf, type Files } from "./checksum";
import { createProviderEntries } from "./provider-entries";

/** What the application's login is made of. */
export interface ApplicationLoginArgs {
  readonly application: Application;
  readonly identity: Identity;
  /** The provider's client that people sign in with. */
  readonly clientId: pulumi.Output<string>;
  /** The gateway's URL as browsers see it. */
  readonly gatewayUrl: string;
  /** What workloads may reach outside of the mesh. */
  readonly egress: Egress;
}

const objectName = "login";

/**
 * The login's settings for an application that signs people in by itself: the client's id and secret, and a secret
 * for its cookies, in a Secret; everything else in a ConfigMap.
 */
export class ApplicationLogin extends pulumi.ComponentResource {
  /** For the container's `envFrom`. */
  public readonly environment = [
    { configMapRef: { name: objectName } },
    { secretRef: { name: objectName } },
  ];

  /** For the pods, which read their environment only at their start. */
  public readonly annotations: Record<string, pulumi.Output<string>>;

  /**
   * @param name the component's name; its children are named after it
   * @param args the provider, its client, and where the application is
   * @param options Pulumi's resource options; they must carry the cluster's Kubernetes provider, and depend on the
   *   application's namespace
   */
  constructor(name: string, args: ApplicationLoginArgs, options: pulumi.ComponentResourceOptions) {
    super("istio-auth0:index:ApplicationLogin", name, {}, options);
    const { result: sessionSecret } = new random.RandomPassword(
      `${name}-session-secret`,
      { length: 48, special: false },
      { parent: this },
    );
    const metadata = { name: objectName, namespace: args.application.namespace };
    const settings = settingsOf(args);
    const secrets: Files = {
      OIDC_CLIENT_ID: args.clientId,
      OIDC_CLIENT_SECRET: args.identity.clientSecrets.apply(({ web }) => web ?? ""),
      SESSION_SECRET: sessionSecret,
    };
    const child = { parent: this, deleteBeforeReplace: true };
    new kubernetes.core.v1.ConfigMap(`${name}-settings`, { metadata, data: settings }, child);
    new kubernetes.core.v1.Secret(
      `${name}-secrets`,
      { metadata, stringData: { ...secrets } },
      child,
    );
    if (args.egress === "REGISTRY_ONLY")
      createProviderEntries(`${name}-provider`, args.identity, metadata.namespace, {
        parent: this,
      });
    this.annotations = checksumOf(settings, secrets);
    this.registerOutputs({});
  }
}

/** By the names of the environment variables. */
function settingsOf(args: ApplicationLoginArgs): Record<string, string> {
  const { identity } = args;
  const { callback, loggedOut } = applicationAddresses({ ...args, login: "application" });
  const { endSessionEndpoint, certificateAuthority } = identity;
  return {
    OIDC_ISSUER: identity.issuer,
    OIDC_AUDIENCE: identity.audience,
    OIDC_SCOPE: identity.scopes.join(" "),
    OIDC_CALLBACK_URL: callback,
    OIDC_LOGGED_OUT_URL: loggedOut,
    ...(endSessionEndpoint !== undefined && { OIDC_END_SESSION_ENDPOINT: endSessionEndpoint }),
    ...(certificateAuthority !== undefined && { OIDC_CERTIFICATE_AUTHORITY: certificateAuthority }),
  };
}
