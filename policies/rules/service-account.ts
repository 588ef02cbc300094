import { z } from "zod";
import { at, show } from "../reading";
import { type Finding, stackRule } from "../rule";
import { exceptMeshNamespace, notJudged } from "../settings";
import { servicesOf, type Table, tableSettings } from "../table";
import { accountOf, meshWorkloads, type Workload } from "../workloads";

/** https://istio.io/latest/docs/concepts/security/#istio-identity */
export const serviceAccount = stackRule({
  name: "service-account",
  description: "Each service runs as a service account of its own, the one that policies know.",
  severity: "critical",
  remediation:
    "Give each service's pods a ServiceAccount of their own as serviceAccountName. A pod that shares another service's account may call everything that the other service may call.",
  settings: z.object({
    serviceLabel: z.string().default("app").describe("The label by which pods are one service's"),
    exceptNamespaces: exceptMeshNamespace.describe(notJudged),
    table: tableSettings
      .optional()
      .describe(
        "The access table, whose services are told apart by their own labels, and have its accounts",
      ),
  }),
  judgeAll(resources, { serviceLabel, exceptNamespaces, table }) {
    const workloads = meshWorkloads(resources, exceptNamespaces);
    const nameOf = ({ labels }: Workload) => {
      const [name] = table === undefined ? [] : servicesOf(table, labels);
      return name ?? at(labels, serviceLabel);
    };
    return workloads.flatMap((one) => {
      const other = table && anotherThanTables(one, table);
      if (other !== undefined) return [other];
      const account = accountOf(one);
      if (typeof account !== "string" || account === "default") return [finding(one)];
      const sharing = workloads.find(
        (two) =>
          accountOf(two) === account &&
          two.namespace === one.namespace &&
          nameOf(two) !== nameOf(one),
      );
      return sharing === undefined ? [] : [finding(one, `as that of ${sharing.title}`)];
    });
  },
});

/** By any other account than the table's, policies take the pods for no service's, or for another's. */
function anotherThanTables(workload: Workload, table: Table): Finding | undefined {
  const { namespace, labels } = workload;
  const [service, ...others] = servicesOf(table, labels);
  if (namespace !== table.namespace || service === undefined || others.length > 0) return undefined;
  const account = table.accounts?.[service];
  if (account === undefined || accountOf(workload) === account) return undefined;
  return finding(
    workload,
    `and that of ${service} in the access table is ${show(account)}`,
    `${show(account)}, or change the table`,
  );
}

const finding = (
  workload: Workload,
  note?: string,
  write = "a service account of its own",
): Finding => ({
  resource: workload.resource,
  where: `${workload.where}spec.serviceAccountName of ${workload.title}`,
  is: accountOf(workload),
  ...(note !== undefined && { note }),
  write,
});
