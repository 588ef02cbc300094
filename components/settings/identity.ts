import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import type { Application } from "../application";
import { providerUrl, tokensOfProvider } from "./provider";
import { certificateAuthority, matching, oneOf, section, text, unique } from "./schema";
import { variants } from "./variants";

const email = "an e-mail address in lower case, as the tenant keeps it";
const domain = "the tenant's host name, without https:// and path, such as tenant.eu.auth0.com";
const user = ({ roles }: Application) => ({
  email: z
    .email({ error: email })
    .refine((address) => address === address.toLowerCase(), {
      error: email,
    })
    .describe("The user's address, in lower case."),
  roles: unique(oneOf(roles), "each role once")
    .default([])
    .describe("The roles of the application's table that the user holds."),
});
const machine = ({ permissions }: Application) => ({
  name: matching(/^[a-z][a-z0-9-]*$/, "a name of small letters, digits and hyphens").describe(
    "The machine's name, in reports and at an Auth0 tenant.",
  ),
  permissions: unique(oneOf(permissions), "each permission once").describe(
    "The permissions of the application's table that the machine holds.",
  ),
});
const anotherUser = "an address that no other user has";
const anotherMachine = "a name that no other machine has";

const hostAndPort = /^(?!-)[a-z0-9-]+(\.[a-z0-9-]+)+(:\d{1,5})?$/;

const auth0Identity = (application: Application) =>
  section({
    kind: z.literal("auth0"),

    domain: matching(hostAndPort, domain).describe(
      "The tenant's own host name, where its Management API is. It may carry a port. Without a custom domain it is the issuer's host too.",
    ),

    customDomain: matching(
      hostAndPort,
      "the tenant's custom domain without https://, such as login.example.com",
    )
      .optional()
      .meta({
        description:
          "The tenant's custom domain. Tokens are requested there, and have it as their issuer.",
        unset: "the tenant has none",
      }),

    clientId: text("the client id of the tenant's Management API client").describe(
      "The client that may use the tenant's Management API.",
    ),
    clientSecret: text("the client secret of the tenant's Management API client")
      .transform((value) => pulumi.secret(value))
      .describe("The secret of that client."),

    certificateAuthority: certificateAuthority().optional().meta({
      description: "PEM of the private authority that the tenant's certificate comes from.",
      unset: "a public one",
    }),

    audience: text("the API's identifier, such as https://api.example.com")
      .default(application.audience)
      .describe(
        "The API's identifier. Changing it replaces the API, and tokens for the old one get 403.",
      ),

    users: unique(
      section({
        ...user(application),
        name: text("the name that the tenant shows for the user").optional().meta({
          description: "The name that the tenant shows for the user.",
          unset: "the address",
        }),
      }),
      anotherUser,
      "email",
    )
      .default([])
      .describe("The tenant's users, each with a generated password."),

    machines: unique(section(machine(application)), anotherMachine, "name")
      .default([])
      .describe("Clients that bring their own token (client credentials)."),
  }).describe(
    "A tenant in which this stack makes the API, its permissions and roles, users and clients.",
  );

const secret = (expected: string) => text(expected).transform((value) => pulumi.secret(value));

const scopes = () => unique(matching(/^[^\s"\\]+$/, "a scope"), "each scope once");

const oidcIdentity = (application: Application) =>
  section({
    kind: z.literal("oidc"),
    ...tokensOfProvider,

    tokenEndpoint: providerUrl("an https URL without user name and fragment").optional().meta({
      description:
        "The provider's `token_endpoint`. It is needed if people sign in and it is at another host than the issuer; the mesh then allows requests to it.",
      unset: "at the issuer's host",
    }),

    endSessionEndpoint: providerUrl("an https URL without user name and fragment").optional().meta({
      description: "The provider's `end_session_endpoint`, where people sign out.",
      unset: "signing out ends this stack's session only",
    }),

    certificateAuthority: certificateAuthority().optional().meta({
      description: "PEM of the private authority that the provider's certificate comes from.",
      unset: "a public one",
    }),

    client: section({
      id: text("the client's id").describe("The client's id."),
      secret: secret("the client's secret").describe("The client's secret."),

      scopes: scopes()
        .refine((named) => named.includes("openid"), { error: "a list with openid" })
        .default(["openid", "profile", "email"])
        .describe(
          "The scopes that a sign-in requests. With `offline_access` most providers let a session be refreshed.",
        ),
    })
      .optional()
      .meta({
        description: "The provider's client that people sign in with.",
        unset: "none; people do not sign in through this stack",
      }),

    users: unique(
      section({
        ...user(application),

        password: secret("the user's password").optional().meta({
          description: "The password of a test user, with which `verify` signs in.",
          unset: "`verify` takes the token from `--token`, or asks for a sign-in",
        }),
      }),
      anotherUser,
      "email",
    )
      .default([])
      .describe(
        "Users of the provider, with the roles of the table that they have there, for verification.",
      ),

    machines: unique(
      section({
        ...machine(application),
        clientId: text("the machine's client id").describe("The machine's client id."),
        clientSecret: secret("the machine's client secret").describe(
          "The machine's client secret.",
        ),

        scopes: scopes()
          .default([])
          .describe(
            "The scopes that its token is requested with. Entra ID and Okta issue no token without a scope.",
          ),
      }),
      anotherMachine,
      "name",
    )
      .default([])
      .describe("Clients of the provider that bring their own token, for verification."),
  }).describe(
    "An existing OpenID Connect provider; nothing is made at it. Its tokens are signed with an algorithm that Envoy checks by a public key: RS256 to RS512, PS256 to PS512, ES256 to ES512, or EdDSA with Ed25519.",
  );

/** The users' roles and the machines' permissions are the application's. */
export const identity = (application: Application) =>
  variants("kind", [auth0Identity(application), oidcIdentity(application)]).describe(
    "Which tokens are accepted, and which users and machines there are.",
  );
