/** What pages of other origins may do from a browser (CORS). */
import { z } from "zod";
import { secondsOf } from "./chart-values";
import { at, entries, isFields, show } from "./reading";
import { unknown } from "./resource";
import type { Finding } from "./rule";

const names = (what: string) => z.array(z.string()).default([]).describe(what);

const fields = {
  origins: names("The origins whose pages may ask, in full"),
  methods: names("The methods that they may send"),
  headers: names("The headers that they may send, in lower case"),
  exposeHeaders: names("The headers of answers that they may read, in lower case"),
  maxAge: z.number().default(0).describe("How long a browser may keep that, in seconds"),
};

/** What the routes may allow pages. */
export const corsSettings = z.strictObject({
  ...fields,
  hosts: z
    .record(z.string(), z.strictObject(fields))
    .default({})
    .describe("The same for routes to these hosts, in full, instead"),
  exceptHosts: names("The hosts that no page asks, such as the login's, in full"),
});

type Settings = z.infer<typeof corsSettings>;

export type Cors = Omit<Settings, "hosts" | "exceptHosts">;

/** What a route to these hosts may allow: each of them its own, and what leads to none the settings of all. */
export function corsOf(settings: Settings, hosts: readonly unknown[]): Cors[] {
  const own = hosts.map((host) =>
    typeof host === "string" && Object.hasOwn(settings.hosts, host)
      ? settings.hosts[host]
      : undefined,
  );
  return hosts.length === 0 ? [settings] : [...new Set(own.map((one) => one ?? settings))];
}

/** A policy for other origins, as it is in a route. */
interface Place {
  readonly policy: unknown;
  /** Its place in the object. */
  readonly path: string;
  /** The object's title. */
  readonly title: string;
  /** Whether it is Istio's own kind, which can pass an unknown origin's preflight on to the service. */
  readonly isIstio: boolean;
}

/** What a route allows pages and the settings do not; without settings, what no route may allow. */
export function judgeCors(place: Place, allowed: Cors | undefined): Finding[] {
  if (place.policy === undefined) return [];
  return allowed === undefined ? judgeCredentials(place) : judgePolicy(place, allowed);
}

const originsOf = (policy: unknown) => [
  ...entries(at(policy, "allowOrigins")),
  ...entries(at(policy, "allowOrigin")),
];

const anyOrigin: readonly unknown[] = ["*", ".*", ".+", "^.*$", "http", "https", "https://", "/"];

/** With credentials, a page of any of these origins reads what a session may read. */
function judgeCredentials({ policy, path, title }: Place): Finding[] {
  if (at(policy, "allowCredentials") !== true) return [];
  return originsOf(policy)
    .filter((origin) =>
      [
        origin,
        ...["exact", "prefix", "regex"].map((kind) =>
          isFields(origin) ? origin[kind] : undefined,
        ),
      ].some((value) => value === unknown || anyOrigin.includes(value)),
    )
    .map((origin) => ({
      where: `${path} of ${title}`,
      found: `lets ${show(origin)} read with credentials`,
      write: "origins in full, or no allowCredentials",
    }));
}

function judgePolicy({ policy, path, title, isIstio }: Place, allowed: Cors): Finding[] {
  const lists = [
    ["allowMethods", allowed.methods],
    ["allowHeaders", allowed.headers],
    ["exposeHeaders", allowed.exposeHeaders],
  ] as const;
  const age = at(policy, "maxAge");
  const seconds = typeof age === "number" ? age : secondsOf(age);
  const unmatched = at(policy, "unmatchedPreflights");
  const credentials = at(policy, "allowCredentials");
  return [
    ...originsOf(policy)
      .filter((origin) => !allowed.origins.some((one) => one === exactOf(origin)))
      .map((origin) => ({
        where: `${path} of ${title}`,
        found: `lets ${show(origin)} read`,
        write: allowed.origins.length === 0 ? "no policy" : `exact: of ${show(allowed.origins)}`,
      })),
    ...lists.flatMap(([list, known]) =>
      entries(at(policy, list))
        .filter((name) => !known.some((one) => one === normal(name, list)))
        .map((name) => ({
          where: `${path}.${list} of ${title}`,
          has: name,
          write: `of ${show(known)}`,
        })),
    ),
    ...(credentials === undefined || credentials === false
      ? []
      : [
          {
            where: `${path}.allowCredentials of ${title}`,
            is: credentials,
            write: "nothing",
          },
        ]),
    ...(age === undefined || (seconds ?? Infinity) <= allowed.maxAge
      ? []
      : [
          {
            where: `${path}.maxAge of ${title}`,
            is: age,
            write: `at most "${allowed.maxAge}s"`,
          },
        ]),
    ...(!isIstio || unmatched === "IGNORE"
      ? []
      : [
          {
            where: `${path}.unmatchedPreflights of ${title}`,
            is: unmatched,
            write: '"IGNORE"',
          },
        ]),
  ];
}

/** Preflights need no token if pages are allowed: one that the route does not answer would reach the service. */
export function unansweredPreflights(
  { policy, path, title }: Omit<Place, "isIstio">,
  { origins }: Cors,
): Finding[] {
  const answered = originsOf(policy).map(exactOf);
  if (policy === undefined && origins.length === 0)
    return [
      {
        where: `${path} of ${title}`,
        found: "answers no preflight, of those that other routes let in",
        write: 'unmatchedPreflights: "IGNORE", without origins',
      },
    ];
  return origins
    .filter((origin) => !answered.includes(origin))
    .map((origin) => ({
      where: `${path} of ${title}`,
      found: `answers no preflight of ${show(origin)}`,
      write: `exact: ${show(origin)} among allowOrigins`,
    }));
}

/** Istio has an origin as an object with the kind of comparison, Kubernetes' own kind as a text. */
const exactOf = (origin: unknown) =>
  isFields(origin) && Object.keys(origin).length === 1 ? origin.exact : origin;

/** A method is case-sensitive; a header's name is not. */
const normal = (name: unknown, list: string) =>
  typeof name === "string" && list !== "allowMethods" ? name.toLowerCase() : name;

/** Which preflights need no token: Envoy answers them itself, after the policies have let them pass. */
export const preflightSettings = z.strictObject({
  origins: z.array(z.string()).describe("The origins that the routes let in"),
  methods: z.array(z.string()).describe("The methods that are asked about"),
  exceptPaths: names("Paths of routes that let none in: there they need a token"),
});

/** The fields that may narrow a rule, apart from the rule's subject. */
export interface Narrowing {
  /** By the field of an operation. */
  readonly operation: Readonly<Record<string, readonly string[]>>;
  readonly when: readonly unknown[];
}

/**
 * The narrowings with which rules together match every request except those preflights: each rule has one of them. The
 * requested method is named: `*` would also match an empty one, which is not a preflight for Envoy.
 */
export function unlessPreflight(
  preflights: z.infer<typeof preflightSettings> | undefined,
): readonly Narrowing[] {
  if (preflights === undefined) return [{ operation: {}, when: [] }];
  const { origins, methods, exceptPaths } = preflights;
  const header = (name: string, notValues: readonly string[]) => ({
    operation: {},
    when: [{ key: `request.headers[${name}]`, notValues }],
  });
  return [
    { operation: { notMethods: ["OPTIONS"] }, when: [] },
    header("origin", origins),
    header("access-control-request-method", methods),
    ...(exceptPaths.length > 0 ? [{ operation: { paths: exceptPaths }, when: [] }] : []),
  ];
}
