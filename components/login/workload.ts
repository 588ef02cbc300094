/** What the proxy and its Redis have in common: a service account, a Deployment and a Service, with few rights. */
import { createHash } from "node:crypto";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { LoginWorkload } from "./names";

type Inputs = typeof kubernetes.types.input;

/** What differs between the two. */
export interface WorkloadArgs {
  readonly port: { readonly name: string };
  readonly container: {
    readonly image: string;
    readonly command?: readonly string[];
    readonly args?: readonly string[];
    readonly env?: kubernetes.types.input.core.v1.EnvVar[];
    /** Whether it runs; also whether it is ready, unless that is asked otherwise. */
    readonly probe: Pick<kubernetes.types.input.core.v1.Probe, "httpGet" | "tcpSocket">;
    readonly readiness?: Pick<kubernetes.types.input.core.v1.Probe, "httpGet">;
    /** Where volumes are read, by their names. */
    readonly mounts: Readonly<Record<string, string>>;
    readonly memory: { readonly request: string; readonly limit: string };
  };
  readonly volumes: kubernetes.types.input.core.v1.Volume[];
  readonly annotations: Record<string, pulumi.Input<string>>;
  readonly strategy: "RollingUpdate" | "Recreate";
}

/** Makes the workload. */
export function createWorkload(
  name: string,
  { name: service, namespace, port }: LoginWorkload,
  args: WorkloadArgs,
  options: pulumi.CustomResourceOptions,
): void {
  const labels = { app: service };
  const metadata = { name: service, namespace, labels };
  const account = new kubernetes.core.v1.ServiceAccount(
    `${name}-account`,
    { metadata, automountServiceAccountToken: false },
    options,
  );
  new kubernetes.core.v1.Service(
    `${name}-service`,
    {
      metadata,
      spec: { selector: labels, ports: [{ name: args.port.name, port, targetPort: port }] },
    },
    options,
  );
  new kubernetes.apps.v1.Deployment(
    `${name}-deployment`,
    {
      metadata,
      spec: {
        replicas: 1,
        strategy: { type: args.strategy },
        selector: { matchLabels: labels },
        template: {
          metadata: { labels, annotations: args.annotations },
          spec: {
            serviceAccountName: service,
            automountServiceAccountToken: false,
            containers: [containerOf(service, port, args)],
            volumes: args.volumes,
          },
        },
      },
    },
    { ...options, dependsOn: [account, ...dependenciesOf(options)] },
  );
}
