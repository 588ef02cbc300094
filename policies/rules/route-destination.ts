import { z } from "zod";
import { at, entries, isFields, isKind, objectName, show } from "../reading";
import { type Resource, unknown } from "../resource";
import { fullHost, gatewaysOf, isRoute, namespaceOfHost } from "../routes";
import { type Finding, stackRule } from "../rule";
import { rootNamespace } from "../settings";
import { namespaceOf, selects } from "../workloads";

const settings = z.object({
  rootNamespace,
  destinations: z
    .array(z.string())
    .optional()
    .describe(
      "The hosts that routes of gateways lead to, in full. Default: of any namespace but the mesh's",
    ),
  allowed: z
    .array(z.string())
    .default([])
    .describe("Objects that may lead elsewhere: namespace/name"),
});

type Settings = z.infer<typeof settings>;

/** https://istio.io/latest/docs/reference/config/networking/virtual-service/ */
export const routeDestination = stackRule({
  name: "route-destination",
  description: "Requests, with the tokens in them, are led to the services that they are for.",
  severity: "critical",
  remediation:
    "Route to the services of the table only, keep a service's routes in its own namespace, and send no copies. An object for another namespace's host takes its requests.",
  settings,
  judgeAll(resources, settings) {
    return resources
      .filter((one) => !settings.allowed.includes(objectName(one)))
      .flatMap((resource) =>
        judgeObject(resource, resources, settings).map((finding) => ({ ...finding, resource })),
      );
  },
});

const group = "networking.istio.io";

function judgeObject(resource: Resource, all: readonly Resource[], settings: Settings): Finding[] {
  if (isRoute(resource)) return ofRoute(resource, all, settings);
  if (isKind(resource, group, "ServiceEntry")) return ofServiceEntry(resource);
  if (isKind(resource, group, "DestinationRule")) return ofDestinationRule(resource, settings);
  if (isKind(resource, group, "WorkloadEntry") || isKind(resource, group, "WorkloadGroup"))
    return ofWorkloadEntry(resource, all);
  if (isKind(resource, "gateway.networking.k8s.io", "HTTPRoute")) return ofHttpRoute(resource);
  return [];
}

const title = (resource: Resource) =>
  `${(resource.type.split(":").at(-1) ?? "").replace(/Patch$/, "")} ${objectName(resource)}`;

function ofRoute(resource: Resource, all: readonly Resource[], settings: Settings): Finding[] {
  const namespace = namespaceOf(resource);
  const ofIt = `of ${title(resource)}`;
  const gateways = gatewaysOf(resource);
  const taken = gateways.includes("mesh") ? takenHosts(resource, "spec.hosts") : [];
  const isOutside = gateways.some((gateway) => gateway !== "mesh");
  const kinds = ["http", "tcp", "tls"].flatMap((kind) =>
    entries(at(resource.inputs, "spec", kind)).map(
      (route, index) => [`spec.${kind}[${index}]`, route] as const,
    ),
  );
  const led = kinds.flatMap(([where, route]) => [
    ...entries(at(route, "route")).flatMap((one, position) => {
      const host = fullHost(at(one, "destination", "host"), namespace);
      const write = wrongHost(host, isOutside, settings);
      if (write === undefined) return [];
      return [{ where: `${where}.route[${position}].destination.host ${ofIt}`, is: host, write }];
    }),
    ...copies(route, where, ofIt),
    ...delegated(route, where, ofIt, { resource, all }),
  ]);
  return [...taken, ...led];
}

function wrongHost(host: unknown, isOutside: boolean, settings: Settings): string | undefined {
  const { destinations, rootNamespace } = settings;
  if (host === unknown) return "a host that the program knows";
  if (isOutside && destinations !== undefined)
    return destinations.some((one) => one === host)
      ? undefined
      : destinations.map(show).join(" or ");
  return namespaceOfHost(host) === rootNamespace
    ? "a service outside of the mesh's own namespace"
    : undefined;
}

/** A copy of a request has its token too. */
function copies(route: unknown, where: string, ofIt: string): Finding[] {
  return ["mirror", "mirrors"]
    .filter((field) => entries(at(route, field)).length > 0)
    .map((field) => ({
      where: `${where}.${field} ${ofIt}`,
      is: at(route, field),
      write: "nothing: a copy of a request has its token",
    }));
}

/** The rest of the route is in another object: that has to be in the stack, where rules read it. */
function delegated(
  route: unknown,
  where: string,
  ofIt: string,
  { resource, all }: { readonly resource: Resource; readonly all: readonly Resource[] },
): Finding[] {
  const delegate = at(route, "delegate");
  if (delegate === undefined) return [];
  const namespace = at(delegate, "namespace") ?? namespaceOf(resource);
  const isMade = all.some(
    (one) =>
      isRoute(one) &&
      namespaceOf(one) === namespace &&
      namespace === namespaceOf(resource) &&
      at(one.inputs, "metadata", "name") === at(delegate, "name"),
  );
  if (isMade) return [];
  return [
    {
      where: `${where}.delegate ${ofIt}`,
      is: delegate,
      write: "the route itself, or one of the stack in the same namespace",
    },
  ];
}

/** Hosts of another namespace, or of all of them: the object takes their requests. */
function takenHosts(resource: Resource, where: string): Finding[] {
  const own = namespaceOf(resource);
  return entries(at(resource.inputs, ...where.split("."))).flatMap((text, index) => {
    const host = fullHost(text, own);
    const namespace = namespaceOfHost(host);
    const isOwn =
      typeof host === "string" && !/^\*(\.|$)/.test(host) && [undefined, own].includes(namespace);
    if (isOwn) return [];
    return [
      {
        where: `${where}[${index}] of ${title(resource)}`,
        is: text,
        note: "whose calls it takes",
        write: "services of its own namespace, by full names",
      },
    ];
  });
}

/** A name of the cluster, or all names, that lead to addresses of the object's own. */
function ofServiceEntry(resource: Resource): Finding[] {
  return entries(at(resource.inputs, "spec", "hosts")).flatMap((host, index) => {
    const isStrange =
      typeof host === "string" &&
      host !== "*" &&
      !/(^|\.)(local|svc)$/.test(host) &&
      host.includes(".");
    if (isStrange) return [];
    return [
      {
        where: `spec.hosts[${index}] of ${title(resource)}`,
        is: host,
        note: "whose calls it takes",
        write: "a full name outside of the cluster",
      },
    ];
  });
}

/** A workload outside of the cluster that is part of a service gets its requests. */
function ofWorkloadEntry(resource: Resource, all: readonly Resource[]): Finding[] {
  const { inputs } = resource;
  const labels = at(inputs, "spec", "labels") ?? at(inputs, "spec", "metadata", "labels");
  const taken = all.filter(
    (one) =>
      isKind(one, "core", "Service") &&
      namespaceOf(one) === namespaceOf(resource) &&
      isFields(at(one.inputs, "spec", "selector")) &&
      (labels === unknown || selects(at(one.inputs, "spec", "selector"), labels)),
  );
  return taken.map((service) => ({
    where: `the labels of ${title(resource)}`,
    found: `are those of Service ${objectName(service)}, whose calls it gets`,
    write: "labels that no Service selects",
  }));
}

const meshTls: readonly unknown[] = [undefined, "ISTIO_MUTUAL"];

function ofDestinationRule(resource: Resource, { rootNamespace }: Settings): Finding[] {
  const own = namespaceOf(resource);
  const { spec } = resource.inputs;
  const host = fullHost(at(spec, "host"), own);
  const namespace = namespaceOfHost(host);
  const isInside =
    namespace !== undefined || (typeof host === "string" && /\*|\.local$/.test(host));
  const policies = [
    ["spec.trafficPolicy", at(spec, "trafficPolicy")] as const,
    ...entries(at(spec, "subsets")).map(
      (subset, index) =>
        [`spec.subsets[${index}].trafficPolicy`, at(subset, "trafficPolicy")] as const,
    ),
  ].flatMap(([where, policy]) => [
    [where, policy] as const,
    ...entries(at(policy, "portLevelSettings")).map(
      (port, index) => [`${where}.portLevelSettings[${index}]`, port] as const,
    ),
  ]);
  const found = (where: string, is: unknown, write: string): Finding => ({
    where: `${where} of ${title(resource)}`,
    is,
    write,
  });
  const isTaken = namespace !== undefined && namespace !== own && own !== rootNamespace;
  return [
    ...(isTaken ? [found("spec.host", host, "a service of its own namespace")] : []),
    ...policies.flatMap(([where, policy]) => {
      const mode = at(policy, "tls", "mode");
      const skips = at(policy, "tls", "insecureSkipVerify");
      return [
        ...(isInside && !meshTls.includes(mode)
          ? [found(`${where}.tls.mode`, mode, '"ISTIO_MUTUAL", or nothing')]
          : []),
        ...(skips === undefined || skips === false
          ? []
          : [found(`${where}.tls.insecureSkipVerify`, skips, "false")]),
      ];
    }),
  ];
}

function ofHttpRoute(resource: Resource): Finding[] {
  return entries(at(resource.inputs, "spec", "rules")).flatMap((rule, index) =>
    [rule, ...entries(at(rule, "backendRefs"))].flatMap((holder) =>
      entries(at(holder, "filters"))
        .filter((filter) => at(filter, "requestMirror") !== undefined)
        .map((filter) => ({
          where: `spec.rules[${index}].filters of ${title(resource)}`,
          has: filter,
          write: "no requestMirror: a copy of a request has its token",
        })),
    ),
  );
}
