/** What the proxy and its Redis have in common: a service account, a Deployment and a Service, with few rights. */
import * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { containerSecurity, podSecurity, spreadOverNodes } from "../pods";
import type { LoginWorkload } from "./names";

type Container = kubernetes.types.input.core.v1.Container;
type Probe = kubernetes.types.input.core.v1.Probe;
type Volume = kubernetes.types.input.core.v1.Volume;

/** What differs between the two. */
export interface WorkloadArgs {
  /** The name of its port, which says to the mesh what protocol it speaks. */
  readonly portName: string;
  /** What the container has of its own: image, command and probes. */
  readonly container: Pick<Container, "image" | "command" | "args" | "env" | "resources">;
  readonly probes: { readonly readiness: Probe; readonly liveness: Probe };
  /** Each is mounted, read-only, where its folder says. */
  readonly volumes: readonly {
    readonly folder: string;
    readonly volume: Volume & { name: string };
  }[];
  /** Of its pods: one that changes starts them anew. */
  readonly annotations?: Readonly<Record<string, pulumi.Input<string>>>;
  readonly strategy: "RollingUpdate" | "Recreate";
  /** How many pods. Several have a disruption budget. */
  readonly replicas: number;
}

/**
 * Makes the pods of a program that writes nothing, and what they are reached by.
 *
 * @param name what the resources are named after
 * @param options its parent, and what it reads at its start
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
    // The sidecar's own token is mounted by Istio; the program never calls Kubernetes.
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
    // Pods whose account or files are missing are tried again later and later.
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
