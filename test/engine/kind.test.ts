/** A kind cluster and what is in it, through the real engine: which of it is made, kept and made anew. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import * as kubernetes from "@pulumi/kubernetes";
import { parse, stringify } from "yaml";
import { createCluster } from "../../components/cluster";
import { nodeImage } from "../../components/settings/cluster/kind";
import { ApiServer } from "../unit/local/plugins/apiServer";
import { Engine, skipWithoutEngine } from "./engine";
import { StandIn } from "../unit/components/cluster/kind/stand-in";

const settings = {
  kind: "kind",
  name: "istio-auth0",
  image: nodeImage,
  workers: 0,
  apiServerPort: 6550,
  adopt: false,
} as const;

/** A cluster and one object in it, as index.ts makes them. */
const program =
  (changes: object = {}) =>
  () => {
    const { provider, inCluster, kubeconfig } = createCluster("cluster", {
      cluster: { ...settings, ...changes },
      gateway: { url: "http://localhost:8080" },
    });
    new kubernetes.core.v1.Namespace(
      "shop",
      { metadata: { name: "shop" } },
      { provider, ...inCluster },
    );
    return Promise.resolve({ kubeconfig });
  };

const namespace = "/api/v1/namespaces/shop";

/** The engine's own plug-in for dynamic resources comes with the Pulumi CLI; its code, with the SDK. */
function writeDynamicPlugin(folder: string): void {
  const code = require.resolve("@pulumi/pulumi/cmd/dynamic-provider");
  const script = `#!/bin/sh\nexec "${process.execPath}" "${code}" "$@"\n`;
  writeFileSync(join(folder, "pulumi-resource-pulumi-nodejs"), script, { mode: 0o700 });
}

describe("through the engine, a kind cluster", { skip: skipWithoutEngine }, () => {
  const path = process.env.PATH ?? "";
  let kind: StandIn;
  let apiServer: ApiServer;
  let engine: Engine;

  before(async () => {
    kind = new StandIn();
    writeDynamicPlugin(kind.path);
    process.env.PATH = `${kind.path}:${path}`;
    apiServer = await ApiServer.start();
    const kubeconfig = parse(apiServer.kubeconfig) as { clusters: [{ cluster: object }] };
    Object.assign(kubeconfig.clusters[0].cluster, { "certificate-authority-data": "AUTHORITY" });
    kind.answerWith(stringify(kubeconfig));
    engine = await Engine.start(program(), ["kubernetes"]);
  });
  after(() => {
    engine.stop();
    apiServer.stop();
    kind.remove();
  });

  const deletions = () => apiServer.requests.filter(({ method }) => method === "DELETE").length;
  /** Somebody deletes the cluster, and all that was in it. */
  const lose = () => {
    kind.take(settings.name);
    apiServer.objects.clear();
  };

  test("is planned without being asked for", async () => {
    assert.deepEqual(await engine.preview(), { create: 5 });
    assert.deepEqual(kind.commands, []);
  });

  test("is made with what is in it, and its kubeconfig is a secret", async () => {
    assert.deepEqual(await engine.up(), { create: 5 });
    assert.deepEqual(kind.clusters, [settings.name]);
    assert.ok(apiServer.objects.has(namespace));
    const { kubeconfig } = await engine.outputs();
    assert.equal(kubeconfig, kind.read(settings.name, "kubeconfig"));
    assert.doesNotMatch(engine.state().text, /kubeconfig-token-canary/);
    assert.doesNotMatch(engine.output.join(""), /kubeconfig-token-canary/);
  });

  test("is kept by another run, and by a refresh", async () => {
    assert.deepEqual(await engine.up(), { same: 5 });
    assert.deepEqual(await engine.up(program({ adopt: true })), { same: 5 });
    assert.deepEqual(await engine.refresh(), { same: 5 });
  });

  test("is made anew with all that was in it where it is gone", async () => {
    lose();
    assert.deepEqual(await engine.preview(), { same: 2, replace: 3 });
    assert.deepEqual(await engine.up(), { same: 2, replace: 3 });
    assert.deepEqual(kind.clusters, [settings.name]);
    assert.ok(apiServer.objects.has(namespace));
    // A cluster that is gone is asked for nothing.
    assert.equal(deletions(), 0);
  });

  test("is replaced with all that is in it where its configuration changes", async () => {
    apiServer.objects.clear();
    assert.deepEqual(await engine.up(program({ workers: 1 })), { same: 2, replace: 3 });
    const { nodes } = JSON.parse(kind.read(settings.name, "configuration")) as { nodes: object[] };
    assert.equal(nodes.length, 2);
    assert.ok(apiServer.objects.has(namespace));
    assert.equal(deletions(), 0);
  });

  test("is missed by a refresh where it is gone, and made again", async () => {
    lose();
    assert.deepEqual(await engine.refresh(), { same: 3, delete: 2 });
    assert.deepEqual(await engine.up(), { same: 2, create: 2, replace: 1 });
    assert.deepEqual(kind.clusters, [settings.name]);
  });

  test("is made by the next run where its replacement failed", async () => {
    kind.fail({ "create cluster": { says: "ERROR: out of luck\n", leaves: true } });
    apiServer.objects.clear();
    await assert.rejects(engine.up(program({ workers: 2 })), /: out of luck\./);
    assert.deepEqual(kind.clusters, []);
    kind.fail({});
    assert.deepEqual(await engine.up(program({ workers: 2 })), { same: 2, replace: 3 });
    assert.deepEqual(kind.clusters, [settings.name]);
    assert.ok(apiServer.objects.has(namespace));
  });

  test("goes with all that is in it", async () => {
    assert.deepEqual(await engine.destroy(), { delete: 5 });
    assert.deepEqual(kind.clusters, []);
    assert.equal(deletions(), 0);
    assert.equal(kind.isTidy, true);
  });
});
