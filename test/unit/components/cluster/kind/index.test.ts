/** A kind cluster is one resource of the kind command and one provider, and its kubeconfig stays secret. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createCluster } from "../../../../../components/cluster";
import { kindConfiguration } from "../../../../../components/cluster/kind/configuration";
import { nodeImage } from "../../../../../components/settings/cluster/kind";
import { find, kubeconfig, read, run, unknown } from "../../mocks";

const settings = {
  kind: "kind",
  name: "istio-auth0",
  image: nodeImage,
  workers: 1,
  apiServerPort: 6550,
  adopt: false,
} as const;
const gateway = { url: "http://localhost:8080" };
const type = "pulumi-nodejs:dynamic/kind:Cluster";

for (const preview of [false, true])
  test(`as ${preview ? "a preview" : "an update"}, a kind cluster is a resource of the kind command and one provider`, async () => {
    const { result: cluster, registrations } = await run(
      () => createCluster("cluster", { cluster: settings, gateway }),
      { preview },
    );
    assert.deepEqual(
      registrations.map((each) => [each.type, each.name, each.parent, each.dependencies]),
      [
        ["pulumi:pulumi:Stack", "istio-auth0-sandbox", "", []],
        ["istio-auth0:index:KindCluster", "cluster", "istio-auth0-sandbox", []],
        [type, "cluster", "cluster", []],
        ["pulumi:providers:kubernetes", "cluster", "cluster", ["cluster"]],
      ],
    );

    const { inputs, secrets, additionalSecretOutputs } = find(registrations, type, "cluster");
    const { __provider, ...rest } = inputs as Record<string, unknown>;
    assert.equal(typeof __provider, "string");
    assert.deepEqual(rest, {
      name: "istio-auth0",
      configuration: kindConfiguration(settings, gateway),
      image: nodeImage,
      adopt: false,
    });
    assert.deepEqual(secrets, []);
    assert.deepEqual(additionalSecretOutputs, ["kubeconfig"]);

    const provider = find(registrations, "pulumi:providers:kubernetes", "cluster");
    assert.deepEqual(provider.inputs, {
      kubeconfig: preview ? unknown : kubeconfig,
      clusterIdentifier: preview ? unknown : "instance of cluster",
      enableServerSideApply: "true",
    });
    assert.deepEqual(provider.secrets, ["kubeconfig"]);

    assert.deepEqual(await read(cluster.kubeconfig), {
      value: preview ? unknown : kubeconfig,
      secret: true,
    });
    assert.deepEqual(cluster.wayIn, {
      serviceType: "NodePort",
      nodePorts: { http: 30080, https: undefined },
    });
    assert.equal(cluster.inCluster.deletedWith, cluster.provider);
  });
