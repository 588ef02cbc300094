/** What the proxy and its Redis have in common: a service account, a Deployment and a Service, with few rights. */
import * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { containerSecurity, podSecurity, spreadOverNodes } from "../pods";
import type { LoginWorkload } from "./names";

type Container = kubernetes.types.input.core.v1.Container;
type Probe = kubernetes.types.input.core.v1.Probe;
type Volume = kubernetes.types.input.core.v1.Volume;

/** The options in which the two differ. */
export interface WorkloadArgs {
  /** The name of its port, which tells the mesh its protocol. */
  readonly portName: string;
  /** The parts of the container that are its own: image, command and probes. */
  readonly container: Pick<Container, "image" | "command" | "args" | "env" | "resources">;
  readonly probes: { readonly readiness: Probe; readonly liveness: Probe };
  /** The volumes, each mounted read-only at its folder. */
  readonly volumes: readonly {
    readonly folder: string;
    readonly volume: Volume & { name: string };
  }[];
  /** Annotations of its pods; a changed value restarts them. */
  readonly annotations?: Readonly<Record<string, pulumi.Input<string>>>;
  readonly strategy: "RollingUpdate" | "Recreate";
  /** How many pods. Several have a disruption budget. */
  readonly replicas: number;
}

/**
 * Makes the pods of a program that writes no files, and the Service by which they are reached.
 *
 * @param name what the resources are named after
 * @param options its parent, and what it depends on
 */
export function createWorkload(
  name: string,
  { name: workload, namespace, port }: LoginWorkload,
  args: WorkloadArgs,
  {
    parent,
    dependsOn,
  }: { readonly parent: pulumi.Resource; readonly dependsOn: pulumi.Resource[] },
): void {
  const labels = { app: workload };
  const metadata = { name: workload, namespace, labels };
  const account = new kubernetes.core.v1.ServiceAccount(
    `${name}-account`,
    // Istio mounts the sidecar's own token; the program never calls Kubernetes.
    { metadata, automountServiceAccountToken: false },
    { parent },
  );
  new kubernetes.core.v1.Service(
    `${name}-service`,
    {
      metadata,
      spec: { selector: labels, ports: [{ name: args.portName, port, targetPort: port }] },
    },
    { parent },
  );
  if (args.replicas > 1)
    new kubernetes.policy.v1.PodDisruptionBudget(
      `${name}-disruption-budget`,
      { metadata, spec: { minAvailable: 1, selector: { matchLabels: labels } } },
      { parent },
    );
  new kubernetes.apps.v1.Deployment(
    `${name}-deployment`,
    {
      metadata,
      spec: {
        replicas: args.replicas,
        strategy: { type: args.strategy },
        selector: { matchLabels: labels },
        template: {
          metadata: { labels, ...(args.annotations && { annotations: { ...args.annotations } }) },
          spec: {
            serviceAccountName: workload,
            automountServiceAccountToken: false,
            securityContext: podSecurity,
            ...(args.replicas > 1 && { topologySpreadConstraints: spreadOverNodes(labels) }),
            containers: [containerOf(workload, port, args)],
            volumes: args.volumes.map(({ volume }) => volume),
          },
        },
      },
    },
    // Kubernetes retries pods whose account or files are missing, at growing intervals.
    { parent, dependsOn: [...dependsOn, account] },
  );
}

function containerOf(name: string, port: number, args: WorkloadArgs): Container {
  const { portName, container, probes, volumes } = args;
  return {
    name,
    ...container,
    imagePullPolicy: "IfNotPresent",
    ports: [{ name: portName, containerPort: port }],
    startupProbe: { ...probes.liveness, periodSeconds: 1, failureThreshold: 120 },
    readinessProbe: { ...probes.readiness, periodSeconds: 5 },
    livenessProbe: { ...probes.liveness, periodSeconds: 10 },
    volumeMounts: volumes.map(({ folder, volume }) => ({
      name: volume.name,
      mountPath: folder,
      readOnly: true,
    })),
    securityContext: containerSecurity(),
  };
}
