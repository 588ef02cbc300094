/** What an application's services run: data, from which `createWorkloads` makes Kubernetes objects. */
import type * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { ServiceTraffic } from "../traffic";

/** What the pods of a service, or of one version of it, run: one Deployment with one container. */
export interface Workload {
  /**
   * The value of its pods' label `version`, and the end of its name. If a service has several, each also has a Service
   * of its own. Default: the Deployment has the service's name, and its pods do not have this label.
   */
  readonly version?: string;
  /** The image, with a full tag or a digest. */
  readonly image: string;
  /** Percent of the requests for the service that this version gets; all versions together get 100. Default: 100. */
  readonly share?: number;
  /** Environment variables, by name. Default: none. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The folders that the image writes to, by the name of the volume that makes each writable. Default: none. */
  readonly writable?: Readonly<Record<string, string>>;
  /**
   * How the kubelet sees that it answers: a path that is answered with 200 to 399 without a token, or `connection`, its
   * port accepts one. Default: `/health`; of a gRPC service `grpc.health.v1.Health`; of TCP a connection.
   */
  readonly health?: `/${string}` | "connection";
  /** The group that it runs as. Default: one that owns no files. */
  readonly group?: number;
  /** The most memory that it may take, such as `256Mi`. */
  readonly memory: string;
}

/** The workloads, by service. */
export type Workloads = Readonly<Record<string, readonly Workload[]>>;

/** What a login changes in the workloads of a service. */
export interface WorkloadOverride {
  readonly image: string;
  readonly environment: readonly kubernetes.types.input.core.v1.EnvFromSource[];
  /** Annotations of its pods; a changed value restarts them. */
  readonly annotations: Readonly<Record<string, pulumi.Input<string>>>;
}

/** The name of a workload's Deployment, and of its own Service if the service has several workloads. */
export const workloadName = (service: string, { version }: Pick<Workload, "version">) =>
  version === undefined ? service : `${service}-${version}`;

/**
 * How requests are distributed over the versions: for each service, and for each version that has a Service of its own.
 */
export function trafficOf(workloads: Workloads): ServiceTraffic[] {
  return Object.entries(workloads).flatMap(([service, versions]) => {
    const shares = Object.fromEntries(
      versions.flatMap(({ version, share = 100 }) =>
        version === undefined ? [] : [[version, share]],
      ),
    );
    const own = { service, shares };
    if (versions.length === 1) return [own];
    return [
      own,
      ...versions.map((workload) => ({ service: workloadName(service, workload), shares: {} })),
    ];
  });
}
