import { z } from "zod";
import { at } from "../reading";
import { resourceRule } from "../rule";
import { exceptNoNamespace, notJudged } from "../settings";
import { containersOf, workloadOf } from "../workloads";

/** https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/ */
export const resourcesSet = resourceRule({
  name: "resources-set",
  description: "Every container says what it needs of a node, and how much memory it may take.",
  severity: "medium",
  remediation:
    "Set resources.requests and resources.limits.memory. Without requests the scheduler overfills nodes; without a limit one service's leak takes its neighbours down.",
  settings: z.object({
    required: z
      .array(z.string())
      .default(["requests.cpu", "requests.memory", "limits.memory"])
      .describe("What each container's resources have to say"),
    exceptNamespaces: exceptNoNamespace.describe(notJudged),
  }),
  judge(resource, { required, exceptNamespaces }) {
    const workload = workloadOf(resource);
    if (workload === undefined || exceptNamespaces.some((name) => name === workload.namespace))
      return [];
    return containersOf(workload)
      .filter(({ where }) => !where.includes(".ephemeralContainers["))
      .flatMap(({ where, inputs }) =>
        required.flatMap((path) => {
          const amount = at(inputs, "resources", ...path.split("."));
          if (isAmount(amount)) return [];
          return [
            {
              where: `${where}.resources.${path} of ${workload.title}`,
              is: amount,
              write: `an amount, such as ${examples[path] ?? '"1"'}`,
            },
          ];
        }),
      );
  },
});

/** Kubernetes' quantities; zero has no effect, and as a limit it means none. */
const quantity = /^\+?(?=[\d.]*[1-9])(\d+\.?\d*|\.\d+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?$/;

const isAmount = (amount: unknown) =>
  typeof amount === "number" ? amount > 0 : typeof amount === "string" && quantity.test(amount);

const examples: Readonly<Record<string, string>> = {
  "requests.cpu": '"10m"',
  "limits.cpu": '"1"',
  "requests.memory": '"64Mi"',
  "limits.memory": '"512Mi"',
};
