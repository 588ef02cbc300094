import * as pulumi from "@pulumi/pulumi";
import type { IdentitySettings } from "../config";
import type { Clients, Identity } from "./identity";

/** What the settings under `identity` say about the provider. */
export type OidcIdentityArgs = Omit<Extract<IdentitySettings, { kind: "oidc" }>, "kind">;

/** An OpenID Connect provider that exists already: nothing is made at it. */
export class OidcIdentity extends pulumi.ComponentResource implements Identity {
  public readonly issuer: string;
  public readonly jwksUri: string;
  public readonly audience: string;
  public readonly permissionsClaim: readonly string[];
  public readonly spaceDelimited: boolean | undefined;
  public readonly certificateAuthority: string | undefined;
  public readonly scopes: readonly string[];
  public readonly tokenEndpoint: string | undefined;
  public readonly endSessionEndpoint: string | undefined;
  public readonly clientIds: Clients<pulumi.Output<string>>;
  public readonly clientSecrets: pulumi.Output<Clients<string>>;
  public readonly userPasswords: pulumi.Output<Record<string, string>>;

  /**
   * @param name the component's name
   * @param args where the provider's tokens and keys come from, and its users and clients
   * @param options Pulumi's resource options
   */
  constructor(name: string, args: OidcIdentityArgs, options?: pulumi.ComponentResourceOptions) {
    super("istio-auth0:index:OidcIdentity", name, {}, options);
    this.issuer = args.issuer;
    this.jwksUri = args.jwksUri;
    this.audience = args.audience;
    this.permissionsClaim = args.permissionsClaim;
    this.spaceDelimited = args.spaceDelimited;
    this.certificateAuthority = args.certificateAuthority;
    this.tokenEndpoint = args.tokenEndpoint;
    this.endSessionEndpoint = args.endSessionEndpoint;
    const { client, machines, users } = args;
    this.scopes = client?.scopes ?? [];
    const ofMachines = <Value>(value: (machine: (typeof machines)[number]) => Value) =>
      Object.fromEntries(machines.map((machine) => [machine.name, value(machine)]));
    this.clientIds = {
      ...(client && { web: pulumi.output(client.id) }),
      machines: ofMachines(({ clientId }) => pulumi.output(clientId)),
    };
    this.clientSecrets = pulumi.secret({
      ...(client && { web: client.secret }),
      machines: ofMachines(({ clientSecret }) => clientSecret),
    });
    this.userPasswords = pulumi.secret(
      Object.fromEntries(
        users.flatMap(({ email, password }) => (password === undefined ? [] : [[email, password]])),
      ),
    );
    this.registerOutputs({});
  }
}
