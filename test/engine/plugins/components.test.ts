/** Objects of YAML and of charts are resources of their own: with the official plug-in's names, and in its order. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { ApiServer } from "../../unit/local/plugins/apiServer";
import { Engine, skipWithoutEngine } from "../engine";
import { FakeHelm } from "./fake-helm";

const serviceOf = (name: string, port: number) => `apiVersion: v1
kind: Service
metadata:
  name: ${name}
  namespace: shop
spec:
  ports: [{ name: http, port: ${port} }]
`;

const namespace = "apiVersion: v1\nkind: Namespace\nmetadata: { name: shop }\n";
const secret = `apiVersion: v1
kind: Secret
metadata: { name: key }
stringData: { value: yaml-secret-canary }
`;

/** A cluster, a folder for files, and a program that makes these resources with the cluster's provider. */
async function setUp(
  context: TestContext,
  make: (options: pulumi.ComponentResourceOptions, folder: string) => void,
) {
  const server = await ApiServer.start();
  const folder = mkdtempSync(join(tmpdir(), "components-test-"));
  const helm = new FakeHelm(join(folder, "helm"));
  const program = () => {
    const provider = new k8s.Provider("cluster", { kubeconfig: server.kubeconfig });
    const parent = new pulumi.ComponentResource("test:index:Shop", "shop", {}, { provider });
    make({ parent }, folder);
    return Promise.resolve({});
  };
  const path = `${helm.directory}:${process.env.PATH ?? ""}`;
  const engine = await Engine.start(program, ["kubernetes"], { PATH: path });
  context.after(() => {
    engine.stop();
    server.stop();
    rmSync(folder, { recursive: true });
  });
  const names = () => {
    const { resources } = (
      JSON.parse(engine.state().text) as {
        checkpoint: { latest: { resources: { urn: string; type: string; provider?: string }[] } };
      }
    ).checkpoint.latest;
    return resources
      .filter(({ type }) => type.startsWith("kubernetes:"))
      .map(({ urn, provider }) => ({
        name: urn.split("::").slice(2).join("::"),
        provider: provider?.split("::")[3],
      }));
  };
  return { server, folder, helm, engine, names };
}

const inShop = (type: string, name: string, component: string) =>
  `test:index:Shop$kubernetes:${component}$kubernetes:${type}::${name}`;

test(
  "a group of files and texts is made, changed by its files, and removed",
  { skip: skipWithoutEngine },
  async (context) => {
    const { server, folder, engine, names } = await setUp(context, (options, files) => {
      const group = new k8s.yaml.v2.ConfigGroup(
        "web",
        { files: [join(files, "*.yaml")], yaml: secret },
        options,
      );
      new k8s.core.v1.ConfigMap(
        "after",
        { metadata: { name: "after" } },
        {
          ...options,
          dependsOn: [group],
        },
      );
    });
    writeFileSync(join(folder, "a.yaml"), serviceOf("web", 80));
    writeFileSync(join(folder, "b.yaml"), `---\n${namespace}---\n`);
    const counts = { create: 8 };
    assert.deepEqual(await engine.preview(), counts);
    assert.equal(server.requests.filter(({ method }) => method === "PATCH").length, 0);
    assert.deepEqual(await engine.up(), counts);
    const group = "yaml/v2:ConfigGroup";
    const made = names().filter(({ provider }) => provider === "cluster");
    assert.deepEqual(made.map(({ name }) => name).sort(), [
      "test:index:Shop$kubernetes:core/v1:ConfigMap::after",
      inShop("core/v1:Namespace", "web:shop", group),
      inShop("core/v1:Secret", "web:default/key", group),
      inShop("core/v1:Service", "web:shop/web", group),
    ]);
    const applied = server.requests
      .filter(({ method }) => method === "PATCH")
      .map(({ path }) => path.split("/").at(-1));
    // A namespace comes before what is in it, and the group before what depends on it.
    assert.ok(applied.indexOf("shop") < applied.indexOf("web"));
    assert.equal(applied.at(-1), "after");
    assert.deepEqual(await engine.up(), { same: 8 });
    writeFileSync(join(folder, "a.yaml"), serviceOf("web", 81));
    assert.deepEqual(await engine.up(), { update: 1, same: 7 });
    const { ports } = server.object("/api/v1/namespaces/shop/services/web").spec as {
      ports: { port: number }[];
    };
    assert.equal(ports[0]?.port, 81);
    assert.ok(!(engine.state().text + engine.output.join("")).includes("yaml-secret-canary"));
    assert.deepEqual(await engine.destroy(), { delete: 8 });
    assert.equal(server.objects.size, 0);
  },
);

test("a file, with a prefix of its own", { skip: skipWithoutEngine }, async (context) => {
  const { folder, engine, names } = await setUp(context, (options, files) => {
    new k8s.yaml.v2.ConfigFile(
      "web",
      { file: join(files, "a.yaml"), resourcePrefix: "own", skipAwait: true },
      options,
    );
  });
  writeFileSync(join(folder, "a.yaml"), serviceOf("web", 80));
  await engine.up();
  assert.deepEqual(
    names().map(({ name }) => name),
    [
      "test:index:Shop$kubernetes:yaml/v2:ConfigFile::web",
      inShop("core/v1:Service", "own:shop/web", "yaml/v2:ConfigFile"),
    ],
  );
});

test(
  "a chart's objects change with its values and its templates",
  { skip: skipWithoutEngine },
  async (context) => {
    const values: { color?: string } = {};
    const { helm, engine, names, server } = await setUp(context, (options, files) => {
      new k8s.helm.v4.Chart(
        "web",
        { chart: join(files, "chart"), namespace: "shop", values },
        options,
      );
    });
    const manifest = (port: number) => `---
# Source: web/templates/map.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: NAME-map
  annotations: { helm.sh/resource-policy: keep }
data: { color: COLOR }
---
${serviceOf("web", port)}`;
    helm.edit((state) => {
      state.manifest = manifest(80);
    });
    assert.deepEqual(await engine.preview(), { create: 6 });
    assert.deepEqual(await engine.up(), { create: 6 });
    assert.deepEqual(
      names()
        .map(({ name }) => name)
        .filter((name) => name.includes("Chart$"))
        .sort(),
      [
        inShop("core/v1:ConfigMap", "web:shop/web-map", "helm.sh/v4:Chart"),
        inShop("core/v1:Service", "web:shop/web", "helm.sh/v4:Chart"),
      ],
    );
    assert.match(
      helm.commands.at(-1) ?? "",
      /^template web \S+chart --no-hooks --values - --include-crds --namespace shop /,
    );
    assert.deepEqual(await engine.up(), { same: 6 });
    helm.edit((state) => {
      state.manifest = manifest(81);
    });
    assert.deepEqual(await engine.up(), { update: 1, same: 5 });
    await engine.destroy();
    // Its policy is to keep it.
    assert.deepEqual([...server.objects.keys()], ["/api/v1/namespaces/shop/configmaps/web-map"]);
  },
);
