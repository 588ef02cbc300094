/** Bookinfo and the mesh fit two of the smallest DigitalOcean nodes, and one while the other is upgraded. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { application as bookinfo } from "../../../application";
import { createNamespace } from "../../../components/namespace";
import { IstioMesh } from "../../../components/mesh";
import { createWorkloads } from "../../../components/workloads";
import { workloadsOf } from "../../../workloads";
import { clusterProvider, ofType, type Registration, run } from "./mocks";

/**
 * What is left for pods of an s-2vcpu-4gb node of DigitalOcean: 1900m and 3072Mi can be had of it, and the pods
 * that DigitalOcean runs on each (network, DNS, storage, its agents) ask for less than 900m and 1024Mi.
 */
const smallestNode = { cpu: 1000, memory: 2048 };

interface Requests {
  readonly cpu: number;
  readonly memory: number;
}

const requests = z.object({
  requests: z.object({
    cpu: z
      .string()
      .regex(/^\d+m$/)
      .transform((text) => parseInt(text, 10)),
    memory: z
      .string()
      .regex(/^\d+Mi$/)
      .transform((text) => parseInt(text, 10)),
  }),
});
const deployment = z.object({
  spec: z.object({
    replicas: z.number(),
    template: z.object({
      spec: z.object({ containers: z.array(z.object({ resources: requests })) }),
    }),
  }),
});
const istiod = z.object({
  values: z.object({
    replicaCount: z.number().default(1),
    autoscaleEnabled: z.literal(false),
    resources: requests,
    global: z.object({ proxy: z.object({ resources: requests }) }),
  }),
});
const gateway = z.object({
  values: z.object({
    replicaCount: z.number().default(1),
    autoscaling: z.object({ enabled: z.literal(false) }),
    resources: requests,
  }),
});

function sum(parts: readonly Requests[]): Requests {
  return parts.reduce(
    (total, part) => ({ cpu: total.cpu + part.cpu, memory: total.memory + part.memory }),
    { cpu: 0, memory: 0 },
  );
}

/** What each pod of the stack asks for. */
function podsOf(registrations: readonly Registration[]): Requests[] {
  const releases = ofType(registrations, "kubernetes:helm.sh/v3:Release");
  const { values } = istiod.parse(releases["istio-istiod"]?.inputs);
  const sidecar = values.global.proxy.resources.requests;
  const applications = Object.values(
    ofType(registrations, "kubernetes:apps/v1:Deployment"),
  ).flatMap(({ inputs }) => {
    const { replicas, template } = deployment.parse(inputs).spec;
    const own = template.spec.containers.map(({ resources }) => resources.requests);
    return Array.from({ length: replicas }, () => sum([...own, sidecar]));
  });
  const ingress = gateway.parse(releases["istio-gateway"]?.inputs).values;
  const ofRelease = ({ replicaCount, resources }: typeof values | typeof ingress) =>
    Array.from({ length: replicaCount }, () => resources.requests);
  return [...ofRelease(values), ...ofRelease(ingress), ...applications];
}

/** The stack without a login. */
function stack(highAvailability: boolean) {
  return run(() => {
    const provider = clusterProvider();
    new IstioMesh(
      "istio",
      {
        version: "1.30.3",
        charts: { kind: "repository", address: "https://charts.example" },
        values: { base: {}, istiod: {}, gateway: {} },
        wayIn: { serviceType: "LoadBalancer", nodePorts: {} },
        egress: "REGISTRY_ONLY",
        highAvailability,
      },
      { providers: [provider] },
    );
    const namespace = createNamespace("bookinfo", bookinfo, { provider });
    const workloads = workloadsOf({
      registry: "registry.example",
      tag: "1.20.3",
      digests: {},
      reviews: { v1: 34, v2: 33, v3: 33 },
    });
    const options = { providers: [provider], dependsOn: [namespace] };
    createWorkloads(
      { gateway: { url: "http://books.example" } },
      { application: bookinfo, workloads, namespace: { ingress: {}, options } },
    );
  });
}

// docs/clusters.md says so too.
for (const [what, highAvailability, count, total] of [
  ["istiod, the gateway", false, 8, { cpu: 180, memory: 1088 }],
  ["two of istiod and of the gateway", true, 10, { cpu: 240, memory: 1408 }],
] as const)
  test(`${what}, Bookinfo and its sidecars fit two of the smallest nodes, and one while the other is upgraded`, async () => {
    const { registrations } = await stack(highAvailability);
    const pods = podsOf(registrations);
    assert.equal(pods.length, count);
    assert.deepEqual(sum(pods), total);
    assert.ok(total.cpu <= smallestNode.cpu, "processors");
    assert.ok(total.memory <= smallestNode.memory, "memory");
  });
