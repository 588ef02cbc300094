/** The kubernetes stand-in installs and repairs Helm releases, resumes interrupted ones, and takes no other stack's. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Cluster } from "../../../local/plugins/kubernetes/cluster";
import { release } from "../../../local/plugins/kubernetes/helm/release";
import { settingsOf } from "../../../local/plugins/kubernetes/settings";
import { NotReadyError } from "../../../local/plugins/shared/plugin";
import type { Properties } from "../../../local/plugins/shared/values";
import { isTrueWithin } from "../../../lib/poll";
import { ApiServer } from "../../unit/local/plugins/apiServer";
import { Engine, skipWithoutEngine } from "../engine";
import { FakeHelm } from "./fake-helm";

const urn = "urn:pulumi:test::stand-ins::kubernetes:helm.sh/v3:Release::mesh";
const { signal } = new AbortController();

let directory: string;
let server: ApiServer;
let cluster: Cluster;
let helm: FakeHelm;
let count = 0;

const path = process.env.PATH ?? "";

before(async () => {
  directory = mkdtempSync(join(tmpdir(), "helm-test-"));
  server = await ApiServer.start();
  cluster = new Cluster(settingsOf({ kubeconfig: server.kubeconfig }));
});

after(() => {
  process.env.PATH = path;
  server.stop();
  rmSync(directory, { recursive: true });
});

beforeEach(() => {
  helm = new FakeHelm(join(directory, String(count++)));
  helm.keepIn(server);
  process.env.PATH = `${helm.directory}:${path}`;
});

function checked(given: Properties): Properties {
  const context = { name: "mesh", previous: undefined, suffix: "0123456789abcdef" };
  const { inputs, failures } = release.check(given, context, cluster);
  assert.deepEqual(failures, []);
  return inputs;
}

const given: Properties = {
  chart: "istiod",
  name: "istiod",
  namespace: "istio-system",
  version: "1.30.3",
  repositoryOpts: { repo: "https://charts.test" },
  values: { pilot: { replicas: 1 }, password: "helm-value-canary" },
  createNamespace: true,
  atomic: true,
  skipCrds: true,
  timeout: 60,
};

const operation = (inputs: Properties) => ({ urn, inputs, timeoutSeconds: undefined, signal });

async function drift(inputs: Properties): Promise<string[] | undefined> {
  const id = "istio-system/istiod";
  const live = await release.read(cluster, { urn, id, inputs, outputs: {} }, signal);
  if (live === undefined) return undefined;
  const { changes } = release.difference(live.inputs, inputs, cluster, live.outputs);
  return changes.map(({ path: changed, kind }) => `${kind} ${changed}`);
}

test("a release is installed with its arguments, and its values are on no command line", async () => {
  const { id, outputs } = await release.create(cluster, operation(checked(given)));
  assert.equal(id, "istio-system/istiod");
  assert.deepEqual(outputs.status, {
    name: "istiod",
    namespace: "istio-system",
    revision: 1,
    status: "deployed",
    chart: "istiod-1.30.3",
    version: "1.30.3",
    appVersion: "1",
  });
  const installation = helm.commands.find((command) => command.startsWith("upgrade"));
  assert.match(
    installation ?? "",
    /^upgrade istiod istiod --install --reset-values --hide-notes --output json --labels pulumi-urn=[0-9a-f]{32} --timeout 60s --values - --repo https:\/\/charts\.test --version 1\.30\.3 --create-namespace --skip-crds --namespace istio-system --kubeconfig \/proc\/self\/fd\/3$/,
  );
  assert.ok(!helm.commands.join("\n").includes("canary"));
  assert.deepEqual(helm.state.releases.istiod?.values, given.values);
  const earlier = helm.commands.length;
  assert.deepEqual(await drift(checked(given)), []);
  assert.equal(helm.commands.length, earlier, "reading runs no helm");
});

test("values and a version that were changed with helm are reported, and the next update restores them", async () => {
  const inputs = checked(given);
  await release.create(cluster, operation(inputs));
  helm.edit(({ releases }) => {
    const [installed] = Object.values(releases);
    assert.ok(installed);
    installed.values = { pilot: { replicas: 2 }, extra: true };
    installed.chart = "istiod-1.29.0";
  });
  assert.deepEqual((await drift(inputs))?.sort(), [
    "add values.password",
    "delete values.extra",
    "update values.pilot.replicas",
    "update version",
  ]);
  const existing = { urn, id: "istio-system/istiod", inputs, outputs: {} };
  await release.update(cluster, existing, operation(inputs));
  assert.deepEqual(await drift(inputs), []);
});

test("a changed template of a chart in a folder is an update, though the inputs are the same", async () => {
  const chart = join(directory, "chart");
  mkdirSync(join(chart, "templates"), { recursive: true });
  writeFileSync(join(chart, "Chart.yaml"), "name: web\nversion: 1.0.0\n");
  const template = join(chart, "templates", "map.yaml");
  writeFileSync(template, "kind: ConfigMap");
  const inputs = checked({ chart, name: "web", namespace: "shop", version: "1.0.0" });
  const { id, outputs } = await release.create(cluster, operation(inputs));
  const changed = (made: Properties) =>
    release.difference(inputs, inputs, cluster, made).changes.map(({ path }) => path);
  assert.deepEqual(changed(outputs), []);
  writeFileSync(template, "kind: Secret");
  assert.deepEqual(changed(outputs), ["chart"]);
  const existing = { urn, id, inputs, outputs };
  const read = await release.read(cluster, existing, signal);
  assert.deepEqual(changed(read?.outputs ?? {}), ["chart"]);
  assert.deepEqual(changed(await release.update(cluster, existing, operation(inputs))), []);
  writeFileSync(join(chart, "templates", "new.yaml"), "");
  assert.deepEqual(changed(outputs), ["chart"]);
  // What an earlier version has installed is not known.
  assert.deepEqual(changed({}), []);
});

test("an object of the release that was changed or deleted with kubectl is reported", async () => {
  const inputs = checked(given);
  await release.create(cluster, operation(inputs));
  helm.edit((state) => {
    state.manifest = [
      "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: mesh\n  creationTimestamp: null\ndata:\n  mode: strict",
      "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: istiod\n  namespace: istio-system",
    ].join("\n---\n");
  });
  const configMap = "/api/v1/namespaces/istio-system/configmaps/mesh";
  const serviceAccount = "/api/v1/namespaces/istio-system/serviceaccounts/istiod";
  const set = (mode: string) =>
    server.objects.set(configMap, {
      metadata: { name: "mesh", creationTimestamp: "2026" },
      data: { mode, other: "kept" },
    });
  set("strict");
  server.objects.set(serviceAccount, { metadata: { name: "istiod", namespace: "istio-system" } });
  const read = async () => {
    const existing = { urn, id: "istio-system/istiod", inputs, outputs: {} };
    return (await release.read(cluster, existing, signal))?.inputs.drift;
  };
  // The API server of this test gives no apiVersion and kind, so these are left out of the comparison.
  for (const [objectPath, object] of server.objects) {
    const kind = objectPath === configMap ? "ConfigMap" : "ServiceAccount";
    server.objects.set(objectPath, { apiVersion: "v1", kind, ...object });
  }
  assert.equal(await read(), undefined);
  const live = server.object(configMap);
  (live.data as Properties).mode = "off";
  server.objects.delete(serviceAccount);
  assert.deepEqual(await read(), [
    "ConfigMap mesh differs in data.mode",
    "ServiceAccount istiod is gone",
  ]);
  server.objects.clear();
});

test("a release that is gone is gone on reading, and its removal is success", async () => {
  const inputs = checked(given);
  assert.equal(await drift(inputs), undefined);
  await release.delete(
    cluster,
    { urn, id: "istio-system/istiod", inputs, outputs: {} },
    operation({}),
  );
  assert.equal(helm.commands.filter((command) => command.includes("--ignore-not-found")).length, 1);
});

for (const [what, labels] of [
  ["content", { version: "1", status: "deployed" }],
  ["labels", {}],
] as const) {
  test(`a Secret with other ${what} than Helm's is named`, async () => {
    const metadata = { name: "mine", namespace: "istio-system" };
    server.others = () => [
      {
        metadata: { ...metadata, labels: { owner: "helm", name: "istiod", ...labels } },
        data: { release: "c2VjcmV0LWNhbmFyeQ==" },
      },
    ];
    await assert.rejects(drift(checked(given)), {
      message:
        "the Secret mine in istio-system has Helm's labels, and is not as Helm keeps a release; look at it: kubectl -n istio-system describe secret mine",
    });
  });
}

test("another owner's release of the same name is not taken over", async () => {
  const inputs = checked(given);
  await release.create(cluster, { ...operation(inputs), urn: "another" });
  await assert.rejects(release.create(cluster, operation(inputs)), {
    message:
      "cannot re-use a name that is still in use: the release istiod in istio-system was not made by this stack. Remove it with helm uninstall istiod -n istio-system",
  });
});

const leftovers = [
  { revisions: ["pending-install"], recovery: "uninstall istiod --wait" },
  { revisions: ["failed"], recovery: undefined },
  { revisions: ["superseded", "deployed", "pending-upgrade"], recovery: "rollback istiod 2" },
  { revisions: ["deployed", "failed"], recovery: undefined },
  { revisions: ["deployed", "pending-rollback"], recovery: "rollback istiod 1" },
  { revisions: ["uninstalling"], recovery: "uninstall istiod --wait" },
];

for (const { revisions, recovery } of leftovers) {
  test(`goes on after a killed run that left ${revisions.join(", ")}`, async () => {
    const inputs = checked(given);
    await release.create(cluster, operation(inputs));
    helm.edit(({ releases }) => {
      const [installed] = Object.values(releases);
      assert.ok(installed);
      installed.revisions = revisions;
    });
    const earlier = helm.commands.length;
    const { outputs } = await release.create(cluster, operation(inputs));
    assert.equal((outputs.status as Properties).status, "deployed");
    const recovered = helm.commands
      .slice(earlier)
      .find((command) => /^(rollback|uninstall) /.test(command));
    assert.equal(recovered?.split(" --namespace ")[0], recovery);
  });
}

const istiodPath = "/apis/apps/v1/namespaces/istio-system/deployments/istiod";
const istiodManifest =
  "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: istiod\nspec: {}\n";

/** istiod's Deployment with so many available pods of one. */
function deployment(availableReplicas: number): Properties {
  const counts = { replicas: 1, updatedReplicas: 1, availableReplicas };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "istiod", namespace: "istio-system", generation: 1 },
    spec: { replicas: 1, selector: { matchLabels: { app: "istiod" } } },
    status: { observedGeneration: 1, ...counts },
  };
}

const lasting: Properties = { ...given, atomic: false };

test("a failed installation is kept with Helm's reason and what is wrong in the cluster", async () => {
  helm.edit((state) => {
    state.failure = "context deadline exceeded";
    state.manifest = istiodManifest;
  });
  await assert.rejects(release.create(cluster, operation(checked(lasting))), (error: unknown) => {
    assert.ok(error instanceof NotReadyError);
    assert.equal(error.id, "istio-system/istiod");
    assert.deepEqual(error.reasons, ["context deadline exceeded", "Deployment istiod is missing"]);
    return true;
  });
});

test("a release is there when its Deployments are ready, and not before", async () => {
  helm.edit((state) => {
    state.manifest = istiodManifest;
  });
  server.objects.set(istiodPath, deployment(0));
  let done = false;
  const created = release.create(cluster, operation(checked(given))).then(() => {
    done = true;
  });
  const reads = () => server.requests.filter((request) => request.path === istiodPath).length;
  const enough = reads() + 3;
  assert.ok(await isTrueWithin(10_000, () => reads() >= enough));
  assert.equal(done, false);
  server.objects.set(istiodPath, deployment(1));
  await created;
  server.objects.clear();
});

test("skipAwait waits for nothing", async () => {
  helm.edit((state) => {
    state.manifest = istiodManifest;
  });
  const { id } = await release.create(cluster, operation(checked({ ...lasting, skipAwait: true })));
  assert.equal(id, "istio-system/istiod");
});

const counts = "1 of 1 pods are of the new version, 0 available";
const late = `Deployment istiod: timed out waiting: ${counts}`;

test("a release that is not ready in time is kept with the reasons", async () => {
  helm.edit((state) => {
    state.manifest = istiodManifest;
  });
  server.objects.set(istiodPath, deployment(0));
  const inputs = checked({ ...lasting, timeout: 1 });
  await assert.rejects(release.create(cluster, operation(inputs)), (error: unknown) => {
    assert.ok(error instanceof NotReadyError);
    assert.deepEqual(error.reasons, [late]);
    return true;
  });
  assert.deepEqual(helm.state.releases.istiod?.revisions, ["deployed"]);
  server.objects.clear();
});

for (const { earlier, done, left } of [
  { earlier: undefined, done: "it was taken out again", left: undefined },
  {
    earlier: ["superseded", "deployed"],
    done: "it was taken back to revision 2",
    left: ["superseded", "deployed", "deployed", "deployed"],
  },
  { earlier: ["failed"], done: "it was taken out again", left: undefined },
]) {
  test(`an atomic release that fails after ${earlier?.join(", ") ?? "nothing"}: ${done}`, async () => {
    const inputs = checked({ ...given, timeout: 1 });
    if (earlier !== undefined) {
      await release.create(cluster, operation(inputs));
      helm.edit(({ releases }) => {
        if (releases.istiod) releases.istiod.revisions = earlier;
      });
    }
    helm.edit((state) => {
      state.manifest = istiodManifest;
    });
    server.objects.set(istiodPath, deployment(0));
    await assert.rejects(release.create(cluster, operation(inputs)), {
      name: "Error",
      message: `the release istio-system/istiod failed: ${late}; ${done}`,
    });
    assert.deepEqual(helm.state.releases.istiod?.revisions, left);
    server.objects.clear();
  });
}

test("a helm that is not on PATH is said in one line", async () => {
  process.env.PATH = join(directory, "empty");
  await assert.rejects(release.create(cluster, operation(checked(given))), {
    message: "cannot run helm: there is no helm on PATH, and no sandbox has built one",
  });
});

const refusals: { inputs: Properties; reason: string }[] = [
  { inputs: {}, reason: "chart is required" },
  {
    inputs: { chart: "a", postrender: "./x" },
    reason:
      "the stand-in for the kubernetes plugin does not implement the argument postrender; use the official plugin",
  },
  {
    inputs: { chart: "a", repositoryOpts: { repo: "b", password: "c" } },
    reason:
      "the stand-in for the kubernetes plugin does not implement the argument repositoryOpts.password; use the official plugin",
  },
];

for (const { inputs, reason } of refusals) {
  test(`refuses ${JSON.stringify(inputs)}`, () => {
    const context = { name: "mesh", previous: undefined, suffix: "0123456789abcdef" };
    const { failures } = release.check(inputs, context, cluster);
    assert.deepEqual(
      failures.map((failure) => failure.reason),
      [reason],
    );
  });
}

test(
  "the engine installs a release, repairs and upgrades it, and keeps its secret values",
  {
    skip: skipWithoutEngine,
  },
  async () => {
    const { kubeconfig } = server;
    const program = (replicas: number) => () => {
      const provider = new k8s.Provider("cluster", { kubeconfig, clusterIdentifier: "test" });
      const mesh = new k8s.helm.v3.Release(
        "mesh",
        {
          chart: "istiod",
          namespace: "istio-system",
          version: "1.30.3",
          values: { replicas, password: pulumi.secret("engine-value-canary") },
        },
        { provider },
      );
      return Promise.resolve({ status: mesh.status.status, name: mesh.status.name });
    };
    const engine = await Engine.start(program(1), ["kubernetes"], {
      PATH: `${helm.directory}:${path}`,
    });
    after(() => {
      engine.stop();
    });
    assert.deepEqual(await engine.up(), { create: 3 });
    const outputs = await engine.outputs();
    assert.equal(outputs.status, "deployed");
    assert.match(String(outputs.name), /^mesh-[0-9a-f]{8}$/);
    assert.deepEqual(await engine.up(), { same: 3 });
    assert.deepEqual(await engine.refresh(), { same: 3 });
    assert.deepEqual(await engine.up(program(2)), { update: 1, same: 2 });
    helm.edit((state) => {
      state.releases = {};
    });
    assert.deepEqual(await engine.refresh(), { delete: 1, same: 2 });
    assert.deepEqual(await engine.up(program(2)), { create: 1, same: 2 });
    const everything = engine.state().text + engine.output.join("") + helm.commands.join("\n");
    assert.ok(!everything.includes("engine-value-canary"), "the secret value is shown");
    assert.deepEqual(await engine.destroy(), { delete: 3 });
    assert.deepEqual(helm.state.releases, {});
  },
);
