import { z } from "zod";
import { type Application, routesOf } from "../application";
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

const origins = () => unique(origin, "each origin once");
const methods = () =>
  unique(corsMethod, "each method once").min(1, { error: "at least one method" });
const age = () => duration("10m");

/** What one service has instead of the stack's. */
const ofService = section({
  origins: origins().optional(),
  methods: methods().optional(),
  headers: header().optional(),
  exposeHeaders: header().optional(),
  maxAge: age().optional(),
});

/**
 * What pages of other origins may request of the services by a browser. The browser sends no cookie, so a page brings
 * its own token. https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export const cors = section({
  origins: origins().describe(
    "The origins in full whose pages may call the services. An empty list where only `services` have some.",
  ),

  methods: methods()
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

  maxAge: age()
    .default("10m")
    .describe(
      "How long a browser keeps the answer to a preflight. Browsers have limits of their own.",
    ),

  services: z
    .record(z.string(), ofService, { error: "an object with a service's own by its name" })
    .optional()
    .meta({
      description:
        "What single services have instead, by their names: any of the settings above, and the others as they are there. `origins: []` lets no other origin call a service.",
      unset: "each service has those above",
    }),
});

const listed = z.array(z.unknown()).default([]);

const withOrigins = z.looseObject({
  gateway: z.looseObject({
    url: z.string(),
    cors: z.looseObject({
      origins: z.array(z.unknown()),
      services: z
        .record(z.string(), z.looseObject({ origins: listed }))
        .default({})
        .catch({}),
    }),
  }),
});

/**
 * Some origin is let in. The gateway's own pages need no setting; an entry that lists them is a mistake, and so is a
 * service that answers no page through the gateway, or says by itself what pages may do.
 */
export function checkOrigins({ services: inTable }: Pick<Application, "services">) {
  return (settings: unknown, context: z.core.$RefinementCtx): void => {
    const { data } = withOrigins.safeParse(settings);
    if (data === undefined) return;
    const { url, cors: found } = data.gateway;
    const complain = (path: readonly (string | number)[], input: unknown, message: string) => {
      context.addIssue({ code: "custom", path: ["gateway", "cors", ...path], input, message });
    };
    const lists = [
      { path: [], origins: found.origins },
      ...Object.entries(found.services).map(([name, { origins: own }]) => ({
        path: ["services", name],
        origins: own,
      })),
    ];
    if (lists.every(({ origins: list }) => list.length === 0))
      complain(["origins"], found.origins, "at least one origin, or no gateway.cors");
    for (const { path, origins: list } of lists)
      list.forEach((one, index) => {
        if (one !== url) return;
        const message = "another origin than gateway.url, whose own pages need none";
        complain([...path, "origins", index], one, message);
      });
    const led = Object.entries(inTable).filter(
      ([, service]) => service.cors !== "own" && routesOf(service).length > 0,
    );
    for (const [name, own] of Object.entries(found.services)) {
      if (led.some(([known]) => known === name)) continue;
      const known = led.map(([service]) => service).join(", ");
      const message = `one of the services that the gateway leads to, but for those with cors: "own": ${known}`;
      complain(["services", name], own, message);
    }
  };
}
