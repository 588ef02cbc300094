import * as auth0 from "@pulumi/auth0";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { Application } from "../application";
import type { IdentitySettings } from "../config";
import { type AddressesArgs, endSessionOf } from "./addresses";
import type { Clients, Identity, TenantAccess } from "./identity";
import { type TenantObjects, tenantObjects } from "./tenant-objects";
import { auth0Tokens } from "./tokens";

/** The application with its permissions and roles, where it is, and where people sign in to it. */
export interface ApplicationArgs extends AddressesArgs {
  readonly application: Application;
}

/** What is made at the tenant: from the settings under `identity`, and the application. */
export type Auth0IdentityArgs = Omit<Extract<IdentitySettings, { kind: "auth0" }>, "kind"> &
  ApplicationArgs;

type User = Auth0IdentityArgs["users"][number];
type People = NonNullable<TenantObjects["people"]>;
type Machine = TenantObjects["machines"][number];

type RoleIds = ReadonlyMap<string, pulumi.Output<string>>;

/** A client of the tenant, as other components need it. */
interface TenantClient {
  readonly id: pulumi.Output<string>;
  readonly secret: pulumi.Output<string>;
}

/** Auth0's own names for its password policies. */
const specialCharacters = "!@#$%^&*";

/** The class of one of the tenant's resources. */
type TenantResource<Args, Made extends pulumi.CustomResource> = new (
  name: string,
  args: Args,
  options: pulumi.CustomResourceOptions,
) => Made;

/** An Auth0 tenant's API, permissions, roles, users and applications, as the application's table requires them. */
export class Auth0Identity extends pulumi.ComponentResource implements Identity {
  public readonly issuer: string;
  public readonly jwksUri: string;
  public readonly audience: string;
  public readonly permissionsClaim: readonly string[];
  public readonly certificateAuthority: string | undefined;
  // The last one is for a refresh token.
  public readonly scopes = ["openid", "profile", "email", "offline_access"];
  public readonly endSessionEndpoint: string;
  public readonly clientIds: Clients<pulumi.Output<string>>;
  public readonly clientSecrets: pulumi.Output<Clients<string>>;
  public readonly userPasswords: pulumi.Output<Record<string, string>>;
  public readonly tenant: pulumi.Output<TenantAccess>;

  private readonly objects: TenantObjects;
  private readonly provider: auth0.Provider;
  private last: pulumi.Resource | undefined;

  /**
   * @param name the component's name; its children are named after it
   * @param args the tenant, its Management API client, users and machines
   * @param options Pulumi's resource options
   */
  constructor(
    private readonly name: string,
    args: Auth0IdentityArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("istio-auth0:index:Auth0Identity", name, {}, options);
    const tokens = auth0Tokens(args);
    this.issuer = tokens.issuer;
    this.jwksUri = tokens.jwksUri;
    this.audience = tokens.audience;
    this.permissionsClaim = tokens.permissionsClaim;
    this.certificateAuthority = args.certificateAuthority;
    const { domain, clientId, clientSecret } = args;
    this.tenant = pulumi.secret({ domain, clientId, clientSecret });
    this.objects = tenantObjects(args);
    const { people } = this.objects;
    this.endSessionEndpoint = endSessionOf(args);
    this.provider = new auth0.Provider(name, { domain, clientId, clientSecret }, { parent: this });

    const api = this.createApi();
    const roleIds = this.createRoles(api);
    const connection = people && this.inTurn(auth0.Connection, "connection", people.connection);
    const web = connection && this.createWebApplication(people.web, connection);
    const machines = this.objects.machines.map(
      (machine) => [machine.name, this.createMachine(machine, api)] as const,
    );
    const passwords = connection
      ? args.users.map((user) => [user.email, this.createUser(user, connection, roleIds)] as const)
      : [];

    const ofMachines = <Value>(value: (client: TenantClient) => Value) =>
      Object.fromEntries(machines.map(([machine, client]) => [machine, value(client)]));
    this.clientIds = { ...(web && { web: web.id }), machines: ofMachines(({ id }) => id) };
    this.clientSecrets = pulumi.secret({
      ...(web && { web: web.secret }),
      machines: ofMachines(({ secret }) => secret),
    });
    this.userPasswords = pulumi.secret(Object.fromEntries(passwords));
    this.registerOutputs({});
  }

  /** The API with its permissions. */
  private createApi(): auth0.ResourceServer {
    const api = this.inTurn(auth0.ResourceServer, "api", this.objects.api);
    this.inTurn(auth0.ResourceServerScopes, "scopes", {
      resourceServerIdentifier: api.identifier,
      scopes: this.objects.permissions,
    });
    return api;
  }

  /**
   * Every role of the table, each with all of its permissions in one resource: with one resource for each, they would
   * overwrite each other.
   */
  private createRoles(api: auth0.ResourceServer): RoleIds {
    return new Map(
      this.objects.roles.map(({ name: role, description, permissions: granted }) => {
        const { id } = this.inTurn(auth0.Role, `role-${role}`, { name: role, description });
        this.inTurn(auth0.RolePermissions, `role-${role}-permissions`, {
          roleId: id,
          permissions: granted.map((name) => ({
            name,
            resourceServerIdentifier: api.identifier,
          })),
        });
        return [role, id];
      }),
    );
  }

  /** The application that people sign in to with a browser. */
  private createWebApplication(args: People["web"], connection: auth0.Connection): TenantClient {
    const client = this.createClient("web", args);
    this.inTurn(auth0.ConnectionClients, "connection-clients", {
      connectionId: connection.id,
      enabledClients: [client.id],
    });
    return client;
  }

  /** A machine's client, and the permissions that its tokens carry. */
  private createMachine(machine: Machine, api: auth0.ResourceServer): TenantClient {
    const name = `machine-${machine.name}`;
    const client = this.createClient(name, machine.client);
    this.inTurn(auth0.ClientGrant, `${name}-grant`, {
      clientId: client.id,
      audience: api.identifier,
      scopes: [...machine.permissions],
    });
    return client;
  }

  /**
   * A confidential client. Its secret is generated here, because reading one back takes a scope that few clients have.
   */
  private createClient(name: string, args: auth0.ClientArgs): TenantClient {
    const client = this.inTurn(auth0.Client, name, args);
    const { result: secret } = new random.RandomPassword(
      `${this.name}-${name}-secret`,
      { length: 64, special: false },
      { parent: this },
    );
    this.inTurn(auth0.ClientCredentials, `${name}-credentials`, {
      clientId: client.id,
      authenticationMethod: this.objects.authenticationMethod,
      clientSecret: secret,
    });
    return { id: client.id, secret };
  }

  /** A user with a generated password, and the user's roles. Returns the password. */
  private createUser(
    { email, name = email, roles: held }: User,
    connection: auth0.Connection,
    roleIds: RoleIds,
  ): pulumi.Output<string> {
    const { result: password } = new random.RandomPassword(
      `${this.name}-user-${email}-password`,
      {
        length: 24,
        overrideSpecial: specialCharacters,
        minLower: 1,
        minUpper: 1,
        minNumeric: 1,
        minSpecial: 1,
      },
      { parent: this },
    );
    const user = this.inTurn(auth0.User, `user-${email}`, {
      connectionName: connection.name,
      email,
      emailVerified: true,
      name,
      password,
    });
    if (held.length > 0) {
      this.inTurn(auth0.UserRoles, `user-${email}-roles`, {
        userId: user.id,
        roles: held.flatMap((role) => roleIds.get(role) ?? []),
      });
    }
    return password;
  }

  /**
   * Creates a resource after the one before it.
   *
   * A free tenant allows two Management API requests a second. The provider does not limit its requests, and a few
   * resources created at the same time already get "too many requests".
   */
  private inTurn<Args, Made extends pulumi.CustomResource>(
    type: TenantResource<Args, Made>,
    name: string,
    args: Args,
  ): Made {
    const dependsOn = this.last === undefined ? [] : [this.last];
    const options = { parent: this, provider: this.provider, dependsOn };
    const made = new type(`${this.name}-${name}`, args, options);
    this.last = made;
    return made;
  }
}
