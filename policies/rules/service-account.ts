import { z } from "zod";
import { at } from "../reading";
import { type Finding, stackRule } from "../rule";
import { exceptMeshNamespace, notJudged } from "../settings";
import { servicesOf, tableSettings } from "../table";
import { accountOf, meshWorkloads, type Workload } from "../workloads";

/** https://istio.io/latest/docs/concepts/security/#istio-identity */
export const serviceAccount = stackRule({
  name: "service-account",
  description: "Each service runs as a service account of its own, which is whom policies know.",
  severity: "critical",
  remediation:
    "Give each service's pods a ServiceAccount of their own as serviceAccountName. A pod that shares another service's account may call everything that the other service may call.",
  settings: z.object({
    serviceLabel: z.string().default("app").describe("The label by which pods are one service's"),
    exceptNamespaces: exceptMeshNamespace.describe(notJudged),
    table: tableSettings
      .optional()
      .describe("The access table, whose services are told apart by their own labels"),
  }),
  judgeAll(resources, { serviceLabel, exceptNamespaces, table }) {
    const workloads = meshWorkloads(resources, exceptNamespaces);
    const nameOf = ({ labels }: Workload) => {
      const [name] = table === undefined ? [] : servicesOf(table, labels);
      return name ?? at(labels, serviceLabel);
    };
    return workloads.flatMap((one) => {
      const account = accountOf(one);
      if (typeof account !== "string" || account === "default") return [finding(one)];
      const other = workloads.find(
        (two) =>
          accountOf(two) === account &&
          two.namespace === one.namespace &&
          nameOf(two) !== nameOf(one),
      );
      return other === undefined ? [] : [finding(one, `as that of ${other.title}`)];
    });
  },
});

const finding = (workload: Workload, note?: string): Finding => ({
  resource: workload.resource,
  where: `${workload.where}spec.serviceAccountName of ${workload.title}`,
  is: accountOf(workload),
  ...(note !== undefined && { note }),
  write: "a service account of its own",
});
