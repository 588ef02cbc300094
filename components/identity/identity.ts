import type * as pulumi from "@pulumi/pulumi";
import type { AcceptedTokens } from "./tokens";

/** What every identity provider gives the rest of the stack. */
export interface Identity extends AcceptedTokens {
  /** PEM of the private authority that the tenant's certificate comes from; undefined where it is a public one. */
  readonly certificateAuthority: string | undefined;
  /** What a person's sign-in asks for. */
  readonly scopes: readonly string[];
  /** Where codes are changed for tokens, where that is at another host than the issuer's. */
  readonly tokenEndpoint?: string | undefined;
  /** Where people sign out at the provider; undefined where that is not known. */
  readonly endSessionEndpoint: string | undefined;
  readonly clientIds: Clients<pulumi.Output<string>>;
  /** A secret. */
  readonly clientSecrets: pulumi.Output<Clients<string>>;
  /** By e-mail address, of the users whose password is known. A secret. */
  readonly userPasswords: pulumi.Output<Record<string, string>>;
  /** What reads the provider's own settings; absent where this program knows no way. A secret. */
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
  /** The application that people sign in to with a browser, where there is one. */
  readonly web?: Value;
  /** By the machines' names. */
  readonly machines: Readonly<Record<string, Value>>;
}
