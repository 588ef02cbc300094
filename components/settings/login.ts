import { z } from "zod";
import { flag, matching, oneOf, section } from "./schema";
import { variants } from "./variants";

/** An image with a full tag: "latest" would change under a running stack. */
function image(example: string) {
  return matching(
    /^[^\s@]+\/[^\s:@]+:v?\d+\.\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?$/,
    `an image with its registry and a full version tag, such as ${example}`,
  );
}

/** A span of time as Go writes it, in one unit. */
const duration = (example: string) =>
  matching(/^[1-9]\d*[smh]$/, `a number of seconds, minutes or hours, such as "${example}"`);

const seconds = { s: 1, m: 60, h: 3600 } as const;

/** How long a span is, in seconds. */
function lengthOf(span: string): number {
  return Number(span.slice(0, -1)) * seconds[span.slice(-1) as keyof typeof seconds];
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
  if (lengthOf(refresh) >= lengthOf(lifetime))
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
