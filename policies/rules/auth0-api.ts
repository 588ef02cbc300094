import { z } from "zod";
import { absentOr, atMost, oneOf, unexpected } from "../expectation";
import { resourceRule } from "../rule";

/** https://auth0.com/docs/get-started/apis/api-settings */
export const auth0Api = resourceRule({
  name: "auth0-api",
  description: "An API's access tokens are signed, short-lived, and hold what its roles grant.",
  severity: "critical",
  remediation:
    "Have the ResourceServer enforce RBAC, with a dialect that puts permissions into access tokens.",
  settings: z.object({
    signingAlgorithms: z
      .array(z.string())
      .default(["RS256"])
      .describe("What access tokens may be signed with; a mesh cannot check a shared secret's"),
    tokenDialects: z
      .array(z.string())
      .default(["access_token_authz", "rfc9068_profile_authz"])
      .describe("The shapes of access tokens that may be; these hold permissions"),
    maximumTokenLifetime: z
      .number()
      .default(86_400)
      .describe("Seconds: for so long a role that was taken away still counts"),
    allowOfflineAccess: z
      .boolean()
      .default(false)
      .describe("Whether an application may ask for refresh tokens"),
  }),
  judge(resource, settings) {
    if (resource.type !== "auth0:index/resourceServer:ResourceServer") return [];
    const { allowOfflineAccess, maximumTokenLifetime } = settings;
    return unexpected(resource, [
      oneOf("enforcePolicies", [true]),
      oneOf("tokenDialect", settings.tokenDialects),
      oneOf("signingAlg", settings.signingAlgorithms),
      atMost("tokenLifetime", maximumTokenLifetime),
      atMost("tokenLifetimeForWeb", maximumTokenLifetime),
      absentOr("allowOfflineAccess", allowOfflineAccess ? [false, true] : [false]),
      // Otherwise a machine would get tokens without a grant, or with the permissions that it requests.
      absentOr("subjectTypeAuthorization.client.policy", ["require_client_grant", "deny_all"]),
    ]);
  },
});
