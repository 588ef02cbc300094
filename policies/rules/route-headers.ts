import { z } from "zod";
import { corsOf, corsSettings, judgeCors, unansweredPreflights } from "../cors";
import { headerNames } from "../proxy-settings";
import { at, entries, isFields, isKind, objectName, show } from "../reading";
import { type Resource, unknown } from "../resource";
import { fullHost, gatewaysOf, isRoute } from "../routes";
import { type Finding, resourceRule } from "../rule";
import { namespaceOf } from "../workloads";

const settings = z.object({
  requestHeaders: z
    .array(z.string())
    .default([
      "authorization",
      "cookie",
      "forwarded",
      "proxy-authorization",
      "x-envoy-original-path",
      "x-forwarded-client-cert",
      "x-forwarded-for",
    ])
    .describe("Headers by which a service knows who calls: no route sets them. In lower case"),
  responseHeaders: z
    .array(z.string())
    .default(["access-control-allow-credentials", "access-control-allow-origin", "set-cookie"])
    .describe("Headers of responses that no route sets, in lower case"),
  hiddenHeaders: z
    .array(z.string())
    .default([])
    .describe("Headers of requests from outside that no service gets to see, in lower case"),
  seeing: z
    .array(z.string())
    .default([])
    .describe("The hosts that may see hidden headers, such as the login's, in full"),
  cors: corsSettings
    .optional()
    .describe("What routes let pages of other origins do. Default: not all with credentials"),
});

type Settings = z.infer<typeof settings>;

/** https://istio.io/latest/docs/reference/config/networking/virtual-service/#Headers */
export const routeHeaders = resourceRule({
  name: "route-headers",
  description: "No route sets a token or cookie, shows a session, or lets strangers' pages read.",
  severity: "critical",
  remediation:
    "Take the header out of the route: a token comes from the caller, or from the login. Have each route of a gateway remove what services are not to see, and let pages of listed origins ask, without credentials.",
  settings,
  judge(resource, settings) {
    if (isRoute(resource)) return ofVirtualService(resource, settings);
    const isOther = ["HTTPRoute", "GRPCRoute"].some((kind) =>
      isKind(resource, "gateway.networking.k8s.io", kind),
    );
    return isOther ? ofHttpRoute(resource, settings) : [];
  },
});

function ofVirtualService(resource: Resource, settings: Settings): Finding[] {
  const title = `VirtualService ${objectName(resource)}`;
  const http = at(resource.inputs, "spec", "http");
  return entries(http).flatMap((route, index) => {
    const where = `spec.http[${index}]`;
    return [
      ...judgeHeaders(at(route, "headers"), `${where}.headers`, title, settings),
      ...entries(at(route, "route")).flatMap((destination, position) =>
        judgeHeaders(
          at(destination, "headers"),
          `${where}.route[${position}].headers`,
          title,
          settings,
        ),
      ),
      ...allowedFor(settings, ledTo(resource, route)).flatMap((allowed) =>
        judgeCors(
          {
            policy: at(route, "corsPolicy"),
            path: `${where}.corsPolicy`,
            title,
            isIstio: true,
          },
          allowed,
        ),
      ),
      ...shown(resource, route, where, settings),
      ...unanswered(resource, route, where, settings),
    ];
  });
}

function judgeHeaders(headers: unknown, where: string, title: string, settings: Settings) {
  const { requestHeaders, responseHeaders } = settings;
  const kinds = [
    ["request", requestHeaders],
    ["response", responseHeaders],
  ] as const;
  if (headers === unknown)
    return [{ where: `${where} of ${title}`, is: headers, write: "known headers" }];
  return kinds.flatMap(([kind, forbidden]) =>
    ["set", "add"].flatMap((list): Finding[] => {
      const fields = at(headers, kind, list);
      const place = `${where}.${kind}.${list}`;
      if (fields === unknown)
        return [{ where: `${place} of ${title}`, is: fields, write: "known headers" }];
      return (isFields(fields) ? Object.keys(fields) : [])
        .filter((name) => forbidden.includes(name.toLowerCase()))
        .map((name) => ({ where: `${place} of ${title}`, has: name, write: "none" }));
    }),
  );
}

/** The session is the login's own: a service that receives its cookie can use it. */
function shown(resource: Resource, route: unknown, where: string, settings: Settings): Finding[] {
  const { hiddenHeaders, seeing } = settings;
  if (gatewaysOf(resource).every((gateway) => gateway === "mesh")) return [];
  const removed = headerNames(at(route, "headers", "request", "remove"));
  return entries(at(route, "route")).flatMap((destination, position) => {
    const host = fullHost(at(destination, "destination", "host"), namespaceOf(resource));
    const more = headerNames(at(destination, "headers", "request", "remove"));
    if (seeing.some((one) => one === host)) return [];
    return hiddenHeaders
      .filter((name) => ![...removed, ...more].includes(name))
      .map((name) => ({
        where: `${where}.route[${position}] of VirtualService ${objectName(resource)}`,
        found: `shows ${show(name)} to ${show(host)}`,
        write: `headers.request.remove: ${show([name])}`,
      }));
  });
}

/** For a route that leads from a gateway to what pages request. */
function unanswered(resource: Resource, route: unknown, where: string, { cors }: Settings) {
  const asked = ledTo(resource, route).filter(
    (host) => !cors?.exceptHosts.some((one) => one === host),
  );
  // Then no policy exempts preflights.
  const isNone = ({ origins }: { readonly origins: readonly string[] }) => origins.length === 0;
  if (cors === undefined || [cors, ...Object.values(cors.hosts)].every(isNone)) return [];
  if (asked.length === 0) return [];
  if (gatewaysOf(resource).every((gateway) => gateway === "mesh")) return [];
  const title = `VirtualService ${objectName(resource)}`;
  return corsOf(cors, asked).flatMap((allowed) =>
    unansweredPreflights(
      { policy: at(route, "corsPolicy"), path: `${where}.corsPolicy`, title },
      allowed,
    ),
  );
}

/** The hosts that a route leads to, in full. */
const ledTo = (resource: Resource, route: unknown) =>
  entries(at(route, "route")).map((destination) =>
    fullHost(at(destination, "destination", "host"), namespaceOf(resource)),
  );

/** What a route to these hosts may allow pages, if that is configured. */
const allowedFor = ({ cors }: Settings, hosts: readonly unknown[]) =>
  cors === undefined ? [undefined] : corsOf(cors, hosts);

const backendsOf = (resource: Resource, rule: unknown) =>
  entries(at(rule, "backendRefs")).map((backend) =>
    fullHost(at(backend, "name"), at(backend, "namespace") ?? namespaceOf(resource)),
  );

/** The same for Kubernetes' own kind, by its filters. */
function ofHttpRoute(resource: Resource, settings: Settings): Finding[] {
  const title = `HTTPRoute ${objectName(resource)}`;
  return entries(at(resource.inputs, "spec", "rules")).flatMap((rule, index) =>
    [rule, ...entries(at(rule, "backendRefs"))].flatMap((holder) =>
      entries(at(holder, "filters")).flatMap((filter) => [
        ...allowedFor(settings, backendsOf(resource, rule)).flatMap((allowed) =>
          judgeCors(
            {
              policy: at(filter, "cors"),
              path: `spec.rules[${index}].cors`,
              title,
              isIstio: false,
            },
            allowed,
          ),
        ),
        ...(
          [
            ["requestHeaderModifier", settings.requestHeaders],
            ["responseHeaderModifier", settings.responseHeaders],
          ] as const
        ).flatMap(([modifier, forbidden]) =>
          ["set", "add"].flatMap((list) =>
            entries(at(filter, modifier, list))
              .map((header) => at(header, "name"))
              .filter((name) => forbidden.includes(String(name).toLowerCase()))
              .map((name) => ({
                where: `spec.rules[${index}].${modifier}.${list} of ${title}`,
                has: name,
                write: "none",
              })),
          ),
        ),
      ]),
    ),
  );
}
