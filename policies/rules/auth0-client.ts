import { z } from "zod";
import { absentOr, oneOf, unexpected, where } from "../expectation";
import { at, entries, show } from "../reading";
import type { Resource } from "../resource";
import { type Finding, resourceRule } from "../rule";
import { originOf, wrongWith } from "../web-address";

const settings = z.object({
  allowLocalhost: z
    .boolean()
    .default(false)
    .describe("Whether addresses of the user's own machine may be without encryption"),
  schemes: z
    .array(z.string())
    .default(["https"])
    .describe("The schemes that an address may have; a native application's own is one of these"),
  gatewayUrl: z
    .string()
    .optional()
    .describe("The gateway's URL, whose addresses alone browsers come back to. Default: any"),
  grantTypes: z
    .array(z.string())
    .default(["authorization_code", "client_credentials", "refresh_token"])
    .describe("How an application may come by tokens: not implicitly, nor by a user's password"),
  applicationTypes: z
    .array(z.string())
    .default(["non_interactive", "regular_web"])
    .describe("The applications that may be; these can keep a secret, spa and native ones cannot"),
  authenticationMethods: z
    .array(z.string())
    .default([
      "client_secret_basic",
      "client_secret_post",
      "private_key_jwt",
      "self_signed_tls_client_auth",
      "tls_client_auth",
    ])
    .describe("How an application may show who it is when it asks for tokens"),
  signingAlgorithms: z
    .array(z.string())
    .default(["RS256"])
    .describe("What ID tokens may be signed with"),
  tokenExchanges: z
    .array(z.string())
    .default([])
    .describe(
      "How an application may exchange tokens; with a custom exchange it could act as any user",
    ),
  rotateRefreshTokens: z
    .boolean()
    .default(false)
    .describe("Whether each refresh token has to be good for one use, and end"),
});

type Settings = z.infer<typeof settings>;

/** https://auth0.com/docs/get-started/applications/application-settings */
export const auth0Client = resourceRule({
  name: "auth0-client",
  description: "Applications get tokens by safe grants only, at addresses of their own.",
  severity: "critical",
  remediation: "Give each address in full and encrypted, and only the grants that are needed.",
  settings,
  judge(resource, settings) {
    return judgments[resource.type]?.(resource, settings) ?? [];
  },
});

const judgments: Readonly<
  Record<string, (resource: Resource, settings: Settings) => readonly Finding[]>
> = {
  "auth0:index/client:Client": (client, settings) => [
    ...addresses(client, settings),
    ...grants(client, settings),
    ...exchanges(client, settings),
    ...unexpected(client, [
      oneOf("appType", settings.applicationTypes),
      oneOf("oidcConformant", [true]),
      oneOf("jwtConfiguration.alg", settings.signingAlgorithms),
      absentOr("crossOriginAuth", [false]),
      absentOr("sessionTransfer.delegation.allowDelegatedAccess", [false]),
      ...(settings.rotateRefreshTokens && mayRefresh(client) ? rotation : []),
    ]),
  ],
  "auth0:index/clientCredentials:ClientCredentials": (credentials, settings) =>
    unexpected(credentials, [oneOf("authenticationMethod", settings.authenticationMethods)]),
};

/** Every address to which the tenant sends a browser, or from which a page may send requests. */
const addressPaths = [
  "callbacks",
  "allowedLogoutUrls",
  "webOrigins",
  "allowedOrigins",
  "initiateLoginUri",
  "crossOriginLoc",
  "oidcBackchannelLogoutUrls",
  "oidcLogout.backchannelLogoutUrls",
];

function addresses(client: Resource, settings: Settings): Finding[] {
  const { schemes, allowLocalhost, gatewayUrl } = settings;
  const write = `an address in full, without *, that begins with ${schemes.map((scheme) => `${scheme}://`).join(" or ")}`;
  return addressPaths.flatMap((path) =>
    entries(at(client.inputs, ...path.split("."))).flatMap((address) => {
      const wrong = wrongWith(address, schemes, allowLocalhost);
      if (wrong === undefined) return elsewhere(client, path, address, gatewayUrl);
      return [{ where: where(client, path), has: address, note: wrong, write }];
    }),
  );
}

/** The provider sends codes, and browsers, to the address. */
function elsewhere(client: Resource, path: string, address: unknown, gatewayUrl?: string) {
  if (gatewayUrl === undefined || originOf(address) === originOf(gatewayUrl)) return [];
  return [
    {
      where: where(client, path),
      has: address,
      note: "which is not the gateway's",
      write: `an address of ${gatewayUrl}`,
    },
  ];
}

function grants(client: Resource, { grantTypes }: Settings): Finding[] {
  const write = `some of ${grantTypes.map(show).join(", ")}`;
  const given = client.inputs.grantTypes;
  // Auth0's default includes the implicit grant.
  if (given === undefined) return [{ where: where(client, "grantTypes"), is: given, write }];
  return entries(given)
    .filter((grant) => !grantTypes.some((allowed) => allowed === grant))
    .map((grant) => ({ where: where(client, "grantTypes"), has: grant, write }));
}

/** An action of the tenant's decides whose token it gets. */
function exchanges(client: Resource, { tokenExchanges }: Settings): Finding[] {
  const path = "tokenExchange.allowAnyProfileOfTypes";
  const write =
    tokenExchanges.length > 0 ? `some of ${tokenExchanges.map(show).join(", ")}` : "none";
  return entries(at(client.inputs, ...path.split(".")))
    .filter((type) => !tokenExchanges.some((allowed) => allowed === type))
    .map((type) => ({ where: where(client, path), has: type, write }));
}

const rotation = [
  oneOf("refreshToken.rotationType", ["rotating"]),
  oneOf("refreshToken.expirationType", ["expiring"]),
];

/** An unknown grant may be this one too. */
const mayRefresh = ({ inputs }: Resource) =>
  entries(inputs.grantTypes).some(
    (grant) => typeof grant !== "string" || grant === "refresh_token",
  );
