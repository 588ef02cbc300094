import { z } from "zod";
import { at, entries, isKind, show } from "../reading";
import type { Resource } from "../resource";
import { type Finding, stackRule } from "../rule";
import { exceptNoNamespace, notJudged } from "../settings";
import { accountOf, namespaceOf, type Workload, workloadsOf } from "../workloads";

/** https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/ */
export const apiToken = stackRule({
  name: "api-token",
  description: "No pod has a token of the Kubernetes API, where that is asked for.",
  severity: "high",
  remediation:
    "Set automountServiceAccountToken: false in the pod's spec. The sidecar has a token of its own, for istiod alone.",
  settings: z.object({
    forbidApiTokens: z
      .boolean()
      .default(false)
      .describe("Whether pods may have a token of the Kubernetes API only by allowedAccounts"),
    allowedAccounts: z
      .array(z.string())
      .default([])
      .describe("The service accounts whose pods may have one: namespace/name"),
    exceptNamespaces: exceptNoNamespace.describe(notJudged),
  }),
  judgeAll(resources, { forbidApiTokens, allowedAccounts, exceptNamespaces }) {
    if (!forbidApiTokens) return [];
    return workloadsOf(resources)
      .filter(
        (workload) =>
          !exceptNamespaces.some((name) => name === workload.namespace) &&
          !allowedAccounts.some((account) => isOf(account, workload)),
      )
      .flatMap((workload) => [...mounted(workload, resources), ...projected(workload)]);
  },
});

/** The account of pods that name none. */
const accountName = (workload: Workload) => accountOf(workload) ?? "default";

function isOf(allowed: string, workload: Workload): boolean {
  const [namespace, account] = allowed.split("/");
  return namespace === workload.namespace && account === accountName(workload);
}

const field = "automountServiceAccountToken";

/** The pod's setting overrides its account's; the default is true. */
function mounted(workload: Workload, resources: readonly Resource[]): Finding[] {
  const { resource, pod, where, title } = workload;
  const own = at(pod, field);
  const account = accountName(workload);
  const ofAccount = resources
    .filter(
      (one) =>
        isKind(one, "core", "ServiceAccount") &&
        namespaceOf(one) === workload.namespace &&
        at(one.inputs, "metadata", "name") === account,
    )
    .map(({ inputs }) => inputs[field])
    .filter((value) => value !== undefined);
  const said = own === undefined || own === null ? ofAccount : [own];
  if (said.length > 0 && said.every((value) => value === false)) return [];
  const value = said.find((one) => one !== false);
  return [{ resource, where: `${where}spec.${field} of ${title}`, is: value, write: "false" }];
}

/** The API server's own audiences: the default, and the names of its Service. */
const ofTheApi = /^$|^(https:\/\/)?kubernetes\.default(\.svc(\..+)?)?$/;

/** A volume may have a token too. With another audience it is for a program other than the API. */
function projected({ resource, pod, where, title }: Workload): Finding[] {
  return entries(at(pod, "volumes")).flatMap((volume, index) =>
    entries(at(volume, "projected", "sources")).flatMap((source, position) => {
      const token = at(source, "serviceAccountToken");
      const audience = at(token, "audience");
      if (token === undefined || (typeof audience === "string" && !ofTheApi.test(audience)))
        return [];
      const place = `volumes[${index}].projected.sources[${position}].serviceAccountToken`;
      const found = `has ${typeof audience === "string" ? `the audience ${show(audience)}` : "no audience"}`;
      return [
        {
          resource,
          where: `${where}spec.${place} of ${title}`,
          found,
          write: "the audience of the program that it is for",
        },
      ];
    }),
  );
}
