/** The generic workloads, with Bookinfo's data and the others' that Bookinfo has no case of. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as kubernetes from "@pulumi/kubernetes";
import { application as bookinfo } from "../../../application";
import { createNamespace } from "../../../components/namespace";
import { createWorkloads } from "../../../components/workloads";
import { trafficOf, type Workloads } from "../../../components/workloads/workload";
import { application as orders } from "../../../examples/orders/application";
import { workloads as ordersWorkloads } from "../../../examples/orders/workloads";
import type { BookinfoSettings } from "../../../settings";
import { workloadsOf } from "../../../workloads";
import { clusterProvider, countByType, find, ofType, run } from "./mocks";

const settings = {
  registry: "registry.example/mirror",
  tag: "1.20.3",
  digests: {},
  reviews: { v1: 50, v2: 50, v3: 0 },
};

function deploy(preview = false, digests: BookinfoSettings["digests"] = {}) {
  return run(
    () => {
      const provider = clusterProvider();
      const namespace = createNamespace("namespace", bookinfo, { provider });
      const workloads = workloadsOf({ ...settings, digests });
      const options = { providers: [provider], dependsOn: [namespace] };
      createWorkloads(
        { gateway: { url: "http://books.example:8080" } },
        { application: bookinfo, workloads, namespace: { ingress: {}, options } },
      );
    },
    { preview },
  );
}

/** What is said of workloads, after its first line. */
async function complaintAbout(workloads: object): Promise<readonly string[]> {
  const lines: string[] = [];
  await run(() => {
    const namespace = { ingress: {}, options: { providers: [clusterProvider()] } };
    const make = () =>
      createWorkloads(
        { gateway: { url: "http://books.example:8080" } },
        { application: bookinfo, workloads: workloads as Workloads, namespace },
      );
    assert.throws(make, ({ message }: Error) => lines.push(...message.split("\n")) > 0);
  });
  assert.equal(lines.shift(), "The workloads (workloads.ts) are wrong:");
  return lines.map((line) => line.trim());
}

const services = "one of the table's services: productpage, details, reviews, ratings";
const elsewhere = 'if others make its objects: docs/workloads.md, "As they are"';

test("workloads of no service, and a service without any, are named in a line each", async () => {
  const { productpage, ratings, ...others } = workloadsOf(settings);
  assert.ok(productpage && ratings);
  assert.deepEqual(
    await complaintAbout({ ...others, detail: ratings, productpages: productpage }),
    [
      `detail: found workloads, expected ${services}`,
      `productpages: found workloads, expected ${services}`,
      `productpage: found nothing, expected the workloads of this service of the table (${elsewhere})`,
      `ratings: found nothing, expected the workloads of this service of the table (${elsewhere})`,
    ],
  );
});

test("each mistake of a workload is a line, and no variable is in one", async () => {
  const image = "registry.example/ratings:1";
  const wrong = {
    ...workloadsOf(settings),
    details: [],
    ratings: [
      { image: "", memory: "128MB", environment: { PORT: 8080, PASSWORD: 5 }, memroy: "1Gi" },
      { image, memory: "0Mi", health: "health", writable: { tmp: "tmp" }, group: -1 },
    ],
    reviews: [
      { version: "v1", image, memory: "1.5Gi", share: 60 },
      { version: "v1", image, memory: "128", share: 60 },
    ],
  };
  const keys = "version, image, share, environment, writable, health, group, memory";
  assert.deepEqual(await complaintAbout(wrong), [
    "details: found an empty list, expected at least one workload",
    'reviews[1].memory: found "128", expected an amount of memory with its unit, such as 256Mi',
    'reviews[1].version: found "v1", expected a version that no other workload of the service has',
    "reviews: found a list, expected shares that are 100 together",
    "ratings[0].image: found empty text, expected an image with a full tag or a digest",
    "ratings[0].environment.PORT: found a number (not shown), expected text. As text it is written in quotes",
    "ratings[0].environment.PASSWORD: found a number (not shown), expected text. As text it is written in quotes",
    'ratings[0].memory: found "128MB", expected an amount of memory with its unit, such as 256Mi',
    `ratings[0].memroy: found an unknown key, expected one of ${keys}`,
    'ratings[1].writable.tmp: found "tmp", expected a path that begins with a slash',
    'ratings[1].health: found "health", expected a path that begins with a slash, or "connection"',
    "ratings[1].group: found -1, expected the number of a group",
    'ratings[1].memory: found "0Mi", expected an amount of memory with its unit, such as 256Mi',
  ]);
});

/** A Deployment's pods, as far as a login changes them. */
interface Template {
  readonly metadata: { readonly annotations?: object };
  readonly spec: { readonly containers: { readonly image: string; readonly envFrom?: object }[] };
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

test("a service without versions has one Deployment of its own name, and none of its labels says a version", async () => {
  const { registrations } = await run(() => {
    const options = { providers: [clusterProvider()] };
    createWorkloads(
      { gateway: { url: "http://shop.example" } },
      { application: orders, workloads: ordersWorkloads, namespace: { ingress: {}, options } },
    );
  });
  const { type, name } = registrations.find(({ type }) => type.startsWith("istio-auth0:")) ?? {};
  assert.deepEqual([type, name], ["istio-auth0:index:Orders", "orders"]);
  const made = Object.keys(orders.services).map((each) => `orders-${each}`);
  for (const kind of [service, deployment, "kubernetes:core/v1:ServiceAccount"])
    assert.deepEqual(Object.keys(ofType(registrations, kind)), made, kind);
  const { metadata, spec } = find(registrations, deployment, "orders-customers").inputs as {
    metadata: object;
    spec: { template: { spec: { containers: object[]; volumes?: object } } };
  };
  const labels = { app: "customers" };
  assert.deepEqual(metadata, { name: "customers", namespace: "orders", labels });
  const [container] = spec.template.spec.containers as [Record<string, unknown>];
  assert.equal(container.image, "registry.example.com/orders:1.0.0");
  const variables = container.env as readonly { readonly name: string; readonly value: string }[];
  assert.deepEqual(variables.slice(-2), [
    { name: "SERVICE", value: "customers" },
    { name: "PORT", value: "8080" },
  ]);
  assert.ok(!("volumeMounts" in container) && spec.template.spec.volumes === undefined);
});

test("a port is named after its protocol, and the kubelet asks by the same", async () => {
  const { registrations } = await run(() => {
    createWorkloads(
      { gateway: { url: "http://shop.example" } },
      {
        application: orders,
        workloads: ordersWorkloads,
        namespace: { ingress: {}, options: { providers: [clusterProvider()] } },
      },
    );
  });
  const check = { periodSeconds: 5 };
  for (const [name, port, protocol, readinessProbe] of [
    ["orders", 8080, "http", { httpGet: { path: "/health", port: 8080 }, ...check }],
    ["inventory", 9090, "grpc", { grpc: { port: 9090 }, ...check }],
    ["store", 7000, "tcp", { tcpSocket: { port: 7000 }, ...check }],
  ] as const) {
    const ports = (find(registrations, service, `orders-${name}`).inputs as Ports).spec.ports;
    assert.deepEqual(ports, [{ name: protocol, port, targetPort: port }]);
    const { template } = (find(registrations, deployment, `orders-${name}`).inputs as Deployed)
      .spec;
    const [container] = template.spec.containers;
    assert.deepEqual(container.ports, [{ name: protocol, containerPort: port }]);
    assert.deepEqual(container.readinessProbe, readinessProbe);
  }
});

test("a workload says by what else the kubelet sees that it answers", async () => {
  const probes = { orders: "/orders/health", inventory: "connection" } as const;
  const { registrations } = await run(() => {
    createWorkloads(
      { gateway: { url: "http://shop.example" } },
      {
        application: orders,
        workloads: Object.fromEntries(
          Object.entries(ordersWorkloads).map(([name, workloads]) => {
            const health = name in probes ? probes[name as keyof typeof probes] : undefined;
            return [name, workloads.map((each) => ({ ...each, ...(health && { health }) }))];
          }),
        ),
        namespace: { ingress: {}, options: { providers: [clusterProvider()] } },
      },
    );
  });
  for (const [name, probe] of [
    ["orders", { httpGet: { path: "/orders/health", port: 8080 } }],
    ["inventory", { tcpSocket: { port: 9090 } }],
    ["customers", { httpGet: { path: "/health", port: 8080 } }],
  ] as const) {
    const { template } = (find(registrations, deployment, `orders-${name}`).inputs as Deployed)
      .spec;
    const [container] = template.spec.containers;
    assert.deepEqual(container.readinessProbe, { ...probe, periodSeconds: 5 });
  }
});

interface Ports {
  readonly spec: { readonly ports: readonly object[] };
}

interface Deployed {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: [{ readonly ports: object; readonly readinessProbe: object }];
      };
    };
  };
}

test("a login changes image, environment and annotations of the pods of one service alone", async () => {
  const { registrations } = await run(() => {
    const override = {
      image: "registry.example/page:1.0.0",
      environment: [{ secretRef: { name: "login" } }],
      annotations: { checksum: "1" },
    };
    const ingress = { overrides: { productpage: override } };
    createWorkloads(
      { gateway: { url: "http://books.example" } },
      {
        application: bookinfo,
        workloads: workloadsOf(settings),
        namespace: { ingress, options: { providers: [clusterProvider()] } },
      },
    );
  });
  const templates = Object.fromEntries(
    Object.entries(ofType(registrations, deployment)).map(([name, { inputs }]) => {
      const { template } = (inputs as { spec: { template: Template } }).spec;
      const [container] = template.spec.containers;
      return [name, [template.metadata.annotations, container?.envFrom, container?.image]];
    }),
  );
  const { "bookinfo-productpage-v1": changed, ...others } = templates;
  assert.deepEqual(changed, [
    { checksum: "1" },
    [{ secretRef: { name: "login" } }],
    "registry.example/page:1.0.0",
  ]);
  assert.equal(Object.keys(others).length, 5);
  for (const [annotations, envFrom] of Object.values(others))
    assert.deepEqual([annotations, envFrom], [undefined, undefined]);
});

test("requests for a service are shared among its versions, and those for one version are not", () => {
  assert.deepEqual(trafficOf(workloadsOf(settings)), [
    { service: "productpage", shares: { v1: 100 } },
    { service: "details", shares: { v1: 100 } },
    { service: "reviews", shares: { v1: 50, v2: 50, v3: 0 } },
    { service: "reviews-v1", shares: {} },
    { service: "reviews-v2", shares: {} },
    { service: "reviews-v3", shares: {} },
    { service: "ratings", shares: { v1: 100 } },
  ]);
  const none = Object.keys(orders.services).map((each) => ({ service: each, shares: {} }));
  assert.deepEqual(trafficOf(ordersWorkloads), none);
});

test("a program's own objects are made in the same place, and get the same routes", async () => {
  const override = { image: "registry.example/page:1.0.0", environment: [], annotations: {} };
  const overrides = { catalogue: override };
  let given: unknown;
  let traffic: unknown;
  const { registrations } = await run(() => {
    const provider = clusterProvider();
    const namespace = createNamespace("namespace", orders, { provider });
    const options = { providers: [provider], dependsOn: [namespace] };
    traffic = createWorkloads(
      { gateway: { url: "http://orders.example:8080" } },
      {
        application: orders,
        namespace: { ingress: { overrides }, options },
        workloads: (place) => {
          given = { namespace: place.namespace, overrides: place.overrides };
          new kubernetes.core.v1.ConfigMap("own", { data: { a: "b" } }, place.options);
        },
      },
    );
  });
  assert.deepEqual(given, { namespace: "orders", overrides });
  const made = find(registrations, "kubernetes:core/v1:ConfigMap", "own");
  assert.deepEqual([made.parent, made.provider], ["orders", "cluster"]);
  const all = Object.keys(orders.services);
  assert.deepEqual(
    traffic,
    all.map((name) => ({ service: name, shares: {} })),
  );
  const namesOf = (type: string) =>
    registrations.flatMap((each) => (each.type === type ? [each.name] : []));
  assert.deepEqual(
    namesOf("kubernetes:networking.istio.io/v1:DestinationRule"),
    all.map((name) => `orders-${name}-destination`),
  );
  assert.deepEqual(namesOf(deployment), []);
});

test("a function may make some services from data, with the routes of their versions", async () => {
  let traffic: unknown;
  const { registrations } = await run(() => {
    const provider = clusterProvider();
    const { details, reviews } = workloadsOf(settings);
    traffic = createWorkloads(
      { gateway: { url: "http://books.example" } },
      {
        application: bookinfo,
        namespace: { ingress: {}, options: { providers: [provider] } },
        workloads: ({ services, options }) => {
          services({ details: details ?? [] });
          services({ reviews: reviews ?? [] });
          const metadata = { name: "ratings", namespace: "bookinfo" };
          new kubernetes.core.v1.Service("own", { metadata }, options);
        },
      },
    );
  });
  assert.deepEqual(traffic, [
    { service: "details", shares: { v1: 100 } },
    { service: "reviews", shares: { v1: 50, v2: 50, v3: 0 } },
    { service: "reviews-v1", shares: {} },
    { service: "reviews-v2", shares: {} },
    { service: "reviews-v3", shares: {} },
    { service: "productpage", shares: {} },
    { service: "ratings", shares: {} },
  ]);
  assert.deepEqual(Object.keys(ofType(registrations, deployment)).sort(), [
    "bookinfo-details-v1",
    "bookinfo-reviews-v1",
    "bookinfo-reviews-v2",
    "bookinfo-reviews-v3",
  ]);
  const made = find(registrations, service, "own");
  const other = find(registrations, service, "bookinfo-details");
  assert.deepEqual([made.parent, made.provider], [other.parent, other.provider]);
});
