/**
 * What an application has at an Auth0 tenant, as data with Pulumi's names: the component makes it, and `verify`
 * compares the tenant with it.
 */
import { type Application, machineTitle } from "../application";
import { type AddressesArgs, applicationAddresses } from "./addresses";

/** How long an access token is valid, in seconds; a revoked role still takes effect for as long. */
const tokenLifetime = 3600;

/** A machine, and the permissions that its tokens carry. */
export interface MachineArgs {
  readonly name: string;
  readonly permissions: readonly string[];
}

/** What the objects are made from. */
export interface TenantObjectsArgs extends AddressesArgs {
  readonly application: Application;
  /** The API's identifier. */
  readonly audience: string;
  readonly machines: readonly MachineArgs[];
}

/** The tenant's objects for an application, without its users. */
export type TenantObjects = ReturnType<typeof tenantObjects>;

/** @returns without `people` if no one signs in to the application */
export function tenantObjects(args: TenantObjectsArgs) {
  const { application, audience, machines } = args;
  return {
    /** An access token has permissions only with RBAC enforced and this dialect. */
    api: {
      name: application.title,
      identifier: audience,
      signingAlg: "RS256",
      enforcePolicies: true,
      tokenDialect: "access_token_authz",
      tokenLifetime,
      tokenLifetimeForWeb: tokenLifetime,
      allowOfflineAccess: true,
      skipConsentForVerifiableFirstPartyClients: true,
    },
    permissions: Object.entries(application.permissions).map(([name, description]) => ({
      name,
      description,
    })),
    roles: Object.entries(application.roles).map(([name, { description, permissions }]) => ({
      name,
      description,
      permissions,
    })),
    ...(application.people && { people: peopleObjects(args) }),
    machines: machines.map(({ name, permissions }) => ({
      name,
      permissions,
      client: {
        name: machineTitle(application, name),
        description: `Calls ${application.title} by itself`,
        appType: "non_interactive",
        grantTypes: ["client_credentials"],
        ...everyClient,
      },
    })),
    /** How each client authenticates when it requests tokens. */
    authenticationMethod: "client_secret_post",
  };
}

const everyClient = { oidcConformant: true, jwtConfiguration: { alg: "RS256" } };

/** The user store, and the application that people sign in to with a browser. */
function peopleObjects(args: TenantObjectsArgs) {
  const { name, title } = args.application;
  const { callback, loggedOut } = applicationAddresses(args);
  return {
    /** A user store of this stack alone, so that setting its clients removes it from no other application. */
    connection: {
      name,
      strategy: "auth0",
      options: { disableSignup: true, passwordPolicy: "good", bruteForceProtection: true },
    },
    web: {
      name: title,
      description: `Signs people in to ${title}`,
      appType: "regular_web",
      grantTypes: ["authorization_code", "refresh_token"],
      callbacks: [callback],
      allowedLogoutUrls: [loggedOut],
      ...everyClient,
    },
  };
}
