import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import type { Application } from "../application";
import { providerUrl, tokensOfProvider } from "./provider";
import { certificateAuthority, matching, oneOf, section, text, unique } from "./schema";
import { variants } from "./variants";

const email = "an e-mail address in lower case, as the tenant keeps it";
const domain = "the tenant's host name, without https:// and path, such as tenant.eu.auth0.com";
const user = ({ roles }: Application) => ({
  email: z.email({ error: email }).refine((address) => address === address.toLowerCase(), {
    error: email,
  }),
  roles: unique(oneOf(roles), "each role once").default([]),
});
const machine = ({ permissions }: Application) => ({
  name: matching(/^[a-z][a-z0-9-]*$/, "a name of small letters, digits and hyphens"),
  permissions: unique(oneOf(permissions), "each permission once"),
});
const anotherUser = "an address that no other user has";
const anotherMachine = "a name that no other machine has";

const hostAndPort = /^(?!-)[a-z0-9-]+(\.[a-z0-9-]+)+(:\d{1,5})?$/;

const auth0Identity = (application: Application) =>
  section({
    kind: z.literal("auth0"),
    /** The tenant's own host, where its Management API is. Without a custom domain the issuer comes from it. */
    domain: matching(hostAndPort, domain),
    /** The tenant's custom domain: tokens are asked for there, and have it as their issuer. Default: it has none. */
    customDomain: matching(
      hostAndPort,
      "the tenant's custom domain without https://, such as login.example.com",
    ).optional(),
    /** The client that may use the tenant's Management API; its secret is a secret. */
    clientId: text("the client id of the tenant's Management API client"),
    clientSecret: text("the client secret of the tenant's Management API client").transform(
      (value) => pulumi.secret(value),
    ),
    /** PEM of the private authority that the tenant's certificate comes from. Default: a public one. */
    certificateAuthority: certificateAuthority().optional(),
    /** The API's identifier. Changing it replaces the API, and tokens for the old one get 403. */
    audience: text("the API's identifier, such as https://bookinfo.io").default(
      application.audience,
    ),
    /** The tenant's users, each with a generated password. Default: none. */
    users: unique(
      section({
        ...user(application),
        name: text("the name that the tenant shows for the user").optional(),
      }),
      anotherUser,
      "email",
    ).default([]),
    /** Clients that bring their own token (client credentials). Default: none. */
    machines: unique(section(machine(application)), anotherMachine, "name").default([]),
  });

const secret = (expected: string) => text(expected).transform((value) => pulumi.secret(value));

const scopes = () => unique(matching(/^[^\s"\\]+$/, "a scope"), "each scope once");

const oidcIdentity = (application: Application) =>
  section({
    kind: z.literal("oidc"),
    ...tokensOfProvider,
    /** Where those who sign people in get tokens, where that is not at the issuer's own host: `token_endpoint`. */
    tokenEndpoint: providerUrl("an https URL without user name and fragment").optional(),
    /** Where people sign out at the provider: `end_session_endpoint`. Default: signing out ends this stack's session only. */
    endSessionEndpoint: providerUrl("an https URL without user name and fragment").optional(),
    /** PEM of the private authority that the provider's certificate comes from. Default: a public one. */
    certificateAuthority: certificateAuthority().optional(),
    /** The provider's client that people sign in with. Default: none; then nobody signs in through this stack. */
    client: section({
      id: text("the client's id"),
      secret: secret("the client's secret"),
      /** What a sign-in asks for; with offline_access most providers let a session be refreshed. */
      scopes: scopes()
        .refine((named) => named.includes("openid"), { error: "a list with openid" })
        .default(["openid", "profile", "email"]),
    }).optional(),
    /** People that the provider knows, for verification: with the roles of the table. Default: none. */
    users: unique(
      section({
        ...user(application),
        /** A test user's, a secret. Without it `verify` takes the token by --token, or asks for a sign-in. */
        password: secret("the user's password").optional(),
      }),
      anotherUser,
      "email",
    ).default([]),
    /** Clients of the provider that bring their own token, for verification. Default: none. */
    machines: unique(
      section({
        ...machine(application),
        clientId: text("the machine's client id"),
        clientSecret: secret("the machine's client secret"),
        /** What its token is asked for with; Entra ID and Okta issue none without. Default: none. */
        scopes: scopes().default([]),
      }),
      anotherMachine,
      "name",
    ).default([]),
  });

/** The users and machines hold roles and permissions of the application's table. */
export const identity = (application: Application) =>
  variants("kind", [auth0Identity(application), oidcIdentity(application)]);
