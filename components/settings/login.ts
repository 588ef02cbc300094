import { z } from "zod";
import { duration, flag, matching, oneOf, secondsOf, section } from "./schema";
import { variants } from "./variants";

/** An image with a full tag: "latest" would change under a running stack. */
function image(example: string) {
  return matching(
    /^[^\s@]+\/[^\s:@]+:v?\d+\.\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?$/,
    `an image with its registry and a full version tag, such as ${example}`,
  );
}

const proxyImage = "quay.io/oauth2-proxy/oauth2-proxy:v7.15.6";
const redisImage = "docker.io/library/redis:8.8.3";

const atGateway = section({
  at: z.literal("gateway"),

  required: flag()
    .default(false)
    .describe(
      "Whether the gateway refuses requests without a session or a token, for public services too. Pages (`Accept: text/html`) then lead to the sign-in; other requests, and those for paths under `/api/`, are answered 401.",
    ),

  sessions: oneOf({ redis: true, cookie: true })
    .default("redis")
    .describe(
      "Where sessions are kept: in a Redis of this stack's (`redis`), or encrypted in the browser's cookies (`cookie`).",
    ),

  lifetime: duration("12h")
    .default("12h")
    .describe(
      "How long a session lasts that is not used. Each refresh of its token starts this time again; the provider's refresh tokens decide how long a session in use lasts.",
    ),

  refresh: duration("4m")
    .default("4m")
    .describe(
      "The age at which a session's token is refreshed, and with it its user's permissions. It must be shorter than the lifetime of the provider's tokens, or the mesh refuses them; Keycloak's are valid for five minutes by default.",
    ),
  image: image(proxyImage).default(proxyImage).describe("OAuth2-Proxy's image."),
  redisImage: image(redisImage).default(redisImage).describe("Redis's image."),
})
  .superRefine(({ lifetime, refresh }, context) => {
    if (secondsOf(refresh) >= secondsOf(lifetime))
      context.addIssue({
        code: "custom",
        path: ["refresh"],
        input: refresh,
        message: `a shorter time than login.lifetime, ${lifetime}`,
      });
  })
  .describe(
    "OAuth2-Proxy signs people in, in a namespace of its own, and the gateway gives each request of a session its access token; machines bring their own. `/oauth2/start` signs in, `/oauth2/sign_out` signs out, here and at the provider. The client's callback at the provider is GATEWAY`/oauth2/callback`, the address after signing out GATEWAY`/oauth2/signed_out`.",
  );

const inApplication = section({
  at: z.literal("application"),

  image: image("registry.example.com/web:1.0.0").describe(
    "An image of the first service that the gateway leads to; the program in it signs people in by itself.",
  ),
}).describe(
  "A service of your own signs people in: the first that the gateway leads to. `/login`, `/logout` and `/callback` lead to it. Its environment has `OIDC_CLIENT_ID`, `OIDC_CLIENT_SECRET` and `SESSION_SECRET` from a Secret, and `OIDC_ISSUER`, `OIDC_AUDIENCE`, `OIDC_SCOPE`, `OIDC_CALLBACK_URL`, `OIDC_LOGGED_OUT_URL`, `OIDC_END_SESSION_ENDPOINT` and `OIDC_CERTIFICATE_AUTHORITY` (PEM) from a ConfigMap. The callback at the provider is GATEWAY`/callback`, the address after signing out GATEWAY`/signed-out`.",
);

export const login = variants("at", [
  section({ at: z.literal("none") }).describe(
    "The stack does not sign people in; requests bring their token.",
  ),
  atGateway,
  inApplication,
]).describe("How people sign in with a browser.");
