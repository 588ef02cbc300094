import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { bookinfo, port, type ServiceName } from "./access";
import { serviceAccountOf } from "./application";
import type { BookinfoSettings } from "./config";
import { createIngress, type IngressArgs } from "./gateway/route";
import { containerSecurity, podSecurity } from "./pods";
import { createTraffic, type ServiceTraffic } from "./traffic";

/** One version of a service. */
interface Version {
  readonly version: "v1" | "v2" | "v3";
  readonly replicas: number;
  /** The folders that the image writes to, by the name of the volume that makes each writable. */
  readonly writable?: Readonly<Record<string, string>>;
  /** The group that it runs as. Default: one that owns nothing. */
  readonly group?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Reviews runs on Open Liberty, which writes its logs and its work area. The image's start script writes the password
 * of a key store that reviews does not use, and ends where it cannot.
 */
const liberty = {
  writable: {
    tmp: "/tmp",
    "wlp-output": "/opt/ol/wlp/output",
    "wlp-defaults": "/opt/ol/wlp/usr/servers/defaultServer/configDropins/defaults",
  },
  environment: { LOG_DIR: "/tmp/logs" },
  // The image gives its files to this group, for users that it does not know.
  group: 0,
};

const versions: Readonly<Record<ServiceName, readonly Version[]>> = {
  productpage: [{ version: "v1", replicas: 1, writable: { tmp: "/tmp" } }],
  details: [{ version: "v1", replicas: 1 }],
  reviews: [
    { version: "v1", replicas: 1, ...liberty },
    { version: "v2", replicas: 1, ...liberty },
    { version: "v3", replicas: 1, ...liberty },
  ],
  ratings: [{ version: "v1", replicas: 1 }],
};

/** A version together with its service: one Deployment. */
interface Workload extends Version {
  readonly service: ServiceName;
}

const workloadsByService = (Object.keys(versions) as ServiceName[]).map((service) => ({
  service,
  workloads: versions[service].map((version): Workload => ({ service, ...version })),
}));

/** What differs in a service from Bookinfo's own. */
export interface ServiceOverride {
  readonly image: string;
  readonly environment: kubernetes.types.input.core.v1.EnvFromSource[];
  /** Of its pods. */
  readonly annotations: Readonly<Record<string, pulumi.Input<string>>>;
}

/** What Bookinfo is made from: the settings under `bookinfo`, and the ingress. */
export interface BookinfoArgs extends BookinfoSettings, Omit<IngressArgs, "application"> {
  /** Default: none. */
  readonly overrides?: Readonly<Partial<Record<ServiceName, ServiceOverride>>> | undefined;
}

/** Istio's Bookinfo: four services, three versions of reviews, and the ingress to them. */
export class Bookinfo extends pulumi.ComponentResource {
  /**
   * @param name the component's name; its children are named after it
   * @param args images, and the ingress
   * @param options Pulumi's resource options; they must carry the cluster's Kubernetes provider, and
   *   depend on the namespace, the control plane (which injects the sidecars) and the enforcement
   */
  constructor(name: string, args: BookinfoArgs, options: pulumi.ComponentResourceOptions) {
    super("istio-auth0:index:Bookinfo", name, {}, options);
    for (const { service, workloads } of workloadsByService) {
      this.createService(name, service, { app: service });
      const account = this.createServiceAccount(name, service);
      for (const workload of workloads) {
        this.createDeployment(name, workload, args, account);
        // As in Istio's samples, a version can be addressed by itself where there are several.
        if (workloads.length > 1) {
          this.createService(name, nameOf(workload), labelsOf(workload));
        }
      }
    }
    createTraffic(name, bookinfo, trafficOf(args), { parent: this });
    createIngress(name, { application: bookinfo, ...args }, { parent: this });
    this.registerOutputs({});
  }

  private createService(name: string, service: string, selector: Record<string, string>): void {
    new kubernetes.core.v1.Service(
      `${name}-${service}`,
      {
        metadata: metadataOf(service, selector),
        spec: { selector, ports: [{ name: "http", port, targetPort: port }] },
      },
      { parent: this },
    );
  }

  private createServiceAccount(
    name: string,
    service: ServiceName,
  ): kubernetes.core.v1.ServiceAccount {
    const account = serviceAccountOf(bookinfo, service);
    return new kubernetes.core.v1.ServiceAccount(
      `${name}-${service}`,
      { metadata: metadataOf(account.name, { app: service }), automountServiceAccountToken: false },
      { parent: this },
    );
  }

  private createDeployment(
    name: string,
    workload: Workload,
    args: BookinfoArgs,
    account: kubernetes.core.v1.ServiceAccount,
  ): void {
    const labels = labelsOf(workload);
    new kubernetes.apps.v1.Deployment(
      `${name}-${nameOf(workload)}`,
      {
        metadata: metadataOf(nameOf(workload), labels),
        spec: {
          replicas: workload.replicas,
          selector: { matchLabels: labels },
          template: templateOf(workload, args),
        },
      },
      // Pods whose account is missing are refused, and tried again later and later.
      { parent: this, dependsOn: [account] },
    );
  }
}

/** Each service, and each version of reviews that is a Service of its own. */
export function trafficOf({ reviews }: Pick<BookinfoSettings, "reviews">): ServiceTraffic[] {
  return workloadsByService.flatMap(({ service, workloads }) => {
    const versions = Object.fromEntries(workloads.map(({ version }) => [version, 100]));
    const own = { service, shares: service === "reviews" ? reviews : versions };
    if (workloads.length === 1) return [own];
    return [own, ...workloads.map((workload) => ({ service: nameOf(workload), shares: {} }))];
  });
}

function nameOf({ service, version }: Workload): string {
  return `${service}-${version}`;
}

function imageOf(workload: Workload, { registry, tag, ...images }: BookinfoSettings): string {
  const name = nameOf(workload);
  const digests: Readonly<Record<string, string | undefined>> = images.digests;
  const digest = digests[name];
  const image = `${registry}/examples-bookinfo-${name}:${tag}`;
  return digest === undefined ? image : `${image}@${digest}`;
}

function labelsOf({ service, version }: Workload): Record<string, string> {
  return { app: service, version };
}

function metadataOf(name: string, labels: Record<string, string>) {
  return { name, namespace: bookinfo.namespace, labels };
}

function templateOf(
  workload: Workload,
  { overrides = {}, ...images }: BookinfoArgs,
): kubernetes.types.input.core.v1.PodTemplateSpec {
  const override = overrides[workload.service];
  return {
    metadata: {
      labels: labelsOf(workload),
      ...(override && { annotations: { ...override.annotations } }),
    },
    spec: podOf(workload, images, override),
  };
}

/** One container of the sample's own image, with no more rights than it needs. */
function podOf(
  workload: Workload,
  images: BookinfoSettings,
  override: ServiceOverride | undefined,
): kubernetes.types.input.core.v1.PodSpec {
  const { service, writable = {}, environment = {}, group } = workload;
  const health = { httpGet: { path: "/health", port } };
  const variables = Object.entries(environment).map(([variable, value]) => ({
    name: variable,
    value,
  }));
  const mounts = Object.entries(writable).map(([volume, mountPath]) => ({
    name: volume,
    mountPath,
  }));
  const volumes = Object.keys(writable).map((volume) => ({ name: volume, emptyDir: {} }));
  return {
    serviceAccountName: serviceAccountOf(bookinfo, service).name,
    // Istio mounts the sidecar's own token; the services never call Kubernetes.
    automountServiceAccountToken: false,
    securityContext: podSecurity,
    containers: [
      {
        name: service,
        image: override?.image ?? imageOf(workload, images),
        // A full version, or a digest, does not change: a node that has the image starts it without the registry.
        imagePullPolicy: "IfNotPresent",
        ports: [{ name: "http", containerPort: port }],
        ...(override && { envFrom: override.environment }),
        // The API server drops an empty list: an object that had one would differ from its inputs for good.
        ...(variables.length > 0 && { env: variables }),
        ...(mounts.length > 0 && { volumeMounts: mounts }),
        // Two minutes to start, asked every second; after that, less often.
        startupProbe: { ...health, periodSeconds: 1, failureThreshold: 120 },
        readinessProbe: { ...health, periodSeconds: 5 },
        livenessProbe: { ...health, periodSeconds: 10 },
        // No limit of CPU: the kernel would stop a service for the rest of each period, with the node idle.
        resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory: "512Mi" } },
        securityContext: containerSecurity(group),
      },
    ],
    ...(volumes.length > 0 && { volumes }),
  };
}
