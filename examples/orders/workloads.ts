import * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Application, ApplicationService } from "../../components/application";
import { containerSecurity, podSecurity } from "../../components/pods";

/**
 * Makes each service's account, Service and Deployment.
 *
 * @param name what the resources are named after
 * @param options Pulumi's resource options
 */
export function createWorkloads(
  name: string,
  { services, namespace, image }: Application,
  options: pulumi.CustomResourceOptions,
): void {
  for (const [service, row] of Object.entries(services)) {
    const labels = { app: service };
    const account = new kubernetes.core.v1.ServiceAccount(
      `${name}-${service}`,
      {
        metadata: { name: row.serviceAccount, namespace, labels },
        automountServiceAccountToken: false,
      },
      options,
    );
    new kubernetes.core.v1.Service(
      `${name}-${service}`,
      {
        metadata: { name: service, namespace, labels },
        spec: {
          selector: labels,
          ports: [{ name: "http", port: row.port, targetPort: row.port }],
        },
      },
      options,
    );
    new kubernetes.apps.v1.Deployment(
      `${name}-${service}`,
      {
        metadata: { name: service, namespace, labels },
        spec: {
          replicas: 1,
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: podOf(service, row, image ?? "") },
        },
      },
      { ...options, dependsOn: [account] },
    );
  }
}

function podOf(
  service: string,
  { port, serviceAccount }: ApplicationService,
  image: string,
): kubernetes.types.input.core.v1.PodSpec {
  const health = { httpGet: { path: "/health", port } };
  return {
    serviceAccountName: serviceAccount,
    automountServiceAccountToken: false,
    securityContext: podSecurity,
    containers: [
      {
        name: service,
        image,
        imagePullPolicy: "IfNotPresent",
        ports: [{ name: "http", containerPort: port }],
        env: [
          { name: "SERVICE", value: service },
          { name: "PORT", value: String(port) },
        ],
        startupProbe: { ...health, periodSeconds: 1, failureThreshold: 120 },
        readinessProbe: { ...health, periodSeconds: 5 },
        livenessProbe: { ...health, periodSeconds: 10 },
        resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory: "256Mi" } },
        securityContext: containerSecurity(),
      },
    ],
  };
}
