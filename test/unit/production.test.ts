/** What production's reviewed plan has of what scanners of Kubernetes objects look for. docs/hardening.md has the rest. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { z } from "zod";

const resource = z.object({ type: z.string(), name: z.string(), inputs: z.unknown().optional() });
const graph = readFileSync(join(__dirname, "../../plans/prod.yaml"), "utf8");
const plan = z.array(resource).parse(parse(graph));

const inputsOf = <Shape extends z.ZodType>(type: string, shape: Shape) =>
  plan
    .filter((each) => each.type === type)
    .map(({ name, inputs }) => ({ name, inputs: shape.parse(inputs) }));

const deployments = inputsOf(
  "kubernetes:apps/v1:Deployment",
  z.object({
    metadata: z.object({ namespace: z.string() }),
    spec: z.object({
      template: z.object({
        metadata: z.object({ labels: z.record(z.string(), z.string()) }),
        spec: z.looseObject({
          automountServiceAccountToken: z.boolean().optional(),
          securityContext: z.unknown(),
          containers: z.array(
            z.looseObject({
              image: z.string(),
              securityContext: z.looseObject({ runAsUser: z.number().optional() }).optional(),
              resources: z.object({
                limits: z.object({ memory: z.string() }),
                requests: z.object({ cpu: z.string(), memory: z.string() }),
              }),
            }),
          ),
        }),
      }),
    }),
  }),
);
const networkPolicies = inputsOf(
  "kubernetes:networking.k8s.io/v1:NetworkPolicy",
  z.object({
    metadata: z.object({ name: z.string(), namespace: z.string() }),
    spec: z.object({
      podSelector: z.object({ matchLabels: z.record(z.string(), z.string()).optional() }),
    }),
  }),
).map(({ inputs }) => inputs);

test("there are deployments, and each of their containers has few rights and a limit of memory", () => {
  assert.ok(deployments.length > 0);
  for (const { name, inputs } of deployments) {
    const { spec } = inputs.spec.template;
    assert.equal(spec.automountServiceAccountToken, false, name);
    assert.deepEqual(spec.securityContext, { seccompProfile: { type: "RuntimeDefault" } }, name);
    for (const { securityContext = {} } of spec.containers) {
      const { runAsUser = 0, runAsGroup, ...rights } = securityContext;
      assert.ok(runAsUser >= 10_000, name);
      assert.equal(typeof runAsGroup, "number", name);
      assert.deepEqual(
        rights,
        {
          runAsNonRoot: true,
          readOnlyRootFilesystem: true,
          allowPrivilegeEscalation: false,
          capabilities: { drop: ["ALL"] },
        },
        name,
      );
    }
  }
});

test("each namespace that the stack makes denies connections that no policy allows, and each service has a policy", () => {
  const namespaces = inputsOf(
    "kubernetes:core/v1:Namespace",
    z.object({ metadata: z.object({ name: z.string() }) }),
  ).map(({ inputs }) => inputs.metadata.name);
  const closed = networkPolicies
    .filter(({ metadata }) => metadata.name === "default-deny")
    .map(({ metadata }) => metadata.namespace);
  assert.deepEqual(closed.sort(), namespaces.sort());
  for (const { name, inputs } of deployments) {
    const { labels } = inputs.spec.template.metadata;
    const own = networkPolicies.filter(
      ({ metadata, spec: { podSelector } }) =>
        metadata.namespace === inputs.metadata.namespace &&
        podSelector.matchLabels !== undefined &&
        Object.entries(podSelector.matchLabels).every(([label, value]) => labels[label] === value),
    );
    assert.equal(own.length, 1, name);
  }
});

test("there are two of istiod and of the gateway, with disruption budgets", () => {
  const values = Object.fromEntries(
    inputsOf(
      "kubernetes:helm.sh/v3:Release",
      z.object({ values: z.record(z.string(), z.unknown()).default({}) }),
    ).map(({ name, inputs }) => [name, inputs.values]),
  );
  assert.equal(values["istio-istiod"]?.replicaCount, 2);
  assert.equal(values["istio-istiod"].autoscaleEnabled, false);
  assert.equal(values["istio-gateway"]?.replicaCount, 2);
  assert.deepEqual(values["istio-gateway"].podDisruptionBudget, { minAvailable: 1 });
});
