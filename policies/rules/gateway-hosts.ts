import { z } from "zod";
import { at, entries, isFields, objectName, show } from "../reading";
import type { Resource } from "../resource";
import { isBound, isGateway, isRoute } from "../routes";
import { type Finding, stackRule } from "../rule";
import { namespaceOf } from "../workloads";

const settings = z.object({
  gatewayHosts: z
    .array(z.string())
    .optional()
    .describe("The hosts that gateways answer for. Default: any in full"),
  allowAnyHost: z
    .boolean()
    .default(false)
    .describe("Whether a server may take any host, as one behind an address without a full name"),
  routeNamespaces: z
    .array(z.string())
    .optional()
    .describe("The namespaces whose routes gateways take. Default: any that is named"),
  gatewayNamespaces: z
    .array(z.string())
    .optional()
    .describe("Where Gateways may be, which is next to the gateway's pods. Default: anywhere"),
});

type Settings = z.infer<typeof settings>;

/** https://istio.io/latest/docs/reference/config/networking/gateway/#Server */
export const gatewayHosts = stackRule({
  name: "gateway-hosts",
  description: "A gateway answers for its own hosts, and takes routes of named namespaces only.",
  severity: "critical",
  remediation:
    "Write each host of a server as namespace/host, with the namespace of its routes and the gateway's full name, and give the Gateway a selector.",
  settings,
  judgeAll(resources, settings) {
    const routes = resources.filter(isRoute);
    return resources
      .filter(isGateway)
      .flatMap((gateway) => [
        ...judgePlace(gateway, settings),
        ...entries(at(gateway.inputs, "spec", "servers")).flatMap((server, index) =>
          judgeServer(gateway, server, index, settings),
        ),
        ...judgeRoutes(gateway, routes, settings),
      ]);
  },
});

const found = (resource: Resource, path: string, value: unknown, write: string): Finding => ({
  resource,
  where: `${path} of Gateway ${objectName(resource)}`,
  is: value,
  write,
});

/** Without a selector every proxy of the mesh listens. */
function judgePlace(gateway: Resource, { gatewayNamespaces }: Settings): Finding[] {
  const selector = at(gateway.inputs, "spec", "selector");
  const namespace = namespaceOf(gateway);
  const isNear = gatewayNamespaces?.some((one) => one === namespace) ?? true;
  return [
    ...(isFields(selector) && Object.keys(selector).length > 0
      ? []
      : [found(gateway, "spec.selector", selector, "the labels of the gateway's pods")]),
    ...(isNear
      ? []
      : [
          found(
            gateway,
            "metadata.namespace",
            namespace,
            (gatewayNamespaces ?? []).map(show).join(" or "),
          ),
        ]),
  ];
}

function judgeServer(gateway: Resource, server: unknown, index: number, settings: Settings) {
  const where = `spec.servers[${index}].hosts`;
  const hosts = entries(at(server, "hosts"));
  if (hosts.length === 0) return [found(gateway, where, undefined, "the gateway's full name")];
  return hosts.flatMap((host, position) => {
    const problem = judgeHost(host, namespaceOf(gateway), settings);
    return problem === undefined ? [] : [found(gateway, `${where}[${position}]`, host, problem)];
  });
}

/** What to write instead, if a host is wrong. A host without a namespace accepts routes of all namespaces. */
function judgeHost(text: unknown, own: unknown, settings: Settings): string | undefined {
  const { gatewayHosts, routeNamespaces, allowAnyHost } = settings;
  const names = (gatewayHosts ?? ["HOST"]).map((one) => `${routeNamespaces?.[0] ?? "./"}/${one}`);
  const write = names.map((one) => show(one.replace("//", "/"))).join(" or ");
  if (typeof text !== "string") return write;
  const [namespace, host] = text.includes("/") ? text.split("/", 2) : ["*", text];
  const routes = namespace === "." ? own : namespace;
  const isOwn = routeNamespaces?.some((one) => one === routes) ?? namespace !== "*";
  const isHost =
    gatewayHosts?.some((one) => one === host) ?? (allowAnyHost || (host !== "*" && host !== ""));
  return isOwn && isHost ? undefined : write;
}

/**
 * A page can make its own name resolve to the gateway's address: where its server accepts any host, its routes must
 * not.
 */
function judgeRoutes(gateway: Resource, routes: readonly Resource[], { gatewayHosts }: Settings) {
  if (gatewayHosts?.includes("*") !== true) return [];
  return routes
    .filter((route) => isBound(route, gateway))
    .flatMap((route) =>
      entries(at(route.inputs, "spec", "http")).flatMap((http, index): Finding[] => {
        const matches = entries(at(http, "match"));
        const isTold = matches.every((match) => at(match, "authority") !== undefined);
        if (matches.length > 0 && isTold) return [];
        const where = `spec.http[${index}].match of VirtualService ${objectName(route)}`;
        const write = "authority in each match";
        return [{ resource: route, where, found: "takes any host", write }];
      }),
    );
}
