/**
 * The kubernetes stand-in applies and awaits objects, repairs drift, hides secrets, and takes over no other stack's.
 */
import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Cluster } from "../../../local/plugins/kubernetes/cluster";
import { liveInputs } from "../../../local/plugins/kubernetes/comparison";
import { kubernetes } from "../../../local/plugins/kubernetes/kubernetes";
import { fieldManagerOf } from "../../../local/plugins/kubernetes/objects";
import { settingsOf } from "../../../local/plugins/kubernetes/settings";
import { NotReadyError } from "../../../local/plugins/shared/plugin";
import { asProperties, type Properties } from "../../../local/plugins/shared/values";
import { ApiServer, settle } from "../../unit/local/plugins/apiServer";
import { Engine, skipWithoutEngine } from "../engine";

const urn = "urn:pulumi:test::stand-ins::kubernetes:core/v1:Namespace::shop";
const signal = new AbortController().signal;
const deploymentToken = "kubernetes:apps/v1:Deployment";
const deploymentPath = "/apis/apps/v1/namespaces/shop/deployments/web";

let server: ApiServer;
let cluster: Cluster;

beforeEach(async (context) => {
  const started = await ApiServer.start();
  server = started;
  cluster = new Cluster(settingsOf({ kubeconfig: started.kubeconfig }));
  if ("after" in context) {
    context.after(() => {
      started.stop();
    });
  }
});

function typeOf(token: string) {
  const type = kubernetes.resourceType(token);
  assert.ok(type, token);
  return type;
}

function checked(token: string, given: Properties, previous?: Properties): Properties {
  const context = { name: "thing", previous, suffix: "0123456789abcdef" };
  const { inputs, failures } = typeOf(token).check(given, context, cluster);
  assert.deepEqual(failures, []);
  return inputs;
}

function operation(inputs: Properties, timeoutSeconds?: number) {
  return { urn, inputs, timeoutSeconds, signal };
}

const deployment = (replicas: number): Properties => ({
  metadata: { name: "web", namespace: "shop", labels: { app: "web" } },
  spec: {
    replicas,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: {
        containers: [
          {
            name: "web",
            image: "web:1",
            resources: { limits: { cpu: "1000m", memory: "0.5Gi" } },
            env: [{ name: "EMPTY", value: "" }],
          },
        ],
      },
    },
  },
});

test("a type that is not implemented is refused by name", () => {
  assert.equal(kubernetes.resourceType("kubernetes:storage.k8s.io/v1:StorageClass"), undefined);
});

test("an object gets its API version, kind, namespace and, where it has none, a name", () => {
  assert.deepEqual(checked("kubernetes:core/v1:ServiceAccount", {}), {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: {
      annotations: { "pulumi.com/autonamed": "true" },
      name: "thing-01234567",
      namespace: "default",
    },
  });
});

test("a made name stays", () => {
  const previous = { metadata: { name: "thing-76543210" } };
  const { metadata } = checked("kubernetes:core/v1:Namespace", {}, previous);
  assert.equal((metadata as Properties).name, "thing-76543210");
});

const refusals: { token: string; given: Properties; reason: string }[] = [
  {
    token: deploymentToken,
    given: { metadata: { annotations: { "pulumi.com/waitFor": "condition=Ready" } } },
    reason:
      'the stand-in for the kubernetes plugin does not implement the argument metadata.annotations["pulumi.com/waitFor"]; use the official plugin',
  },
  {
    token: deploymentToken,
    given: { metadata: { generateName: "web-" } },
    reason:
      "the stand-in for the kubernetes plugin does not implement the argument metadata.generateName; use the official plugin",
  },
  {
    token: "kubernetes:core/v1:Namespace",
    given: { metadata: { name: "shop", namespace: "other" } },
    reason: "a Namespace belongs to no namespace",
  },
];

for (const { token, given, reason } of refusals) {
  test(`refuses ${JSON.stringify(given)}`, () => {
    const context = { name: "thing", previous: undefined, suffix: "0123456789abcdef" };
    const { failures } = typeOf(token).check(given, context, cluster);
    assert.deepEqual(
      failures.map((failure) => failure.reason),
      [reason],
    );
  });
}

const replacements: { token: string; before: Properties; after: Properties; replaces: string[] }[] =
  [
    {
      token: deploymentToken,
      before: { metadata: { name: "a", namespace: "x" }, spec: { selector: { a: "1" } } },
      after: { metadata: { name: "a", namespace: "x" }, spec: { selector: { a: "2" } } },
      replaces: ["spec.selector.a"],
    },
    {
      token: deploymentToken,
      before: { metadata: { name: "a", namespace: "x" }, spec: { replicas: 1 } },
      after: { metadata: { name: "a", namespace: "x" }, spec: { replicas: 2 } },
      replaces: [],
    },
    {
      token: "kubernetes:core/v1:ConfigMap",
      before: { metadata: { name: "a", namespace: "x" }, data: { key: "1" } },
      after: { metadata: { name: "a", namespace: "x" }, data: { key: "2" } },
      replaces: ["data.key"],
    },
    {
      token: "kubernetes:core/v1:Namespace",
      before: { metadata: { name: "a" } },
      after: { metadata: { name: "b" } },
      replaces: ["metadata.name"],
    },
  ];

for (const { token, before, after: next, replaces } of replacements) {
  test(`a ${token} changed from ${JSON.stringify(before)} to ${JSON.stringify(next)}`, () => {
    const difference = typeOf(token).difference(before, next, cluster, before);
    assert.deepEqual(difference.replaces, replaces);
    const sharesName = JSON.stringify(before.metadata) === JSON.stringify(next.metadata);
    assert.equal(difference.deleteBeforeReplace, sharesName);
    assert.equal(difference.changes.length, 1);
  });
}

test("what is applied and read back shows no change, though the API rewrites it", async () => {
  const type = typeOf(deploymentToken);
  const inputs = checked(deploymentToken, deployment(1));
  server.controller = (object) => {
    settle(object);
    const template = (object.spec as { template: { spec: { containers: Properties[] } } }).template;
    for (const container of template.spec.containers) {
      container.resources = { limits: { cpu: "1", memory: "512Mi" } };
      container.env = [{ name: "EMPTY" }];
      container.imagePullPolicy = "IfNotPresent";
    }
  };
  const { id, outputs } = await type.create(cluster, operation(inputs));
  assert.equal(id, "shop/web");
  const live = await type.read(cluster, { urn, id, inputs, outputs }, signal);
  assert.deepEqual(live?.inputs, inputs);
  assert.deepEqual(live.outputs, outputs);
  const patches = server.requests.filter(({ method }) => method === "PATCH");
  assert.equal(patches.length, 1);
  assert.equal(patches[0]?.manager, fieldManagerOf(urn));
});

/** What a command of kubectl's notes of itself in the live object. */
function ownedBy(path: string, entry: Properties): void {
  const metadata = server.object(path).metadata as { managedFields: Properties[] };
  metadata.managedFields.push(entry);
}

const byEdit = (fieldsV1: Properties): Properties => ({
  manager: "kubectl-edit",
  operation: "Update",
  apiVersion: "apps/v1",
  fieldsV1,
});

const byScale: Properties = {
  manager: "kubectl",
  operation: "Update",
  subresource: "scale",
  apiVersion: "apps/v1",
  fieldsV1: { "f:spec": { "f:replicas": {} } },
};

test("what kubectl edit changed shows on reading, and the next update takes it back with all that it added", async () => {
  const type = typeOf(deploymentToken);
  const inputs = checked(deploymentToken, deployment(1));
  const { id, outputs } = await type.create(cluster, operation(inputs));
  const { metadata, spec } = server.object(deploymentPath) as {
    metadata: { labels: Properties };
    spec: { replicas: number; template: { spec: { containers: Properties[] } } };
  };
  spec.replicas = 3;
  metadata.labels.added = "true";
  spec.template.spec.containers.push({ name: "intruder", image: "intruder:1" });
  ownedBy(
    deploymentPath,
    byEdit({
      "f:metadata": { "f:labels": { "f:added": {} } },
      "f:spec": {
        "f:replicas": {},
        "f:template": {
          "f:spec": { "f:containers": { 'k:{"name":"intruder"}': { ".": {}, "f:image": {} } } },
        },
      },
    }),
  );
  const live = await type.read(cluster, { urn, id, inputs, outputs }, signal);
  assert.ok(live);
  const { changes } = type.difference(live.inputs, inputs, cluster, live.outputs);
  assert.deepEqual(
    changes.map(({ path, kind }) => `${kind} ${path}`),
    ["update spec.replicas"],
  );
  await type.update(cluster, { urn, id, inputs: live.inputs, outputs }, operation(inputs));
  assert.equal(spec.replicas, 3, "the object was changed in place");
  const repaired = server.object(deploymentPath) as unknown as {
    metadata: { labels: Properties; managedFields: Properties[] };
    spec: typeof spec;
  };
  assert.equal(repaired.spec.replicas, 1);
  assert.deepEqual(repaired.metadata.labels, { app: "web" });
  assert.deepEqual(
    repaired.spec.template.spec.containers.map(({ name }) => name),
    ["web"],
  );
  assert.deepEqual(
    repaired.metadata.managedFields.map(({ manager }) => manager),
    [fieldManagerOf(urn)],
  );
});

async function scaled() {
  const type = typeOf(deploymentToken);
  const inputs = checked(deploymentToken, deployment(1));
  const { id, outputs } = await type.create(cluster, operation(inputs));
  (server.object(deploymentPath).spec as Properties).replicas = 3;
  ownedBy(deploymentPath, byScale);
  const live = await type.read(cluster, { urn, id, inputs, outputs }, signal);
  assert.ok(live);
  return { type, inputs, existing: { urn, id, ...live } };
}

const conflict = `the Kubernetes API server reported that "shop/web" failed to fully initialize or become live: server-side apply field conflict detected: the resource managed by field manager "${fieldManagerOf(urn)}" had an apply conflict: Apply failed with 1 conflict: conflict with "kubectl" with subresource "scale" using apps/v1: .spec.replicas`;

test("what kubectl scale changed is its own: an update of it is refused, and the object is kept", async () => {
  const { type, inputs, existing } = await scaled();
  await assert.rejects(type.update(cluster, existing, operation(inputs)), (error: unknown) => {
    assert.ok(error instanceof NotReadyError);
    assert.equal(error.message, conflict);
    assert.equal(error.id, "shop/web");
    assert.deepEqual(error.reasons, [conflict]);
    return true;
  });
  assert.equal((server.object(deploymentPath).spec as Properties).replicas, 3);
});

test("another field of an object that was scaled is updated, where the program asks for as many replicas", async () => {
  const { type, existing } = await scaled();
  const { metadata, ...rest } = deployment(3);
  const labels = { app: "web", more: "true" };
  const inputs = checked(deploymentToken, {
    metadata: { ...(metadata as Properties), labels },
    ...rest,
  });
  await type.update(cluster, existing, operation(inputs));
  assert.deepEqual((server.object(deploymentPath).metadata as Properties).labels, labels);
});

test("an annotation, the provider's setting or the environment takes such a field over", async (context) => {
  const annotated = { metadata: { annotations: { "pulumi.com/patchForce": "true" } } };
  const settings = { kubeconfig: server.kubeconfig, enablePatchForce: "true" };
  const variable = "PULUMI_K8S_ENABLE_PATCH_FORCE";
  context.after(() => {
    Reflect.deleteProperty(process.env, variable);
  });
  const ways: (() => { connection: Cluster; given: Properties })[] = [
    () => ({ connection: cluster, given: annotated }),
    () => ({ connection: new Cluster(settingsOf(settings)), given: {} }),
    () => {
      process.env[variable] = "true";
      return { connection: new Cluster(settingsOf({ kubeconfig: server.kubeconfig })), given: {} };
    },
  ];
  for (const way of ways) {
    server.objects.clear();
    const { type, inputs, existing } = await scaled();
    const { connection, given } = way();
    const metadata = { ...(inputs.metadata as Properties), ...(given.metadata as Properties) };
    await type.update(connection, existing, operation({ ...inputs, metadata }));
    assert.equal((server.object(deploymentPath).spec as Properties).replicas, 1);
  }
});

test("an update of an object that is gone is refused", async () => {
  const { type, inputs, existing } = await scaled();
  server.objects.clear();
  await assert.rejects(type.update(cluster, existing, operation(inputs)), {
    message: "update of Deployment shop/web failed: it is gone. pulumi up --refresh makes it again",
  });
});

const policyToken = "kubernetes:security.istio.io/v1:AuthorizationPolicy";
const policyPath = "/apis/security.istio.io/v1/namespaces/shop/authorizationpolicies/web";
const policy = (metadata: Properties, spec: Properties): Properties =>
  checked(policyToken, { metadata: { name: "web", namespace: "shop", ...metadata }, spec });

/** What differs from the policy's inputs once it was made, changed and read again. */
async function differences(inputs: Properties, change: () => void = () => undefined) {
  const type = typeOf(policyToken);
  const { id, outputs } = await type.create(cluster, operation(inputs));
  change();
  const live = await type.read(cluster, { urn, id, inputs, outputs }, signal);
  assert.ok(live);
  const { changes } = type.difference(live.inputs, inputs, cluster, live.outputs);
  return changes.map(({ path, kind }) => `${kind} ${path}`);
}

test("a custom resource is compared as it is given: what the API server drops of it differs for good", async () => {
  server.controller = (object) => {
    settle(object);
    const metadata = object.metadata as Properties;
    if (Object.keys((metadata.annotations ?? {}) as Properties).length === 0) {
      delete metadata.annotations;
    }
  };
  const inputs = policy({ annotations: {} }, { rules: [{}] });
  assert.deepEqual(await differences(inputs), ["add metadata.annotations"]);
  const service = checked("kubernetes:core/v1:Service", {
    metadata: { name: "web", namespace: "shop", annotations: {} },
    spec: { ports: [{ port: 9080 }] },
  });
  const type = typeOf("kubernetes:core/v1:Service");
  const { id, outputs } = await type.create(cluster, operation(service));
  const live = await type.read(cluster, { urn, id, inputs: service, outputs }, signal);
  assert.deepEqual(live?.inputs, service);
  // Also without a refresh: by the outputs of what was made.
  assert.deepEqual(type.difference(service, service, cluster, outputs).changes, []);
  const made = await typeOf(policyToken).create(cluster, operation(inputs));
  const existing = { urn, inputs, ...made };
  const read = await typeOf(policyToken).read(cluster, existing, signal);
  assert.deepEqual(read?.inputs, policy({}, { rules: [{}] }));
  const { changes } = typeOf(policyToken).difference(inputs, inputs, cluster, made.outputs);
  assert.deepEqual(
    changes.map(({ path }) => path),
    ["metadata.annotations"],
  );
});

test("a custom resource's fields that the inputs set are compared, list items by their place; what is added is not seen", async () => {
  const rules: Properties[] = [{ from: [{ source: { principals: ["a"] } }] }, {}];
  const inputs = policy({}, { rules });
  const spec = () => server.object(policyPath).spec as Properties;
  assert.deepEqual(
    await differences(inputs, () => {
      spec().rules = [{ from: [{ source: { principals: ["b"] } }] }, {}];
    }),
    ["update spec.rules[0].from[0].source.principals[0]"],
  );
  assert.deepEqual(
    await differences(inputs, () => {
      spec().rules = rules.slice(0, 1);
    }),
    ["add spec.rules[1]"],
  );
  assert.deepEqual(
    await differences(inputs, () => {
      spec().rules = [...rules, { to: [] }];
      spec().action = "ALLOW";
    }),
    [],
  );
});

test("an object that the program did not make is found by its id", async () => {
  const token = "kubernetes:core/v1:Secret";
  const made = { metadata: { name: "web-tls", namespace: "shop" }, data: { "tls.crt": "YQ==" } };
  await typeOf(token).create(cluster, operation(checked(token, made)));
  const found = await typeOf(token).find?.(cluster, "shop/web-tls", signal);
  assert.deepEqual(found?.data, { "tls.crt": "YQ==" });
  assert.equal(await typeOf(token).find?.(cluster, "shop/other", signal), undefined);
  await assert.rejects(async () => typeOf(token).find?.(cluster, "web-tls", signal), {
    message: "the id of a Secret is NAMESPACE/NAME, not web-tls",
  });
});

test("a deletion removes the object and waits until it is gone", async () => {
  const type = typeOf(deploymentToken);
  const inputs = checked(deploymentToken, deployment(1));
  const { id, outputs } = await type.create(cluster, operation(inputs));
  await type.delete(cluster, { urn, id, inputs, outputs }, operation(inputs));
  assert.equal(server.objects.has(deploymentPath), false);
});

test("an object that is gone is gone on reading, and its deletion is success", async () => {
  const type = typeOf(deploymentToken);
  const inputs = checked(deploymentToken, deployment(1));
  const existing = { urn, id: "shop/web", inputs, outputs: {} };
  assert.equal(await type.read(cluster, existing, signal), undefined);
  await type.delete(cluster, existing, operation(inputs));
});

test("an object of another owner is not taken over, with any setting of the program", async () => {
  const token = "kubernetes:core/v1:ConfigMap";
  const annotations = { "pulumi.com/patchForce": "true" };
  const given = { metadata: { name: "settings", namespace: "shop", annotations } };
  const type = typeOf(token);
  const inputs = checked(token, given);
  await type.create(cluster, { ...operation(inputs), urn: "urn of another stack" });
  await assert.rejects(type.create(cluster, operation(inputs)), {
    message:
      "resource already exists: ConfigMap shop/settings was not made by this stack. Delete it, or adopt it with pulumi import",
  });
});

test("an object that a killed run of this stack left behind is taken up again", async () => {
  const token = "kubernetes:core/v1:ConfigMap";
  const inputs = checked(token, { metadata: { name: "settings", namespace: "shop" } });
  const type = typeOf(token);
  await type.create(cluster, operation(inputs));
  assert.equal((await type.create(cluster, operation(inputs))).id, "shop/settings");
});

test("a Deployment that a killed run left with another selector is deleted and made again", async () => {
  const type = typeOf(deploymentToken);
  const labelled = (app: string) =>
    checked(deploymentToken, {
      ...deployment(1),
      spec: { ...asProperties(deployment(1).spec), selector: { matchLabels: { app } } },
    });
  await type.create(cluster, operation(labelled("wrong")));
  await type.create(cluster, operation(labelled("web")));
  const { selector } = server.object(deploymentPath).spec as Properties;
  assert.deepEqual(selector, { matchLabels: { app: "web" } });
  const changes = server.requests.filter(({ method }) => method !== "GET");
  assert.deepEqual(
    changes.map(({ method }) => method),
    ["PATCH", "PATCH", "DELETE", "PATCH"],
  );
});

test("another creation that is refused deletes nothing", async () => {
  const type = typeOf(deploymentToken);
  const inputs = checked(deploymentToken, deployment(1));
  await type.create(cluster, operation(inputs));
  server.refusals.push({ method: "PATCH", code: 422, message: "spec.replicas: Invalid value: -1" });
  await assert.rejects(type.create(cluster, operation(inputs)), /Invalid value: -1/);
  assert.ok(server.objects.has(deploymentPath));
});

/** Deployments get pods of which none is available, as their image cannot be pulled. */
function withoutImage() {
  server.controller = (object) => {
    settle(object);
    if (object.kind === "Deployment") {
      (object.status as Properties).availableReplicas = 0;
    }
  };
  server.objects.set("/api/v1/namespaces/shop/pods/web-1", {
    metadata: { name: "web-1", labels: { app: "web" } },
    status: {
      containerStatuses: [
        {
          name: "web",
          state: { waiting: { reason: "ImagePullBackOff", message: "no such image web:1" } },
        },
      ],
    },
  });
}

const unavailable = "1 of 1 pods are of the new version, 0 available";
const unpulled = "pod web-1: container web: ImagePullBackOff: no such image web:1";

test("a Deployment that does not get ready is kept, with the reasons", async () => {
  withoutImage();
  const inputs = checked(deploymentToken, deployment(1));
  await assert.rejects(
    typeOf(deploymentToken).create(cluster, operation(inputs, 0.001)),
    (error: unknown) => {
      assert.ok(error instanceof NotReadyError);
      assert.equal(error.id, "shop/web");
      assert.deepEqual(error.reasons, [`timed out waiting: ${unavailable}`, unpulled]);
      return true;
    },
  );
});

test("a Deployment that was made and is not ready is read with the reasons, unless it is not waited for", async () => {
  withoutImage();
  const type = typeOf(deploymentToken);
  const read = async (annotations: Properties) => {
    const { metadata, ...rest } = deployment(1);
    const waiting = { ...(metadata as Properties), annotations };
    const inputs = checked(deploymentToken, { metadata: waiting, ...rest });
    await type.create(cluster, operation(inputs, 0.001)).catch(() => undefined);
    return type.read(cluster, { urn, id: "shop/web", inputs, outputs: {} }, signal);
  };
  assert.deepEqual((await read({}))?.reasons, [unavailable, unpulled]);
  assert.equal((await read({ "pulumi.com/skipAwait": "true" }))?.reasons, undefined);
});

test("a webhook that is still starting is waited for; another refusal is passed on", async () => {
  const token = "kubernetes:security.istio.io/v1:AuthorizationPolicy";
  const inputs = checked(token, { metadata: { name: "nothing", namespace: "shop" }, spec: {} });
  const type = typeOf(token);
  const message =
    'Internal error occurred: failed calling webhook "validation.istio.io": failed to call webhook: Post "https://istiod": dial tcp 10.0.0.1:443: connect: connection refused';
  server.refusals.push({ method: "PATCH", code: 500, message });
  await type.create(cluster, operation(inputs));
  const attempts = server.requests.filter(({ method }) => method === "PATCH");
  assert.equal(attempts.length, 2);
  server.refusals.push({ method: "PATCH", code: 403, message: "you may not" });
  await assert.rejects(type.create(cluster, operation(inputs)), { message: "you may not" });
});

test("a Secret given as text is compared with what the API keeps as base64", () => {
  const inputs = { stringData: { token: "abc" } };
  const live = (text: string) => ({
    kind: "Secret",
    data: { token: Buffer.from(text).toString("base64") },
  });
  assert.deepEqual(liveInputs(inputs, live("abc"), { rewritten: true }), inputs);
  assert.deepEqual(liveInputs(inputs, live("changed"), { rewritten: true }), {
    stringData: { token: "changed" },
  });
});

const settingsRefused: { config: Properties; message: RegExp }[] = [
  { config: {}, message: /^the kubernetes provider needs a kubeconfig/ },
  {
    config: { kubeconfig: "x", renderYamlToDirectory: "y" },
    message: /does not implement the provider's renderYamlToDirectory; use the official plugin$/,
  },
  {
    config: { kubeconfig: "x", enableServerSideApply: "false" },
    message: /knows server-side apply only/,
  },
];

for (const { config, message } of settingsRefused) {
  test(`refuses the configuration ${JSON.stringify(config)}`, () => {
    assert.throws(() => settingsOf(config), { message });
  });
}

test("another cluster identifier makes a new provider; another kubeconfig of the same cluster does not", () => {
  const previous = { clusterIdentifier: "one", kubeconfig: "a" };
  assert.deepEqual(kubernetes.replacesProvider(previous, { ...previous, kubeconfig: "b" }), []);
  assert.deepEqual(
    kubernetes.replacesProvider(previous, { ...previous, clusterIdentifier: "two" }),
    ["clusterIdentifier"],
  );
});

test(
  "the engine brings objects up, repairs what was changed outside of it, and keeps secrets",
  {
    skip: skipWithoutEngine,
  },
  async () => {
    const kubeconfig = server.kubeconfig;
    const program = (replicas: number, secret: string) => () => {
      const provider = new k8s.Provider("cluster", {
        kubeconfig: pulumi.secret(kubeconfig),
        clusterIdentifier: "test",
        enableServerSideApply: true,
      });
      const options = { provider };
      const namespace = new k8s.core.v1.Namespace("shop", { metadata: { name: "shop" } }, options);
      const metadata = { namespace: namespace.metadata.name };
      new k8s.core.v1.Secret(
        "credentials",
        { metadata, stringData: { password: pulumi.secret(secret) } },
        options,
      );
      const deployment = new k8s.apps.v1.Deployment(
        "web",
        {
          metadata: { ...metadata, name: "web" },
          spec: {
            replicas,
            selector: { matchLabels: { app: "web" } },
            template: {
              metadata: { labels: { app: "web" } },
              spec: { containers: [{ name: "web", image: "web:1" }] },
            },
          },
        },
        options,
      );
      const service = new k8s.core.v1.Service(
        "web",
        { metadata: { ...metadata, name: "web" }, spec: { ports: [{ port: 9080 }] } },
        options,
      );
      new k8s.apiextensions.CustomResource(
        "nothing",
        {
          apiVersion: "security.istio.io/v1",
          kind: "AuthorizationPolicy",
          metadata: { ...metadata, name: "allow-nothing" },
          spec: {},
        },
        { ...options, dependsOn: namespace },
      );
      // An output that waits for the Deployment: where that fails the engine ends, and nothing is under way.
      const address = deployment.urn.apply(() => service.spec.clusterIP);
      return Promise.resolve({ address });
    };
    const engine = await Engine.start(program(1, "object-secret-canary"), ["kubernetes"]);
    after(() => {
      engine.stop();
    });
    assert.deepEqual(await engine.preview(), { create: 7 });
    assert.equal(server.requests.filter(({ method }) => method !== "GET").length, 0);
    assert.deepEqual(await engine.up(), { create: 7 });
    assert.deepEqual(await engine.outputs(), { address: "10.0.0.7" });
    assert.deepEqual(await engine.up(), { same: 7 });
    assert.deepEqual(await engine.refresh(), { same: 7 });
    // By hand: one object is changed, one is deleted.
    (server.object(deploymentPath).spec as Properties).replicas = 5;
    server.remove("/apis/security.istio.io/v1/namespaces/shop/authorizationpolicies/allow-nothing");
    assert.deepEqual(await engine.refresh(), { delete: 1, update: 1, same: 5 });
    assert.deepEqual(await engine.up(), { create: 1, update: 1, same: 5 });
    assert.equal((server.object(deploymentPath).spec as Properties).replicas, 1);
    // One edit.
    const edited = program(2, "object-secret-canary");
    assert.deepEqual(await engine.up(edited), { update: 1, same: 6 });
    // Another manager's field is refused until it is as the program has it.
    (server.object(deploymentPath).spec as Properties).replicas = 3;
    ownedBy(deploymentPath, byScale);
    assert.deepEqual(await engine.up(edited), { same: 7 });
    assert.deepEqual(await engine.refresh(), { update: 1, same: 6 });
    for (let time = 1; time <= 2; time++) {
      const told = engine.output.length;
      await assert.rejects(engine.up(edited));
      assert.match(engine.output.slice(told).join(""), /: \.spec\.replicas/);
    }
    (server.object(deploymentPath).spec as Properties).replicas = 2;
    assert.deepEqual(await engine.refresh(), { update: 1, same: 6 });
    assert.deepEqual(await engine.up(edited), { same: 7 });
    const { text } = engine.state();
    const everything = text + engine.output.join("");
    const base64 = Buffer.from("object-secret-canary").toString("base64");
    for (const canary of ["object-secret-canary", base64, "kubeconfig-token-canary"]) {
      assert.ok(!everything.includes(canary), `${canary} is shown`);
    }
    assert.deepEqual(await engine.destroy(), { delete: 7 });
    assert.equal(server.objects.size, 0);
  },
);

test(
  "the engine keeps what it creates anew after a run that was cut off between deletion and creation",
  { skip: skipWithoutEngine },
  async () => {
    const { kubeconfig } = server;
    const program = (app: string) => () => {
      const provider = new k8s.Provider("cluster", { kubeconfig, clusterIdentifier: "test" });
      new k8s.apps.v1.Deployment(
        "web",
        {
          metadata: { name: "web", namespace: "shop" },
          spec: {
            selector: { matchLabels: { app } },
            template: {
              metadata: { labels: { app } },
              spec: { containers: [{ name: "web", image: "web:1" }] },
            },
          },
        },
        { provider },
      );
      return Promise.resolve({});
    };
    const engine = await Engine.start(program("web"), ["kubernetes"]);
    after(() => {
      engine.stop();
    });
    await engine.up();
    server.refusals.push({ method: "PATCH", code: 403, message: "cut off" });
    await assert.rejects(engine.up(program("wrong")), /cut off/);
    assert.equal(server.objects.has(deploymentPath), false);
    await engine.up();
    assert.ok(server.objects.has(deploymentPath));
  },
);
