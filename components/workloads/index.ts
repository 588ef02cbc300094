import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type Application, serviceOf } from "../application";
import { createIngress } from "../gateway/route";
import type { ProtectedNamespace } from "../protection";
import type { Settings } from "../settings";
import { createTraffic } from "../traffic";
import { podTemplate } from "./pod";
import {
  trafficOf,
  type Workload,
  workloadName,
  type WorkloadOverride,
  type Workloads,
} from "./workload";

/** What the workloads are made from. */
export interface WorkloadsArgs {
  readonly application: Application;
  readonly workloads: Workloads;
  /** Where they are made, and what protects them there. */
  readonly namespace: ProtectedNamespace;
}

/**
 * Makes each service's account, Service and Deployments, and its routes: a component with the namespace's name.
 * @throws Error if the table has no service for a workload
 */
export function createWorkloads(
  { gateway: { url: gatewayUrl, tls, cors } }: Pick<Settings, "gateway">,
  { application, workloads, namespace }: WorkloadsArgs,
): void {
  const { namespace: name } = application;
  const parent = new pulumi.ComponentResource(typeOf(name), name, {}, namespace.options);
  const { overrides = {}, ...ingress } = namespace.ingress;
  for (const [service, versions] of Object.entries(workloads))
    createService(application, service, versions, overrides[service], { parent });
  createTraffic(name, application, trafficOf(workloads), { parent });
  createIngress(name, { application, gatewayUrl, tls, cors, ...ingress }, { parent });
}

/** `istio-auth0:index:OrderEntry` of the namespace `order-entry`. */
function typeOf(namespace: string): string {
  const words = namespace.split("-").map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return `istio-auth0:index:${words.join("")}`;
}

function createService(
  application: Application,
  service: string,
  versions: readonly Workload[],
  override: WorkloadOverride | undefined,
  options: pulumi.CustomResourceOptions,
): void {
  const { namespace } = application;
  const { port, serviceAccount, protocol = "http" } = serviceOf(application, service);
  const createAddress = (name: string, labels: Record<string, string>) =>
    new kubernetes.core.v1.Service(
      `${namespace}-${name}`,
      {
        metadata: { name, namespace, labels },
        // Istio takes a port for what its name says.
        spec: { selector: labels, ports: [{ name: protocol, port, targetPort: port }] },
      },
      options,
    );
  createAddress(service, { app: service });
  const account = new kubernetes.core.v1.ServiceAccount(
    `${namespace}-${service}`,
    {
      metadata: { name: serviceAccount, namespace, labels: { app: service } },
      automountServiceAccountToken: false,
    },
    options,
  );
  for (const workload of versions) {
    const name = workloadName(service, workload);
    const { version } = workload;
    const labels = { app: service, ...(version !== undefined && { version }) };
    const template = podTemplate({
      service,
      port,
      protocol,
      serviceAccount,
      labels,
      workload,
      override,
    });
    new kubernetes.apps.v1.Deployment(
      `${namespace}-${name}`,
      {
        metadata: { name, namespace, labels },
        spec: { replicas: 1, selector: { matchLabels: labels }, template },
      },
      // Kubernetes refuses pods whose account is missing, and retries them at growing intervals.
      { ...options, dependsOn: [account] },
    );
    // As in Istio's samples, each version has a name of its own if there are several.
    if (versions.length > 1) createAddress(name, labels);
  }
}
