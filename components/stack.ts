import type { Application } from "./application";
import { createCluster } from "./cluster";
import { loadSettings } from "./config";
import { createIdentity } from "./identity";
import { createMesh } from "./mesh";
import { outputsOf } from "./outputs";
import { createProtectedNamespace } from "./protection";
import { createWorkloads, type MakeWorkloads } from "./workloads";
import type { Workloads } from "./workloads/workload";

/**
 * Makes a whole stack from its settings: the cluster, the mesh, the identity provider's objects, and the workloads in a
 * protected namespace. A program that needs more control over one of the parts makes them one by one, as index.ts does.
 *
 * @param workloads what the services run; or a function that makes their Kubernetes objects itself, each with the table's
 *   labels, service account and port: from YAML, from a chart, or in TypeScript; some of them from data, by `services`
 * @returns the stack's outputs
 */
export function createStack(application: Application, workloads: Workloads | MakeWorkloads) {
  const settings = loadSettings(application);
  const cluster = createCluster("cluster", settings);
  const mesh = createMesh("istio", settings, application, cluster);
  const identity = createIdentity("identity", settings, application, cluster);
  const namespace = createProtectedNamespace(settings, { application, cluster, mesh, identity });
  const traffic = createWorkloads(settings, { application, workloads, namespace });
  return outputsOf(settings, { cluster, identity, traffic });
}
