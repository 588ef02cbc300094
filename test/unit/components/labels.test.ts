/** A service's pods are known by the labels of the table, everywhere: in policies, admission, workloads and reports. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { application as orders } from "../../../examples/orders/application";
import { tableProblems } from "../../../components/access/problems";
import {
  type Application,
  type Labels,
  podLabels,
  serviceOfPod,
} from "../../../components/application";
import { admissionObjects } from "../../../components/enforcement/admission";
import { policiesOf } from "../../../components/enforcement/policies";
import { waysTo } from "../../../commands/explain/ways";
import { protectedWorkloads } from "../../../commands/verify/findings/workloads";

const labels: Labels = { "app.kubernetes.io/name": "order-entry", tier: "api" };

const withLabels = (service: string, own: Labels): Application => {
  const access = orders.services[service];
  if (access === undefined) throw new Error(service);
  return { ...orders, services: { ...orders.services, [service]: { ...access, labels: own } } };
};

const labelled = withLabels("orders", labels);

const tokens = {
  issuer: "https://tenant.example/",
  jwksUri: "https://tenant.example/keys",
  audience: "orders",
  permissionsClaim: ["permissions"],
};

test("every policy selects the pods by them, and none by the service's name", () => {
  const { AuthorizationPolicy, RequestAuthentication, NetworkPolicy } = policiesOf({
    application: labelled,
    issuers: [tokens],
    authentication: { at: "workload", required: false },
    gatewayUrl: "http://localhost:8080",
    network: { settings: { egress: "REGISTRY_ONLY", imports: [], metricsFrom: [] } },
  });
  const own = (objects: readonly { resource: string; spec: object }[], resource: string) =>
    objects.find((one) => one.resource === resource)?.spec;
  const selector = { matchLabels: labels };
  assert.deepEqual(own(AuthorizationPolicy, "orders"), {
    ...own(AuthorizationPolicy, "orders"),
    selector,
  });
  assert.deepEqual(own(RequestAuthentication, "tokens-orders"), {
    ...own(RequestAuthentication, "tokens-orders"),
    selector,
  });
  const network = JSON.stringify(NetworkPolicy);
  // Its own policy, as a caller of five others, and in the gateway's egress.
  assert.equal(network.split(JSON.stringify(selector)).length - 1, 6);
  assert(!network.includes('"app":"orders"'));
  assert(network.includes('"app":"inventory"'));
});

test("the API server asks for them and the account together", () => {
  const variables = admissionObjects(labelled).policy.variables as {
    name: string;
    expression: string;
  }[];
  const expressions = new Map(variables.map(({ name, expression }) => [name, expression]));
  const selectors = JSON.parse(expressions.get("selectors") ?? "") as Record<string, Labels>;
  assert.deepEqual([selectors.orders, selectors.store], [labels, { app: "store" }]);
});

test("explain and verify know the pods by them", () => {
  const pods: Labels[] = [{ ...labels, version: "v1" }, { app: "orders" }, { app: "store" }];
  const stack = {
    audience: "orders",
    gatewayUrl: "http://localhost:8080",
    authentication: { at: "namespace", required: false, clients: "listed", issuers: [] },
  } as const;
  const workloads = { application: pods, ingress: [] };
  const [way] = waysTo(
    labelled,
    "orders",
    undefined,
    { workloads },
    { ...stack, authentication: { ...stack.authentication, issuers: [] } },
  );
  assert.deepEqual(way?.hops.at(-1)?.destination.labels, { ...labels, version: "v1" });
  const [behind] = waysTo(
    labelled,
    "inventory",
    undefined,
    { workloads: { application: [], ingress: [] } },
    { ...stack, authentication: { ...stack.authentication, issuers: [] } },
  );
  assert.deepEqual(behind?.hops.at(-2)?.destination.labels, labels);
  const protectedOnes = protectedWorkloads(labelled, {
    routing: { egress: "ALLOW_ANY", imports: [], admission: true, traffic: [] },
  });
  assert.deepEqual(protectedOnes.find(({ title }) => title === "orders")?.labels, labels);
});

for (const [pod, service] of [
  [{ ...labels, version: "v2" }, "orders"],
  [{ "app.kubernetes.io/name": "order-entry" }, undefined],
  [{ ...labels, tier: "batch" }, undefined],
  [{ app: "orders" }, undefined],
  [{ app: "store" }, "store"],
  [{}, undefined],
] as const)
  test(`a pod with ${JSON.stringify(pod)} is of ${service ?? "no service"}`, () => {
    assert.equal(serviceOfPod(labelled, pod), service);
  });

test("without labels of its own a service's pods have its name as app", () => {
  assert.deepEqual(podLabels(orders, "orders"), { app: "orders" });
});

for (const [what, own, problem] of [
  ["none", {}, "services.orders.labels: found none, expected those of its pods"],
  [
    "those of another service too",
    { app: "store" },
    "services.orders.labels: found labels that the pods of store have too",
  ],
  [
    "no labels of Kubernetes",
    { "a b": "c" },
    "services.orders.labels: found a b: c, expected labels as Kubernetes has them",
  ],
] as const)
  test(`refused are ${what}`, () => {
    const problems = tableProblems(withLabels("orders", own));
    assert.deepEqual(
      problems.filter((one) => one.startsWith("services.orders")),
      [problem],
    );
  });

test("right labels are no problem", () => {
  assert.deepEqual(tableProblems(labelled), []);
});
