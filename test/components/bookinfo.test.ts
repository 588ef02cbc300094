import assert from "node:assert/strict";
import { test } from "node:test";
import { Bookinfo, createNamespace } from "../../components/bookinfo";
import { authorityMatch, gatewayHost } from "../../components/gateway/host";
import { clusterProvider, countByType, find, ofType, run } from "./mocks";

function deploy(preview = false) {
  return run(
    () => {
      const provider = clusterProvider();
      const namespace = createNamespace("namespace", { provider });
      return new Bookinfo(
        "bookinfo",
        {
          registry: "registry.example/mirror",
          tag: "1.20.3",
          gatewayUrl: "http://books.example:8080",
          gatewaySelector: { istio: "ingress" },
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
      "kubernetes:networking.istio.io/v1:VirtualService": 1,
    });
  });
}

test("everything is the component's child, made by the given provider, after the namespace", async () => {
  const { registrations } = await deploy();
  const component = find(registrations, "istio-auth0:index:Bookinfo", "bookinfo");
  assert.deepEqual(component.dependencies, ["namespace"]);
  const children = registrations.slice(registrations.indexOf(component) + 1);
  assert.equal(children.length, 19);
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
          containers: [
            {
              name: "reviews",
              image: "registry.example/mirror/examples-bookinfo-reviews-v2:1.20.3",
              imagePullPolicy: "IfNotPresent",
              ports: [{ name: "http", containerPort: 9080 }],
              env: [{ name: "LOG_DIR", value: "/tmp/logs" }],
              volumeMounts: [
                { name: "tmp", mountPath: "/tmp" },
                { name: "wlp-output", mountPath: "/opt/ibm/wlp/output" },
              ],
              startupProbe: { ...health, periodSeconds: 1, failureThreshold: 120 },
              readinessProbe: { ...health, periodSeconds: 5 },
              livenessProbe: { ...health, periodSeconds: 10 },
              resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory: "512Mi" } },
              securityContext: {
                runAsNonRoot: true,
                runAsUser: 1000,
                allowPrivilegeEscalation: false,
                capabilities: { drop: ["ALL"] },
              },
            },
          ],
          volumes: [
            { name: "tmp", emptyDir: {} },
            { name: "wlp-output", emptyDir: {} },
          ],
        },
      },
    },
  });
});

for (const [url, host] of [
  ["https://books.example", "books.example"],
  ["http://books.example:8080", "books.example"],
  ["http://localhost:8080", "*"],
  ["http://gateway", "*"],
  ["http://127.0.0.1:8080", "*"],
  ["http://[::1]:8080", "*"],
] as const) {
  test(`behind ${url} the gateway answers for ${host}`, () => {
    assert.equal(gatewayHost(url), host);
  });
}

for (const [url, answered, refused] of [
  [
    "http://localhost:8080",
    ["localhost", "localhost:8080", "LOCALHOST:1", "127.0.0.1:8080", "[::1]:8080"],
    ["rebound.example", "localhost.rebound.example", "127x0.0.1", "localhost:8080@rebound.example"],
  ],
  ["http://[::1]:8080", ["localhost", "[::1]"], ["::1", "1"]],
  ["http://10.0.0.1", ["10.0.0.1", "10.0.0.1:80"], ["localhost", "10.0.0.10", "10a0b0c1"]],
  ["http://gateway", ["gateway", "gateway:80"], ["gateway.rebound.example", "localhost"]],
] as const) {
  test(`behind ${url} the route answers for that host only`, () => {
    const { regex = "" } = authorityMatch(url).authority ?? {};
    // Envoy matches the whole header, by RE2; JavaScript writes the flag elsewhere.
    const pattern = new RegExp(`^(?:${regex.replace("(?i)", "")})$`, "i");
    for (const host of answered) assert.match(host, pattern);
    for (const host of refused) assert.doesNotMatch(host, pattern);
  });
}

test("behind a full name the gateway itself tells hosts apart, and the route need not", () => {
  assert.deepEqual(authorityMatch("https://books.example"), {});
});

test("the gateway answers for its own host only, and leads to three of productpage's paths", async () => {
  const { registrations } = await deploy();
  const gateway = find(
    registrations,
    "kubernetes:networking.istio.io/v1:Gateway",
    "bookinfo-gateway",
  );
  assert.deepEqual((gateway.inputs as { spec: unknown }).spec, {
    selector: { istio: "ingress" },
    servers: [{ port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["books.example"] }],
  });
  const route = find(
    registrations,
    "kubernetes:networking.istio.io/v1:VirtualService",
    "bookinfo-route",
  );
  assert.deepEqual(route.dependencies, ["bookinfo-gateway"]);
  assert.deepEqual((route.inputs as { spec: unknown }).spec, {
    hosts: ["*"],
    gateways: ["bookinfo"],
    http: [
      {
        match: [
          { uri: { exact: "/productpage" } },
          { uri: { prefix: "/static" } },
          { uri: { prefix: "/api/v1/products" } },
        ],
        route: [
          {
            destination: {
              host: "productpage.bookinfo.svc.cluster.local",
              port: { number: 9080 },
            },
          },
        ],
      },
    ],
  });
});
