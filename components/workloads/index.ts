import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type Application, type Labels, podLabels, podPort, serviceOf } from "../application";
import type { ProtectedNamespace } from "../protection";
import type { Settings } from "../settings";
import type { ServiceTraffic } from "../traffic";
import { createIngress } from "./ingress";
import { podTemplate } from "./pod";
import { workloadProblems } from "./shape";
import { createTraffic } from "./traffic";
import {
  trafficOf,
  type Workload,
  workloadName,
  type WorkloadOverride,
  type Workloads,
} from "./workload";

/** Where a program makes its own objects. */
export interface WorkloadsPlace {
  /** The application's namespace. */
  readonly namespace: string;
  /** Pulumi's options for each object: the cluster's provider, and after everything that protects the namespace. */
  readonly options: { readonly parent: pulumi.Resource };
  /** What a login in the application changes in the pods of a service, by service. */
  readonly overrides: Readonly<Record<string, WorkloadOverride>>;
  /** Makes these services from data, as where all are made so. */
  readonly services: (workloads: Workloads) => void;
}

/** Makes the Kubernetes objects of a table's services, in any way. */
export type MakeWorkloads = (place: WorkloadsPlace) => void;

/** What the workloads are made from. */
export interface WorkloadsArgs {
  readonly application: Application;
  readonly workloads: Workloads | MakeWorkloads;
  /** Where they are made, and what protects them there. */
  readonly namespace: ProtectedNamespace;
}

/**
 * Makes each service's account, Service and Deployments, or has the program make them, and its routes: a component with
 * the namespace's name.
 * @returns how requests are distributed over the services' versions
 * @throws pulumi.RunError naming every mistake of the workloads
 */
export function createWorkloads(
  { gateway: { url: gatewayUrl, tls, cors } }: Pick<Settings, "gateway">,
  { application, workloads, namespace }: WorkloadsArgs,
): readonly ServiceTraffic[] {
  const { namespace: name } = application;
  const parent = new pulumi.ComponentResource(typeOf(name), name, {}, namespace.options);
  const { overrides = {}, ...ingress } = namespace.ingress;
  const made: Workloads[] = [];
  const isProgram = typeof workloads === "function";
  const services = (some: Workloads) => {
    check(workloadProblems(application, some, !isProgram));
    made.push(some);
    for (const [service, versions] of Object.entries(some))
      createService(application, service, versions, overrides[service], { parent });
  };
  if (isProgram) workloads({ namespace: name, options: { parent }, overrides, services });
  else services(workloads);
  const traffic = trafficFor(application, made);
  createTraffic(name, application, traffic, { parent });
  createIngress(name, { application, gatewayUrl, tls, cors, ...ingress }, { parent });
  return traffic;
}

function check(problems: readonly string[]): void {
  if (problems.length === 0) return;
  const lines = problems.map((one) => `  ${one}`);
  throw new pulumi.RunError(["The workloads (workloads.ts) are wrong:", ...lines].join("\n"));
}

/**
 * How requests are distributed over the versions. Of what the program makes itself, the table has the Services: those of
 * its services, and of their versions.
 */
function trafficFor(
  { services }: Pick<Application, "services">,
  made: readonly Workloads[],
): ServiceTraffic[] {
  const others = Object.entries(services)
    .filter(([service]) => !made.some((some) => Object.hasOwn(some, service)))
    .flatMap(([service, { versions = [] }]) => [service, ...versions.map(({ name }) => name)]);
  return [...made.flatMap(trafficOf), ...others.map((service) => ({ service, shares: {} }))];
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
  const access = serviceOf(application, service);
  const { port, serviceAccount, protocol = "http" } = access;
  const targetPort = podPort(access);
  const createAddress = (name: string, labels: Labels) =>
    new kubernetes.core.v1.Service(
      `${namespace}-${name}`,
      {
        metadata: { name, namespace, labels },
        // Istio takes a port for what its name says.
        spec: { selector: labels, ports: [{ name: protocol, port, targetPort }] },
      },
      options,
    );
  const own = podLabels(application, service);
  createAddress(service, own);
  const account = new kubernetes.core.v1.ServiceAccount(
    `${namespace}-${service}`,
    {
      metadata: { name: serviceAccount, namespace, labels: own },
      automountServiceAccountToken: false,
    },
    options,
  );
  for (const workload of versions) {
    const name = workloadName(service, workload);
    const { version } = workload;
    const labels = { ...own, ...(version !== undefined && { version }) };
    const template = podTemplate({
      service,
      port: targetPort,
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
