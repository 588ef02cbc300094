/** What the gateway tells browsers about pages of other origins, and which of their requests need no token. */
import type { CorsSettings } from "../config";
import type { AuthorizationPolicySpec, HttpRoute } from "../mesh/resources";
import { secondsOf } from "../settings/schema";

type Rule = NonNullable<AuthorizationPolicySpec["rules"]>[number];

/**
 * What a route says of pages of other origins. Envoy then answers each preflight by itself: it names an allowed origin,
 * and says nothing of origins to any other, so that no service answers instead. Never with credentials: a session's
 * cookie is no other page's to use, and a token goes in a header.
 */
export function ofOtherOrigins(cors: CorsSettings | undefined): Pick<HttpRoute, "corsPolicy"> {
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

/** What else a rule asks for, so that it fits some requests fewer. */
export interface Narrowing {
  readonly operation?: NonNullable<NonNullable<Rule["to"]>[number]["operation"]>;
  readonly when?: NonNullable<Rule["when"]>;
}

/** Those of which a browser may ask without being told that it may. */
const safelisted = ["GET", "HEAD", "POST"];

/**
 * What makes rules that fit every request but preflights of allowed origins: a rule for each. A preflight has no token,
 * and the gateway's policies decide before Envoy's CORS filter, which answers it (istio/istio,
 * pilot/pkg/networking/core/listener_builder.go). What they let pass has to be what that filter answers, or it would get
 * to a service without a token. So the asked method is named: a policy's `*` also stands for an empty value, which is no
 * preflight to the filter.
 */
export function unlessPreflight(cors: CorsSettings | undefined): readonly Narrowing[] {
  if (cors === undefined) return [{}];
  const header = (name: string, notValues: string[]) => ({
    when: [{ key: `request.headers[${name}]`, notValues }],
  });
  return [
    { operation: { notMethods: ["OPTIONS"] } },
    header("origin", [...cors.origins]),
    header("access-control-request-method", [...new Set([...safelisted, ...cors.methods])]),
  ];
}
