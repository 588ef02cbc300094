import type * as pulumi from "@pulumi/pulumi";
import type { AcceptedTokens } from "./tokens";

/** What every identity provider gives the rest of the stack. */
export interface Identity extends AcceptedTokens {
  /** PEM of the private authority that signed the tenant's certificate; undefined if it is a public one. */
  readonly certificateAuthority: string | undefined;
  /** The scope that a sign-in asks for. */
  readonly scopes: readonly string[];
  /** Where codes are exchanged for tokens, if that is at another host than the issuer's. */
  readonly tokenEndpoint?: string | undefined;
  /** Where people sign out at the provider; undefined if that is not known. */
  readonly endSessionEndpoint: string | undefined;
  readonly clientIds: Clients<pulumi.Output<string>>;
  /** A secret. */
  readonly clientSecrets: pulumi.Output<Clients<string>>;
  /** By e-mail address, of the users whose password is known. A secret. */
  readonly userPasswords: pulumi.Output<Record<string, string>>;
  /** The client that may read the provider's own settings; absent if this program cannot read them. A secret. */
  readonly tenant?: pulumi.Output<TenantAccess>;
}

/** An Auth0 tenant, and the client that may use its Management API. */
export interface TenantAccess {
  readonly domain: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** One value for each of the tenant's clients. */
export interface Clients<Value> {
  /** The application that people sign in to with a browser, if there is one. */
  readonly web?: Value;
  /** By the machines' names. */
  readonly machines: Readonly<Record<string, Value>>;
}
