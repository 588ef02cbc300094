/** Compares the API server's admission policy for the application's namespace with the one that the stack makes. */
import { isDeepStrictEqual } from "node:util";
import {
  AdmissionregistrationV1Api,
  ApiException,
  CoreV1Api,
  type V1Pod,
} from "@kubernetes/client-node";
import { z } from "zod";
import { type Application, podLabels } from "../../../components/application";
import { admissionObjects } from "../../../components/enforcement/admission";
import { explained, loadCluster, type Plain, unlessMissing } from "../../stack/cluster";
import { refreshCommand } from "../../stack/last-update";
import { accountName } from "../probes/identities";
import { probePod } from "../probes/probe-pod";
import { madeAnew } from "../../stack/objects";
import type { Finding, ProvenFinding } from "./finding";
import { labelsText } from "./workloads";

/**
 * Reads the policy and its binding. If they differ, the API server is asked by a dry run whether it would admit a pod
 * that they have to refuse.
 * @param kubeconfig the file's content
 * @throws UserError if the API server does not answer
 */
export async function admissionFindings(
  application: Application,
  kubeconfig: string,
): Promise<readonly ProvenFinding[]> {
  const cluster = loadCluster(kubeconfig);
  const api = cluster.makeApiClient(AdmissionregistrationV1Api);
  const { name } = admissionObjects(application);
  const [policy, binding] = await Promise.all([
    explained("read the admission policy", () =>
      unlessMissing(async () => (await api.readValidatingAdmissionPolicy({ name })).spec),
    ),
    explained("read the admission policy's binding", () =>
      unlessMissing(async () => (await api.readValidatingAdmissionPolicyBinding({ name })).spec),
    ),
  ]);
  const found = compareAdmission(application, { policy, binding });
  if (found.length === 0) return [];
  const seen = await admitted(application, cluster.makeApiClient(CoreV1Api));
  return found.map((each) => ({ ...each, ...(seen !== undefined && { seen }) }));
}

/**
 * The first pod that the API server would admit, of those that the policy has to refuse: each service's account without
 * its label, and its label with another account. Undefined if it refuses all, or may not be asked.
 */
async function admitted(application: Application, api: CoreV1Api): Promise<string | undefined> {
  const { namespace, services } = application;
  for (const [service, { serviceAccount }] of Object.entries(services)) {
    for (const [account, labels] of [
      [serviceAccount, { app: "impostor" }],
      ["default", podLabels(application, service)],
    ] as const) {
      const place = { name: "impostor", namespace, serviceAccount: account, inTheMesh: false };
      const pod = probePod("dry-run", place, "none");
      const body: Plain<V1Pod> = { ...pod, metadata: { ...pod.metadata, labels: { ...labels } } };
      try {
        await api.createNamespacedPod({ namespace, body, dryRun: "All" });
        return `kubectl create --dry-run=server of a pod with the service account ${accountName({ namespace, name: account })} and the label ${labelsText(labels)}: admitted`;
      } catch (error) {
        if (!(error instanceof ApiException)) throw error;
      }
    }
  }
  return undefined;
}

/** @param live the specifications in the cluster; undefined: there are none */
export function compareAdmission(
  application: Application,
  live: { readonly policy: unknown; readonly binding: unknown },
): readonly Finding[] {
  const { name, policy, binding } = admissionObjects(application);
  return [
    ...compare("ValidatingAdmissionPolicy", name, unlimited(policy), live.policy),
    ...compare(
      "ValidatingAdmissionPolicyBinding",
      name,
      { ...binding, ...everywhere },
      live.binding,
    ),
  ];
}

/** Fields that would exempt pods if the stack's objects had them; they have none. */
const everywhere = { matchResources: undefined, paramRef: undefined };

const constraintsOf = z.object({
  resourceRules: z.array(z.looseObject({})),
  namespaceSelector: z.looseObject({}),
});

function unlimited(policy: ReturnType<typeof admissionObjects>["policy"]) {
  const { resourceRules: podRules, namespaceSelector: selector } = constraintsOf.parse(
    policy.matchConstraints,
  );
  return {
    ...policy,
    matchConditions: undefined,
    paramKind: undefined,
    matchConstraints: {
      ...(policy.matchConstraints as object),
      excludeResourceRules: undefined,
      resourceRules: podRules.map((rule) => ({
        ...rule,
        resourceNames: undefined,
        // Pods have a namespace; a missing field matches any.
        scope: /^(undefined|\*|Namespaced)$/,
      })),
      namespaceSelector: { ...selector, matchExpressions: undefined },
      // The API server adds it, empty.
      objectSelector: { matchLabels: undefined, matchExpressions: undefined },
    },
  };
}

function compare(kind: string, name: string, asked: unknown, live: unknown): readonly Finding[] {
  if (live !== undefined && holds(live, asked)) return [];
  const what = live === undefined ? "it is missing" : "it differs from the stack's";
  return [
    {
      object: `${kind} ${name}`,
      opens: `${what}: pods may get a service's identity, or its requests, without being it`,
      undo: live === undefined ? refreshCommand : madeAnew(kind, { name }),
    },
  ];
}

/** Whether a value has everything that is required. The API server adds defaults, but no entries of lists. */
function holds(live: unknown, asked: unknown): boolean {
  if (typeof asked !== "object" || asked === null) return live === asked;
  if (asked instanceof RegExp) return asked.test(String(live));
  if (live === undefined && Object.values(asked).every((part) => part === undefined)) return true;
  if (typeof live !== "object" || live === null) return false;
  if (Array.isArray(asked) && (!Array.isArray(live) || live.length !== asked.length)) return false;
  const parts = live as Readonly<Record<string, unknown>>;
  return Object.entries(asked).every(([field, value]) =>
    // With one label more it matches fewer pods.
    field === "matchLabels" && value !== undefined
      ? isDeepStrictEqual(parts[field], value)
      : holds(parts[field], value),
  );
}
