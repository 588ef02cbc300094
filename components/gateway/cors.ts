/** What the gateway tells browsers about pages of other origins, and which of their requests need no token. */
import type { CorsSettings } from "../config";
import type { AuthorizationPolicySpec, HttpRoute } from "../mesh/resources";
import { secondsOf } from "../settings/schema";

/** What pages of other origins may do with one service. */
export type ServiceCors = Omit<CorsSettings, "services">;

/** The stack's settings as one service has them: its own take the place of the stack's. */
export function corsOf({ services = {}, ...ofStack }: CorsSettings, service: string): ServiceCors {
  return { ...ofStack, ...services[service] };
}

/** The origins that any service lets in, and the methods that pages may send to any. */
export function letInAnywhere(cors: CorsSettings): Pick<ServiceCors, "origins" | "methods"> {
  const all = [cors, ...Object.keys(cors.services ?? {}).map((service) => corsOf(cors, service))];
  return {
    origins: [...new Set(all.flatMap(({ origins }) => origins))],
    methods: [...new Set(all.flatMap(({ methods }) => methods))],
  };
}

type Rule = NonNullable<AuthorizationPolicySpec["rules"]>[number];

/**
 * What a route says about pages of other origins. Envoy then answers each preflight itself: it names an allowed origin,
 * and names no origin to any other page, so that no service answers. A service that lets no origin in has it as well:
 * policies exempt the preflights of origins that other services let in. Credentials are never allowed: no other page may
 * use a session's cookie, and a token goes into a header.
 */
export function ofOtherOrigins(cors: ServiceCors | undefined): Pick<HttpRoute, "corsPolicy"> {
  if (cors === undefined) return {};
  const { origins, methods, headers, exposeHeaders, maxAge } = cors;
  return {
    corsPolicy: {
      allowOrigins: origins.map((exact) => ({ exact })),
      allowMethods: [...methods],
      ...(headers.length > 0 && { allowHeaders: [...headers] }),
      ...(exposeHeaders.length > 0 && { exposeHeaders: [...exposeHeaders] }),
      maxAge: `${secondsOf(maxAge)}s`,
      unmatchedPreflights: "IGNORE",
    },
  };
}

/** A cache must not give one origin the answer to another (Fetch standard, "CORS protocol and HTTP caches"). */
export const varying = (cors: ServiceCors | undefined) =>
  cors === undefined ? {} : { add: { vary: "Origin" } };

/** A further condition of a rule, so that it matches fewer requests. */
export interface Narrowing {
  readonly operation?: NonNullable<NonNullable<Rule["to"]>[number]["operation"]>;
  readonly when?: NonNullable<Rule["when"]>;
}

/** The methods that a browser may send without asking first. */
const safelisted = ["GET", "HEAD", "POST"];

/**
 * Makes rules that match every request except preflights of allowed origins: a rule for each. A preflight has no token,
 * and the gateway's policies decide before Envoy's CORS filter answers it (istio/istio,
 * pilot/pkg/networking/core/listener_builder.go). That filter has to answer each request that the policies exempt;
 * otherwise the request would reach a service without a token. So the rules name the method asked for: a policy's `*`
 * also matches an empty value, which the filter does not treat as a preflight.
 */
export function unlessPreflight(cors: CorsSettings | undefined): readonly Narrowing[] {
  if (cors === undefined) return [{}];
  const { origins, methods } = letInAnywhere(cors);
  const header = (name: string, notValues: string[]) => ({
    when: [{ key: `request.headers[${name}]`, notValues }],
  });
  return [
    { operation: { notMethods: ["OPTIONS"] } },
    header("origin", origins),
    header("access-control-request-method", [...new Set([...safelisted, ...methods])]),
  ];
}
