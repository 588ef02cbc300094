import assert from "node:assert/strict";
import { test } from "node:test";
import { bookinfo } from "../../../components/access";
import { Bookinfo } from "../../../components/bookinfo";
import type { BookinfoSettings } from "../../../components/config";
import { createNamespace } from "../../../components/namespace";
import { clusterProvider, countByType, find, ofType, run } from "./mocks";

function deploy(preview = false, digests: BookinfoSettings["digests"] = {}) {
  return run(
    () => {
      const provider = clusterProvider();
      const namespace = createNamespace("namespace", bookinfo, { provider });
      return new Bookinfo(
        "bookinfo",
        {
          registry: "registry.example/mirror",
          tag: "1.20.3",
          digests,
          reviews: { v1: 50, v2: 50, v3: 0 },
          gatewayUrl: "http://books.example:8080",
        },
        { providers: [provider], dependsOn: [namespace] },
      );
    },
    { preview },
  );
}

const service = "kubernetes:core/v1:Service";
const deployment = "kubernetes:apps/v1:Deployment";

for (const preview of [false, true]) {
  test(`as ${preview ? "a preview" : "an update"}, Bookinfo is exactly these resources`, async () => {
    const { registrations } = await deploy(preview);
    assert.deepEqual(countByType(registrations), {
      "pulumi:pulumi:Stack": 1,
      "pulumi:providers:kubernetes": 1,
      "random:index/randomPassword:RandomPassword": 1,
      "kubernetes:core/v1:Namespace": 1,
      "istio-auth0:index:Bookinfo": 1,
      [service]: 7,
      "kubernetes:core/v1:ServiceAccount": 4,
      [deployment]: 6,
      "kubernetes:networking.istio.io/v1:Gateway": 1,
      "kubernetes:networking.istio.io/v1:DestinationRule": 7,
      "kubernetes:networking.istio.io/v1:VirtualService": 8,
    });
  });
}

test("everything is the component's child, made by the given provider, after the namespace", async () => {
  const { registrations } = await deploy();
  const component = find(registrations, "istio-auth0:index:Bookinfo", "bookinfo");
  assert.deepEqual(component.dependencies, ["namespace"]);
  const children = registrations.slice(registrations.indexOf(component) + 1);
  assert.equal(children.length, 33);
  for (const child of children) {
    assert.deepEqual([child.parent, child.provider], ["bookinfo", "cluster"], child.name);
  }
});

test("the namespace's pods get a sidecar", async () => {
  const { registrations } = await deploy();
  assert.deepEqual(find(registrations, "kubernetes:core/v1:Namespace", "namespace").inputs, {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "bookinfo", labels: { "istio-injection": "enabled" } },
  });
});

test("a service addresses its pods by app, and a version of reviews by app and version", async () => {
  const { registrations } = await deploy();
  const services = Object.values(ofType(registrations, service)).map(({ inputs }) => inputs);
  const selectors = {
    productpage: { app: "productpage" },
    details: { app: "details" },
    reviews: { app: "reviews" },
    "reviews-v1": { app: "reviews", version: "v1" },
    "reviews-v2": { app: "reviews", version: "v2" },
    "reviews-v3": { app: "reviews", version: "v3" },
    ratings: { app: "ratings" },
  };
  const nameOf = (object: unknown) => (object as { metadata: { name: string } }).metadata.name;
  assert.deepEqual(
    Object.fromEntries(services.map((object) => [nameOf(object), object])),
    Object.fromEntries(
      Object.entries(selectors).map(([name, selector]) => [
        name,
        {
          apiVersion: "v1",
          kind: "Service",
          metadata: { name, namespace: "bookinfo", labels: selector },
          spec: { selector, ports: [{ name: "http", port: 9080, targetPort: 9080 }] },
        },
      ]),
    ),
  );
});

test("the deployments run the sample's images, each as its service's account", async () => {
  const { registrations } = await deploy();
  const running = Object.values(ofType(registrations, deployment)).map(
    ({ inputs, dependencies }) => {
      const { metadata, spec } = inputs as {
        metadata: { name: string };
        spec: {
          template: { spec: { serviceAccountName: string; containers: { image: string }[] } };
        };
      };
      const { serviceAccountName, containers } = spec.template.spec;
      return [
        metadata.name,
        containers.map(({ image }) => image),
        serviceAccountName,
        dependencies,
      ];
    },
  );
  const expected = (name: string, app: string) => [
    name,
    [`registry.example/mirror/examples-bookinfo-${name}:1.20.3`],
    `bookinfo-${app}`,
    [`bookinfo-${app}`],
  ];
  assert.deepEqual(running.sort(), [
    expected("details-v1", "details"),
    expected("productpage-v1", "productpage"),
    expected("ratings-v1", "ratings"),
    expected("reviews-v1", "reviews"),
    expected("reviews-v2", "reviews"),
    expected("reviews-v3", "reviews"),
  ]);
});

test("a deployment in full", async () => {
  const { registrations } = await deploy();
  const labels = { app: "reviews", version: "v2" };
  const health = { httpGet: { path: "/health", port: 9080 } };
  assert.deepEqual(find(registrations, deployment, "bookinfo-reviews-v2").inputs, {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "reviews-v2", namespace: "bookinfo", labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: "bookinfo-reviews",
          automountServiceAccountToken: false,
          securityContext: { seccompProfile: { type: "RuntimeDefault" } },
          containers: [
            {
              name: "reviews",
              image: "registry.example/mirror/examples-bookinfo-reviews-v2:1.20.3",
              imagePullPolicy: "IfNotPresent",
              ports: [{ name: "http", containerPort: 9080 }],
              env: [{ name: "LOG_DIR", value: "/tmp/logs" }],
              volumeMounts: [
                { name: "tmp", mountPath: "/tmp" },
                { name: "wlp-output", mountPath: "/opt/ol/wlp/output" },
                {
                  name: "wlp-defaults",
                  mountPath: "/opt/ol/wlp/usr/servers/defaultServer/configDropins/defaults",
                },
              ],
              startupProbe: { ...health, periodSeconds: 1, failureThreshold: 120 },
              readinessProbe: { ...health, periodSeconds: 5 },
              livenessProbe: { ...health, periodSeconds: 10 },
              resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory: "512Mi" } },
              securityContext: {
                runAsNonRoot: true,
                runAsUser: 10001,
                runAsGroup: 0,
                readOnlyRootFilesystem: true,
                allowPrivilegeEscalation: false,
                capabilities: { drop: ["ALL"] },
              },
            },
          ],
          volumes: [
            { name: "tmp", emptyDir: {} },
            { name: "wlp-output", emptyDir: {} },
            { name: "wlp-defaults", emptyDir: {} },
          ],
        },
      },
    },
  });
});

test("an image with a digest is fixed by it", async () => {
  const digest = `sha256:${"0".repeat(64)}`;
  const { registrations } = await deploy(false, { "reviews-v2": digest });
  const imageOf = (name: string) => {
    const { spec } = find(registrations, deployment, name).inputs as {
      spec: { template: { spec: { containers: { image: string }[] } } };
    };
    return spec.template.spec.containers.map(({ image }) => image);
  };
  const image = "registry.example/mirror/examples-bookinfo-reviews";
  assert.deepEqual(imageOf("bookinfo-reviews-v2"), [`${image}-v2:1.20.3@${digest}`]);
  assert.deepEqual(imageOf("bookinfo-reviews-v1"), [`${image}-v1:1.20.3`]);
});
