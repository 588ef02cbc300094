/** In a preview, a name that the plug-in makes is the same each time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CheckRequest, ConfigureRequest } from "@pulumi/pulumi/proto/provider_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { planningKubernetes } from "../../../../commands/preview/plugins/kubernetes/kubernetes";
import { kubeconfigOfNothing } from "../../../../commands/preview/nothing";
import { Handlers } from "../../../../local/plugins/shared/handlers";

for (const [type, name] of [
  ["kubernetes:helm.sh/v3:Release", ["name"]],
  ["kubernetes:core/v1:ConfigMap", ["metadata", "name"]],
] as const)
  test(`${type} without a name`, async () => {
    const handlers = new Handlers(planningKubernetes);
    const configuration = new ConfigureRequest();
    configuration.setArgs(Struct.fromJavaScript({ kubeconfig: kubeconfigOfNothing() }));
    await handlers.configure(configuration);
    const request = new CheckRequest();
    request.setUrn(`urn:pulumi:sandbox::shop::${type}::web`);
    request.setNews(Struct.fromJavaScript({ chart: "web" }));
    request.setRandomseed(Buffer.from(String(Math.random())));
    const inputs = handlers.check(request).getInputs()?.toJavaScript() ?? {};
    const found = name.reduce<unknown>(
      (value, field) => (value as Record<string, unknown>)[field],
      inputs,
    );
    assert.equal(found, "web-xxxxxxxx");
  });
