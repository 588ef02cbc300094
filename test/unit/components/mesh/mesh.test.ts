/** base, istiod and the gateway are installed in this order, with the stack's values and those of the settings. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { IstioMesh, type IstioMeshArgs } from "../../../../components/mesh";
import { clusterProvider, countByType, find, ofType, run } from "../mocks";

const release = "kubernetes:helm.sh/v3:Release";

function install(changes: Partial<IstioMeshArgs> = {}, preview = false) {
  return run(
    () =>
      new IstioMesh(
        "istio",
        {
          version: "1.30.3",
          charts: { kind: "repository", address: "https://charts.example" },
          values: { base: {}, istiod: {}, gateway: {} },
          wayIn: { serviceType: "LoadBalancer", nodePorts: {} },
          egress: "REGISTRY_ONLY",
          ...changes,
        },
        { providers: [clusterProvider()] },
      ),
    { preview },
  );
}

for (const preview of [false, true]) {
  test(`as ${preview ? "a preview" : "an update"}, base, then istiod, then the gateway is installed`, async () => {
    const { registrations } = await install({}, preview);
    assert.deepEqual(countByType(registrations), {
      "pulumi:pulumi:Stack": 1,
      "pulumi:providers:kubernetes": 1,
      "random:index/randomPassword:RandomPassword": 1,
      "istio-auth0:index:IstioMesh": 1,
      "kubernetes:core/v1:Namespace": 2,
      [release]: 3,
    });
    const order = Object.values(ofType(registrations, release)).map(
      ({ name, dependencies, parent, provider }) => [name, dependencies, parent, provider],
    );
    assert.deepEqual(order, [
      ["istio-base", ["istio-system"], "istio", "cluster"],
      ["istio-istiod", ["istio-base"], "istio", "cluster"],
      ["istio-gateway", ["istio-ingress", "istio-istiod"], "istio", "cluster"],
    ]);
  });
}

const seccompProfile = { type: "RuntimeDefault" };

test("each release in full", async () => {
  const { registrations } = await install({
    wayIn: { serviceType: "NodePort", nodePorts: { http: 30080 } },
  });
  const expected = (chart: string, name: string, namespace: string, values: object) => ({
    chart,
    version: "1.30.3",
    repositoryOpts: { repo: "https://charts.example" },
    name,
    namespace,
    values,
    ...(chart === "base" ? { skipAwait: true } : { atomic: true, timeout: 300 }),
    disableOpenapiValidation: true,
    compat: "true",
  });
  const inputs = Object.values(ofType(registrations, release)).map((each) => each.inputs);
  assert.deepEqual(inputs, [
    expected("base", "istio-base", "istio-system", {}),
    expected("istiod", "istiod", "istio-system", {
      global: {
        proxy: { resources: { requests: { cpu: "10m", memory: "64Mi" } }, seccompProfile },
      },
      autoscaleEnabled: false,
      seccompProfile,
      extraContainerArgs: ["--grpcAddr=127.0.0.1:15010"],
      resources: { requests: { cpu: "50m", memory: "256Mi" } },
      keepaliveMaxServerConnectionAge: "5m",
      env: {
        PILOT_JWT_PUB_KEY_REFRESH_INTERVAL: "5m",
        PILOT_SCOPE_GATEWAY_TO_NAMESPACE: "true",
      },
      meshConfig: {
        ingressControllerMode: "OFF",
        accessLogFile: "/dev/stdout",
        outboundTrafficPolicy: { mode: "REGISTRY_ONLY" },
        pathNormalization: { normalization: "DECODE_AND_MERGE_SLASHES" },
      },
    }),
    expected("gateway", "istio-ingress", "istio-ingress", {
      autoscaling: { enabled: false },
      securityContext: {
        sysctls: [{ name: "net.ipv4.ip_unprivileged_port_start", value: "0" }],
        seccompProfile,
      },
      readinessProbe: {
        httpGet: { path: "/healthz/ready", port: 15021 },
        periodSeconds: 1,
        timeoutSeconds: 3,
        failureThreshold: 30,
      },
      resources: { requests: { cpu: "10m", memory: "64Mi" } },
      service: {
        type: "NodePort",
        ports: [
          { name: "status-port", protocol: "TCP", port: 15021, targetPort: 15021 },
          { name: "http2", protocol: "TCP", port: 80, targetPort: 80, nodePort: 30080 },
        ],
      },
    }),
  ]);
});

test("Helm checks the release of a chart that has values of the settings' own, and no other", async () => {
  const { registrations } = await install({
    values: { base: {}, istiod: { resources: { request: {} } }, gateway: {} },
  });
  const unchecked = Object.values(ofType(registrations, release)).map(({ name, inputs }) => [
    name,
    (inputs as { disableOpenapiValidation?: boolean }).disableOpenapiValidation,
  ]);
  assert.deepEqual(unchecked, [
    ["istio-base", true],
    ["istio-istiod", undefined],
    ["istio-gateway", true],
  ]);
});

test("image registry, tag, authority and extra values reach the charts", async () => {
  const { registrations } = await install({
    hub: "registry.example/istio",
    tag: "local",
    certificateAuthority: "PEM",
    values: {
      base: { defaultRevision: "default" },
      istiod: { meshConfig: { accessLogFile: "" }, env: { A: "b" } },
      gateway: { service: { ports: [] } },
    },
  });
  const valuesOf = (name: string) =>
    (find(registrations, release, name).inputs as { values: Record<string, unknown> }).values;
  assert.deepEqual(valuesOf("istio-base"), { defaultRevision: "default" });
  const istiod = valuesOf("istio-istiod");
  assert.deepEqual(istiod.global, {
    hub: "registry.example/istio",
    tag: "local",
    proxy: { resources: { requests: { cpu: "10m", memory: "64Mi" } }, seccompProfile },
  });
  assert.equal(istiod.jwksResolverExtraRootCA, "PEM");
  assert.deepEqual(istiod.podAnnotations, {
    "checksum/jwks-authority": "384fb9a44fabe158be2757b9b8d8f67029f2280fcc1776ab2a53103e6f0c582d",
  });
  assert.deepEqual(istiod.env, {
    A: "b",
    PILOT_JWT_PUB_KEY_REFRESH_INTERVAL: "5m",
    PILOT_SCOPE_GATEWAY_TO_NAMESPACE: "true",
  });
  assert.deepEqual(istiod.meshConfig, {
    accessLogFile: "",
    ingressControllerMode: "OFF",
    outboundTrafficPolicy: { mode: "REGISTRY_ONLY" },
    pathNormalization: { normalization: "DECODE_AND_MERGE_SLASHES" },
  });
  assert.deepEqual(valuesOf("istio-gateway").service, { type: "LoadBalancer", ports: [] });
});

test("for high availability there are two of istiod and of the gateway, on two nodes, with disruption budgets", async () => {
  const { registrations } = await install({ highAvailability: true });
  const valuesOf = (name: string) =>
    (find(registrations, release, name).inputs as { values: Record<string, unknown> }).values;
  const two = (app: string) => ({
    replicaCount: 2,
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: "kubernetes.io/hostname",
        whenUnsatisfiable: "ScheduleAnyway",
        labelSelector: { matchLabels: { app } },
      },
    ],
  });
  const chosen = (values: Record<string, unknown>) => ({
    replicaCount: values.replicaCount,
    topologySpreadConstraints: values.topologySpreadConstraints,
  });
  assert.deepEqual(chosen(valuesOf("istio-istiod")), two("istiod"));
  assert.deepEqual(chosen(valuesOf("istio-gateway")), two("istio-ingress"));
  // istiod's chart makes one by itself.
  assert.deepEqual(valuesOf("istio-gateway").podDisruptionBudget, { minAvailable: 1 });
});

const networkPolicy = "kubernetes:networking.k8s.io/v1:NetworkPolicy";

test("its namespaces are closed by NetworkPolicies before anything runs in them, where the settings say so", async () => {
  const { registrations } = await install({
    network: { egress: "REGISTRY_ONLY", imports: [], metricsFrom: [] },
  });
  const made = Object.values(ofType(registrations, networkPolicy));
  assert.deepEqual(
    made.map(({ name, dependencies }) => [name, dependencies]).sort(),
    [
      "istio-ingress-default-deny",
      "istio-ingress-gateway",
      "istio-system-default-deny",
      "istio-system-istiod",
    ].map((name) => [`istio-network-${name}`, ["istio-ingress", "istio-system"]]),
  );
  const none = await install();
  assert.deepEqual(ofType(none.registrations, networkPolicy), {});
});

const httpsPort = { name: "https", protocol: "TCP", port: 443, targetPort: 443 };

for (const [nodePort, given] of [
  [undefined, {}],
  [30443, { nodePort: 30443 }],
] as const) {
  test(`with a certificate the gateway's Service has HTTPS ${nodePort === undefined ? "too" : `at node port ${nodePort}`}`, async () => {
    const { registrations } = await install({
      isSecure: true,
      wayIn: { serviceType: "NodePort", nodePorts: { http: 30080, https: nodePort } },
    });
    const { values } = find(registrations, release, "istio-gateway").inputs as {
      values: { service: unknown };
    };
    assert.deepEqual(values.service, {
      type: "NodePort",
      ports: [
        { name: "status-port", protocol: "TCP", port: 15021, targetPort: 15021 },
        { name: "http2", protocol: "TCP", port: 80, targetPort: 80, nodePort: 30080 },
        { ...httpsPort, ...given },
      ],
    });
  });
}

test("istiod takes Gateways of the gateway's own namespace only, and no Ingress", async () => {
  const { registrations } = await install();
  const { values } = find(registrations, release, "istio-istiod").inputs as {
    values: { meshConfig: object; env: object };
  };
  assert.deepEqual(values.meshConfig, {
    accessLogFile: "/dev/stdout",
    ingressControllerMode: "OFF",
    outboundTrafficPolicy: { mode: "REGISTRY_ONLY" },
    pathNormalization: { normalization: "DECODE_AND_MERGE_SLASHES" },
  });
  assert.deepEqual(values.env, {
    PILOT_JWT_PUB_KEY_REFRESH_INTERVAL: "5m",
    PILOT_SCOPE_GATEWAY_TO_NAMESPACE: "true",
  });
});
