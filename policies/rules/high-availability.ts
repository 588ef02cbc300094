import { z } from "zod";
import { type Chart, chartOf, unreadValues } from "../charts";
import { where as whereOf } from "../expectation";
import { at, isFields, isKind } from "../reading";
import type { Resource } from "../resource";
import { type Finding, stackRule } from "../rule";
import { namespaceOf } from "../workloads";

const settings = z.object({
  minimumReplicas: z
    .number()
    .default(1)
    .describe("How many of each there have to be at least; from 2 on with a disruption budget"),
  controlPlaneCharts: z
    .array(z.string())
    .default(["istiod"])
    .describe("The Helm charts of the control plane"),
  gatewayCharts: z.array(z.string()).default(["gateway"]).describe("The Helm charts of gateways"),
});

/** https://istio.io/latest/docs/ops/best-practices/deployment/ */
export const highAvailability = stackRule({
  name: "high-availability",
  description: "Control plane and gateway outlive the loss of a node, where that is asked for.",
  severity: "high",
  remediation:
    "Give istiod and the gateway two replicas or more, or an autoscaler whose least is two, and a PodDisruptionBudget.",
  settings,
  judgeAll(resources, { minimumReplicas, controlPlaneCharts, gatewayCharts }) {
    if (minimumReplicas <= 1) return [];
    return resources.flatMap((resource) => {
      const chart = chartOf(resource);
      if (chart?.name === undefined) return [];
      const names = controlPlaneCharts.includes(chart.name)
        ? istiod
        : gatewayCharts.includes(chart.name)
          ? gateway
          : undefined;
      if (names === undefined) return [];
      const one: Judged = { resource, chart, names, minimumReplicas };
      return [
        ...replicas(one),
        ...budget(one, resources),
        ...unreadValues(chart).map((finding) => ({ ...finding, resource })),
      ];
    });
  },
});

/** Which values of a chart decide, and its default. */
interface Names {
  readonly autoscaled: readonly string[];
  readonly least: readonly string[];
  readonly most: readonly string[];
  readonly replicas: readonly string[];
  /** Whether the chart's values make a disruption budget. */
  readonly hasBudget: (values: unknown) => boolean;
  /** What makes one. */
  readonly budget: string;
}

const istiod: Names = {
  autoscaled: ["autoscaleEnabled"],
  least: ["autoscaleMin"],
  most: ["autoscaleMax"],
  replicas: ["replicaCount"],
  hasBudget: (values) => {
    const enabled = at(values, "global", "defaultPodDisruptionBudget", "enabled");
    return enabled === undefined || enabled === true;
  },
  budget: "global.defaultPodDisruptionBudget.enabled",
};

const gateway: Names = {
  autoscaled: ["autoscaling", "enabled"],
  least: ["autoscaling", "minReplicas"],
  most: ["autoscaling", "maxReplicas"],
  replicas: ["replicaCount"],
  hasBudget: (values) => {
    const budget = at(values, "podDisruptionBudget");
    return isFields(budget) && ["minAvailable", "maxUnavailable"].some((name) => name in budget);
  },
  budget: "podDisruptionBudget.minAvailable",
};

interface Judged {
  readonly resource: Resource;
  readonly chart: Chart;
  readonly names: Names;
  readonly minimumReplicas: number;
}

function replicas({ resource, chart, names, minimumReplicas }: Judged): Finding[] {
  const value = (path: readonly string[]) =>
    at(chart.values, ...path) ?? at(chart.values, "pilot", ...path);
  const autoscaled = value(names.autoscaled) ?? true;
  // A chart's autoscaler has at least one and at most five by default.
  const path = autoscaled === false ? names.replicas : names.least;
  const count = value(path) ?? 1;
  const most = value(names.most) ?? 5;
  const place = whereOf(resource, `values.${path.join(".")}`);
  const isEnough = typeof count === "number" && count >= minimumReplicas;
  const mayGrow = autoscaled === false || (typeof most === "number" && most >= minimumReplicas);
  return [
    ...(isEnough
      ? []
      : [
          {
            resource,
            where: place,
            is: value(path),
            write: `at least ${minimumReplicas}`,
          },
        ]),
    ...(mayGrow
      ? []
      : [
          {
            resource,
            where: whereOf(resource, `values.${names.most.join(".")}`),
            is: most,
            write: `at least ${minimumReplicas}`,
          },
        ]),
  ];
}

/** A node that is drained evicts every replica at once if there is no budget. */
function budget({ resource, chart, names }: Judged, resources: readonly Resource[]): Finding[] {
  const namespace = resource.inputs.namespace;
  const isMade = resources.some(
    (one) => isKind(one, "policy", "PodDisruptionBudget") && namespaceOf(one) === namespace,
  );
  if (isMade || names.hasBudget(chart.values)) return [];
  const where = whereOf(resource, `values.${names.budget}`);
  const found = "makes no PodDisruptionBudget";
  return [{ resource, where, found, write: "one, or a PodDisruptionBudget for its pods" }];
}
