import { z } from "zod";
import {
  authorizationPolicyOf,
  type AuthorizationPolicy,
  isAuthorizationPolicy,
  mayApplyTo,
  titleOf,
} from "../istio";
import { isTakenFor, portName, type Protocol, takenFor } from "../ports";
import { judgeListening } from "../listening";
import { at, entries, isFields, isKind } from "../reading";
import { type Resource, unknown } from "../resource";
import { type Finding, stackRule } from "../rule";
import { rootNamespace } from "../settings";
import { servicesOf, type Table, tableSettings } from "../table";
import { namespaceOf, workloadsOf } from "../workloads";

/** https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/ */
export const portProtocol = stackRule({
  name: "port-protocol",
  description:
    "A service has the table's port, and Istio takes that for the protocol of its policies.",
  severity: "critical",
  remediation:
    "Name the Service's port after its protocol, or set its appProtocol. Where Istio takes a port for TCP, it ignores rules to allow by anything of a request, and rules to deny by that deny more. Give the Service and its pods the port of the access table: routes and network policies lead to no other.",
  settings: z.object({
    rootNamespace,
    table: tableSettings
      .optional()
      .describe(
        "The access table. Default: none, then services with rules about requests need HTTP",
      ),
  }),
  judgeAll(resources, { rootNamespace, table }) {
    const policies = resources.filter(isAuthorizationPolicy).map(authorizationPolicyOf);
    const ofRequests = policies.filter(comparesRequests);
    const services = resources.filter((one) => isKind(one, "core", "Service"));
    return [
      ...(table === undefined ? [] : judgeListening(services, workloadsOf(resources), table)),
      ...services.flatMap((service) => {
        const labels = at(service.inputs, "spec", "selector");
        const pods = { resource: service, title: "", namespace: namespaceOf(service), labels };
        const isCompared = ofRequests.some((policy) => mayApplyTo(policy, pods, rootNamespace));
        const protocol = table && protocolOf(table, service);
        if (labels === undefined || (protocol === undefined && !isCompared)) return [];
        const [name] = table === undefined ? [] : servicesOf(table, labels);
        const own = name === undefined ? undefined : table?.ports?.[name];
        return judgePorts(service, protocol ?? "http", own);
      }),
    ];
  },
});

/** What the table says of a Service's pods; undefined if they are of no service of the table. */
function protocolOf(table: Table, service: Resource) {
  const [name] = servicesOf(table, at(service.inputs, "spec", "selector"));
  if (namespaceOf(service) !== table.namespace || name === undefined) return undefined;
  return table.protocols?.[name] ?? "http";
}

/** The port that the service listens on has to fit, where that is known; otherwise one, as others may be for metrics. */
function judgePorts(service: Resource, protocol: Protocol, own: number | undefined): Finding[] {
  const all = entries(at(service.inputs, "spec", "ports")).filter(isFields);
  const listened = all.filter(({ port }) => port === own);
  const ports = listened.length > 0 ? listened : all;
  const fits = (port: Readonly<Record<string, unknown>>) =>
    ![port.name, port.appProtocol].includes(unknown) && isTakenFor(protocol, port);
  const [first] = ports;
  if (first === undefined || ports.some(fits)) return [];
  const field = first.appProtocol === undefined ? "name" : "appProtocol";
  return [
    {
      resource: service,
      where: `spec.ports[${all.indexOf(first)}].${field} of ${titleOf(service)}`,
      is: first[field],
      note: `by which Istio takes the port for ${takenFor(first)}`,
      write: portName(protocol),
    },
  ];
}

/** Whether a policy compares what only requests have. */
function comparesRequests({ rules }: AuthorizationPolicy): boolean {
  return rules.some(
    ({ sources, operations, conditions }) =>
      sources.some(({ fields }) =>
        hasOneOf(fields, ["requestPrincipals", "notRequestPrincipals"]),
      ) ||
      operations.some(({ fields }) => hasOneOf(fields, ofOperations)) ||
      conditions.some(({ fields }) => String(at(fields, "key")).startsWith("request.")),
  );
}

const ofOperations = ["hosts", "methods", "paths", "notHosts", "notMethods", "notPaths"];

const hasOneOf = (fields: unknown, names: readonly string[]) =>
  names.some((name) => entries(at(fields, name)).length > 0);
