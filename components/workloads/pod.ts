/** A workload's pods. */
import type * as kubernetes from "@pulumi/kubernetes";
import type { Protocol } from "../access/rows";
import { containerSecurity, podSecurity } from "../pods";
import type { Workload, WorkloadOverride } from "./workload";

/** What a service's pods are made from. */
export interface PodArgs {
  readonly service: string;
  readonly port: number;
  readonly protocol: Protocol;
  readonly serviceAccount: string;
  readonly labels: Record<string, string>;
  readonly workload: Workload;
  /** What the login adds. Default: nothing. */
  readonly override: WorkloadOverride | undefined;
}

/** The template of a Deployment's pods: one container, with no more rights than it needs. */
export function podTemplate(args: PodArgs): kubernetes.types.input.core.v1.PodTemplateSpec {
  const { labels, override, serviceAccount, workload } = args;
  const volumes = Object.keys(workload.writable ?? {});
  return {
    metadata: {
      labels,
      ...(override && { annotations: { ...override.annotations } }),
    },
    spec: {
      serviceAccountName: serviceAccount,
      // Istio mounts the sidecar's own token; the services never call Kubernetes.
      automountServiceAccountToken: false,
      securityContext: podSecurity,
      containers: [containerOf(args)],
      ...(volumes.length > 0 && { volumes: volumes.map((name) => ({ name, emptyDir: {} })) }),
    },
  };
}

/** How the kubelet sees that a service answers: of a gRPC service by its `grpc.health.v1.Health`. */
function healthCheck({ protocol, port, workload }: PodArgs) {
  const { health = protocol === "tcp" ? "connection" : undefined } = workload;
  if (health === "connection") return { tcpSocket: { port } };
  if (health === undefined && protocol === "grpc") return { grpc: { port } };
  return { httpGet: { path: health ?? "/health", port } };
}

function containerOf(args: PodArgs): kubernetes.types.input.core.v1.Container {
  const { service, port, protocol, workload, override } = args;
  const { environment = {}, writable = {}, group, memory } = workload;
  const health = healthCheck(args);
  const variables = Object.entries(environment).map(([name, value]) => ({ name, value }));
  const mounts = Object.entries(writable).map(([name, mountPath]) => ({ name, mountPath }));
  return {
    name: service,
    image: override?.image ?? workload.image,
    // A full version or a digest does not change: a node that has the image starts it without the registry.
    imagePullPolicy: "IfNotPresent",
    ports: [{ name: protocol, containerPort: port }],
    ...(override && { envFrom: [...override.environment] }),
    // The API server removes an empty list, so an object that has one would differ from its inputs forever.
    ...(variables.length > 0 && { env: variables }),
    ...(mounts.length > 0 && { volumeMounts: mounts }),
    // Two minutes to start, with a check every second; after that, less often.
    startupProbe: { ...health, periodSeconds: 1, failureThreshold: 120 },
    readinessProbe: { ...health, periodSeconds: 5 },
    livenessProbe: { ...health, periodSeconds: 10 },
    // No CPU limit: the kernel would stop a service for the rest of each period even if the node is idle.
    resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory } },
    securityContext: containerSecurity(group),
  };
}
