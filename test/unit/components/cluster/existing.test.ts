/** An existing cluster is one provider with the given kubeconfig, which stays secret. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { createCluster } from "../../../../components/cluster";
import { find, kubeconfig, read, run } from "../mocks";

for (const preview of [false, true]) {
  test(`as ${preview ? "a preview" : "an update"}, an existing cluster is one provider and its kubeconfig`, async () => {
    const { result: cluster, registrations } = await run(
      () =>
        createCluster("cluster", {
          cluster: {
            kind: "existing",
            kubeconfig: pulumi.secret(kubeconfig),
            context: "sandbox",
            server: "https://127.0.0.1:6443",
          },
          gateway: { url: "http://localhost:8080" },
        }),
      { preview },
    );
    assert.deepEqual(
      registrations.map(({ type, name, parent }) => [type, name, parent]),
      [
        ["pulumi:pulumi:Stack", "istio-auth0-sandbox", ""],
        ["istio-auth0:index:ExistingCluster", "cluster", "istio-auth0-sandbox"],
        ["pulumi:providers:kubernetes", "cluster", "cluster"],
      ],
    );
    const provider = find(registrations, "pulumi:providers:kubernetes", "cluster");
    assert.deepEqual(provider.inputs, {
      kubeconfig,
      context: "sandbox",
      clusterIdentifier: "https://127.0.0.1:6443",
      enableServerSideApply: "true",
    });
    assert.deepEqual(provider.secrets, ["kubeconfig"]);
    assert.deepEqual(await read(cluster.kubeconfig), { value: kubeconfig, secret: true });
    assert.deepEqual(cluster.wayIn, {
      serviceType: "LoadBalancer",
      nodePorts: { http: undefined, https: undefined },
    });
  });
}
