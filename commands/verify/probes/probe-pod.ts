/** The probe pod, and the Service of one that serves, as Kubernetes objects. */
import type { V1Pod, V1Service, V1ServiceAccount } from "@kubernetes/client-node";
import type { ServiceAccountName } from "../../../components/names";
import { allow, everyPod, type NetworkPolicyObject } from "../../../components/network/objects";
import { containerSecurity, podSecurity } from "../../../components/pods";
import type { Plain } from "../../stack/cluster";

/** The label of everything that any run makes in the cluster. */
export const probeLabel = "app=verify";
export const runLabel = "verify-run";
export const podLabel = "verify-pod";
export const container = "probe";

/** Any image with `node` on its PATH works. */
export const defaultProbeImage = "docker.io/library/node:24-alpine";

/** Seconds after which a pod ends by itself, also if its run was killed. */
export const lifetime = 600;

/** A pod to send requests from. */
export interface ProbePod {
  /** Unique within a run; a part of the pod's name. */
  readonly name: string;
  readonly namespace: string;
  /** The namespace has to exist. */
  readonly serviceAccount: string;
  /** Whether it has a sidecar. Without one its requests are plain text. */
  readonly inTheMesh: boolean;
  /** Makes it answer every request with 200, behind a Service of this name. */
  readonly serves?: { readonly service: string; readonly port: number };
}

/** The pod's name in the cluster. */
export function podName(run: string, name: string): string {
  return `verify-${name}-${run}`;
}

/** What the pods of this name have in common in every run. */
function labelsOf(name: string): Record<string, string> {
  const [label = "", value = ""] = probeLabel.split("=");
  return { [label]: value, [podLabel]: name };
}

/** Istio reads the label; older releases read the annotation. */
const noSidecar = { "sidecar.istio.io/inject": "false" };

const sidecar = { "sidecar.istio.io/inject": "true" };

const smallSidecar = {
  // A small node may not have room for one more.
  "sidecar.istio.io/proxyCPU": "10m",
  "sidecar.istio.io/proxyMemory": "64Mi",
};

/** It waits for input, as long as it lives. It has no token, and none is mounted. */
export function probePod(
  run: string,
  { name, serviceAccount, inTheMesh, serves }: ProbePod,
  image: string,
): Plain<V1Pod> {
  return {
    metadata: {
      name: podName(run, name),
      // Without a label of the namespace this label decides.
      labels: {
        ...labelsOf(name),
        [runLabel]: run,
        ...(inTheMesh ? sidecar : noSidecar),
      },
      annotations: inTheMesh ? smallSidecar : noSidecar,
    },
    spec: {
      serviceAccountName: serviceAccount,
      automountServiceAccountToken: false,
      securityContext: podSecurity,
      restartPolicy: "Never",
      activeDeadlineSeconds: lifetime,
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: container,
          image,
          command: ["node", "-e", serves === undefined ? idle : serverOn(serves.port)],
          resources: { requests: { cpu: "10m", memory: "32Mi" } },
          securityContext: containerSecurity(),
        },
      ],
    },
  };
}

const idle = "setInterval(() => undefined, 2 ** 30)";

function serverOn(port: number): string {
  return `require("node:http").createServer((_, response) => response.end()).listen(${port})`;
}

/** A service account that runs send requests as. All runs share it, because its name matters. */
export function probeServiceAccount({ name }: ServiceAccountName): Plain<V1ServiceAccount> {
  return {
    metadata: { name, labels: labelsOf("account") },
    automountServiceAccountToken: false,
  };
}

/**
 * The Service of the pods that serve, one for all runs. Sidecars speak mutual TLS to a Service; a pod that is addressed
 * by its IP would get plain text, and would refuse that and not the caller.
 */
export function probeService({ name, serves }: ProbePod): Plain<V1Service> | undefined {
  if (serves === undefined) return undefined;
  const { service, port } = serves;
  return {
    metadata: { name: service, labels: labelsOf(name) },
    spec: {
      selector: labelsOf(name),
      ports: [{ name: "http", port }],
      // Kubernetes says up to a second late that the pod is ready. Until it answers, its requests are sent again.
      publishNotReadyAddresses: true,
    },
  };
}

/** A NetworkPolicy as it is sent: the client's own class has another name for `from`. */
export type ProbeNetworkPolicy = Omit<NetworkPolicyObject, "resource"> & {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
};

/**
 * Lets the probe pods connect to the pods of a namespace whose NetworkPolicies deny it, and the namespace's pods to any
 * address, while a run lasts: every refusal has to be the mesh's. During that time only the mesh protects the services
 * from another pod with this label.
 */
export function probeNetworkPolicies(namespace: string): readonly ProbeNetworkPolicy[] {
  const [label = "", value = ""] = probeLabel.split("=");
  const pods = { [label]: value };
  return [
    ...allow(
      { namespace, name: "verify-to-pods" },
      {},
      {
        ingress: [{ from: [{ ...everyPod, podSelector: { matchLabels: pods } }] }],
      },
    ),
    ...allow({ namespace, name: "verify-from-pods" }, pods, { egress: [{}] }),
  ].map(({ metadata, spec }) => ({
    metadata: { ...metadata, labels: labelsOf("network") },
    spec,
  }));
}
