import { z } from "zod";
import { duration, matching, oneOf, section, unique } from "./schema";

const originWords =
  "an origin as browsers send it: http or https, the host in lower case, and the port unless it is the scheme's own; no path, no *, such as https://app.example.com";

/**
 * Not a pattern: a page is allowed by its whole origin, and `null` is the origin of any sandboxed frame or local file.
 */
const origin = z.string({ error: originWords }).refine(
  (text) => {
    const url = URL.parse(text);
    // No page is at .invalid (RFC 6761): verify uses an origin there as one that is not allowed.
    return /^https?:/.test(text) && !/\*|\.invalid(:|$)/.test(text) && url?.origin === text;
  },
  { error: originWords },
);

/** The methods that a page may send; browsers never send CONNECT or TRACE for a page. */
export const corsMethod = oneOf({
  GET: true,
  HEAD: true,
  POST: true,
  PUT: true,
  PATCH: true,
  DELETE: true,
  OPTIONS: true,
});

const header = () =>
  unique(
    matching(/^[a-z0-9-]+$/, "a header's name in lower case, such as authorization; no *"),
    "each header once",
  );

/**
 * What pages of other origins may request of the services by a browser. The browser sends no cookie, so a page brings
 * its own token. https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export const cors = section({
  origins: unique(origin, "each origin once")
    .min(1, {
      error: "at least one origin, or no gateway.cors",
    })
    .describe("The origins in full whose pages may call the services."),

  methods: unique(corsMethod, "each method once")
    .min(1, { error: "at least one method" })
    .default(["GET", "HEAD", "POST"])
    .describe("The methods that a page may send. The table decides what a caller may do."),

  headers: header()
    .default(["authorization", "content-type"])
    .describe("The headers that a page may send, in lower case."),

  exposeHeaders: header()
    .default([])
    .describe(
      "The headers of answers that a page may read, in addition to those that it always may.",
    ),

  maxAge: duration("10m")
    .default("10m")
    .describe(
      "How long a browser keeps the answer to a preflight. Browsers have limits of their own.",
    ),
});

const withOrigins = z.looseObject({
  gateway: z.looseObject({
    url: z.string(),
    cors: z.looseObject({ origins: z.array(z.unknown()) }),
  }),
});

/** The gateway's own pages need no setting; an entry that lists them is a mistake. */
export function checkOrigins(settings: unknown, context: z.core.$RefinementCtx): void {
  const { data } = withOrigins.safeParse(settings);
  if (data === undefined) return;
  const { url, cors: found } = data.gateway;
  found.origins.forEach((one, index) => {
    if (one !== url) return;
    context.addIssue({
      code: "custom",
      path: ["gateway", "cors", "origins", index],
      input: one,
      message: "another origin than gateway.url, whose own pages need none",
    });
  });
}
