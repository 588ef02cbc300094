/**
 * What the gateway answers a request without a token that asks for what needs one. The sidecar's own refusal, by its
 * policies, is 403 without a header; RFC 6750, 3, has 401 with `WWW-Authenticate`. A route can say that, since Istio's
 * own routes answer directly; no route sees a token's permissions, so a token that lacks one gets the sidecar's 403.
 * https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPDirectResponse
 */
import { type Application, routesOf } from "../application";
import { type Operation, pathPattern } from "../access/operations";
import { alternativesOf, keyOf, type Requirement } from "../access/requirement";
import { gateway, type Row, rowsFor, rowsOf, type ServiceAccess } from "../access/rows";
import type { AuthenticationSettings } from "../config";
import type { HttpRoute } from "../mesh/resources";
import { authorityMatch } from "./host";

/** The whole body. */
export const challengeBody = "Unauthorized";

/** How a token is sent (RFC 6750, 2.1). Envoy looks for it anywhere in the header's value. */
export const bearer = "Bearer ";

/**
 * Whether the gateway answers by itself. Not where it refuses such requests before it looks for a route, and not where
 * the login there gives a request its token, for which Envoy does not look again.
 */
export const isChallenging = ({
  login,
  authentication,
}: {
  readonly login?: { readonly at: string } | undefined;
  readonly authentication: Pick<AuthenticationSettings, "required">;
}) => login?.at !== "gateway" && !authentication.required;

/** The header's value: who asks for a token, and which permissions are enough, where there are no alternatives. */
export function challengeOf(realm: string, requires: Requirement): string {
  const [permissions = [], ...others] = alternativesOf(requires);
  const isOnly = others.length === 0 && permissions.length > 0;
  const quoted = realm.replaceAll(/["\\]/g, "\\$&");
  return `Bearer realm="${quoted}"${isOnly ? `, scope="${permissions.join(" ")}"` : ""}`;
}

/** What a request for this is asked for; undefined where it goes on to the service. */
export function challengeFor(
  realm: string,
  access: ServiceAccess,
  asked: Operation,
): string | undefined {
  const row = rowsFor(access, asked).find(isChallenged);
  return row && challengeOf(realm, row.requires);
}

const isChallenged = ({ callers, requires }: Row) =>
  callers.includes(gateway) && requires !== "public";

type Match = NonNullable<HttpRoute["match"]>[number];

/** How a browser asks for a page of another origin whether it may send a request. */
const preflight = { "access-control-request-method": { regex: ".+" } };

/**
 * A route for each requirement of a service; they come before the service's own. Envoy's CORS filter passes over a route
 * that answers by itself: none of them takes preflights where that filter is to answer them, and their answers name no
 * origin. https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/cors_filter
 */
export function challengeRoutes(
  service: Application["services"][string],
  realm: string,
  { gatewayUrl, cors }: { readonly gatewayUrl: string; readonly cors?: object | undefined },
): readonly HttpRoute[] {
  const rows = Map.groupBy(rowsOf(service).filter(isChallenged), ({ requires }) => keyOf(requires));
  return [...rows.values()].flatMap((those): readonly HttpRoute[] => {
    const [first] = those;
    const asked = those.flatMap(({ operation }): readonly Match[] =>
      operation === undefined
        ? routesOf(service).map((uri) => ({ uri }))
        : [{ uri: pathPattern(operation), method: { exact: operation.method } }],
    );
    if (first === undefined || asked.length === 0) return [];
    return [
      {
        match: asked.map((each) => ({
          ...each,
          withoutHeaders: {
            authorization: { regex: `.*${bearer}.*` },
            ...(cors !== undefined && preflight),
          },
          ...authorityMatch(gatewayUrl),
        })),
        directResponse: { status: 401, body: { string: challengeBody } },
        headers: {
          response: {
            // To Envoy a single % is the beginning of a command.
            set: {
              "www-authenticate": challengeOf(realm, first.requires).replaceAll("%", "%%"),
            },
          },
        },
      },
    ];
  });
}
