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
  /** Whether nobody gets in without a session or a token. Default: false; public services answer anybody. */
  required: flag().default(false),
  /** Where sessions are kept: in a Redis of this stack's, or encrypted in the browser's cookies. */
  sessions: oneOf({ redis: true, cookie: true }).default("redis"),
  /** How long a session lasts that is not used: each fetch of its token begins that anew. */
  lifetime: duration("12h").default("12h"),
  /**
   * The age at which a session's token is fetched anew, and with it what its user may do. It must be shorter than
   * the provider's tokens are valid, or the mesh refuses them: Keycloak's are for five minutes by default.
   */
  refresh: duration("4m").default("4m"),
  image: image(proxyImage).default(proxyImage),
  redisImage: image(redisImage).default(redisImage),
}).superRefine(({ lifetime, refresh }, context) => {
  if (secondsOf(refresh) >= secondsOf(lifetime))
    context.addIssue({
      code: "custom",
      path: ["refresh"],
      input: refresh,
      message: `a shorter time than login.lifetime, ${lifetime}`,
    });
});

const inApplication = section({
  at: z.literal("application"),
  /** A productpage that signs people in by itself: Bookinfo's own lets in anybody, under any name. */
  image: image("registry.example.com/productpage:1.0.0"),
});

export const login = variants("at", [section({ at: z.literal("none") }), atGateway, inApplication]);
