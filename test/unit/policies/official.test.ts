/** The pack as Pulumi's own CLI has it run: from its sources, by the SDK's runner. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { join } from "node:path";
import type { AnalyzerClient } from "@pulumi/pulumi/proto/analyzer_grpc_pb";
import {
  AnalyzeRequest,
  type AnalyzeResponse,
  type AnalyzerInfo,
  AnalyzerResourceOptions,
  ConfigureAnalyzerRequest,
  PolicyConfig,
} from "@pulumi/pulumi/proto/analyzer_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { type JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb";
import { rules } from "../../../policies/rules";
import { answered, startedPack } from "../../support/policy-pack";
import { packName } from "../../../commands/preview/policies/pack";

const root = join(__dirname, "../../..");

type Entries = Readonly<Record<string, Readonly<Record<string, JavaScriptValue>>>>;

/** What the pack says of a resource by this configuration, as the CLI hands it over. */
async function judgedBy(client: AnalyzerClient, entries: Entries): Promise<AnalyzeResponse> {
  const configuration = new ConfigureAnalyzerRequest();
  for (const [rule, settings] of Object.entries(entries))
    configuration
      .getPolicyconfigMap()
      .set(rule, new PolicyConfig().setProperties(Struct.fromJavaScript({ ...settings })));
  await answered((answer) => {
    client.configure(configuration, answer);
  });
  const type = "kubernetes:core/v1:Pod";
  const request = new AnalyzeRequest()
    .setType(type)
    .setName("one")
    .setUrn(`urn:pulumi:stack::project::${type}::one`)
    .setOptions(new AnalyzerResourceOptions())
    .setProperties(Struct.fromJavaScript({ spec: { hostPID: true } }));
  return answered((answer) => {
    client.analyze(request, answer);
  });
}

// To start it takes seconds.
test("the pack from its sources", async (t) => {
  const client = await startedPack(t, join(root, "policies"));
  await t.test("Pulumi's own CLI gets every rule of the pack, with its level", async () => {
    const information = await answered<AnalyzerInfo>((answer) => {
      client.getAnalyzerInfo(new Empty(), answer);
    });
    assert.equal(information.getName(), packName);
    assert.deepEqual(
      information.getPoliciesList().map((policy) => policy.getName()),
      rules.map(({ name }) => name),
    );
  });

  await t.test(
    "a reason is ignored, and a setting that is wrong is named with its rule",
    async () => {
      const reason = "For the next reader.";
      const good = await judgedBy(client, { "non-root": { reason, requireSeccompProfile: true } });
      assert.deepEqual(
        good.getDiagnosticsList().map((one) => one.getPolicyname()),
        ["explicit-provider", "non-root"],
      );
      const bad = { reason: 1, requireSecompProfile: true, allowedCapabilities: "NET_RAW" };
      await assert.rejects(judgedBy(client, { "non-root": bad }), ({ message }: Error) => {
        for (const problem of [
          "the pack's configuration is wrong: ",
          'non-root.allowedCapabilities: found "NET_RAW", expected a list; ',
          "non-root.reason: found 1, expected a text; ",
          "non-root has no setting requireSecompProfile: there are allowedCapabilities, ",
        ])
          assert.ok(message.includes(problem), message);
        return true;
      });
    },
  );
});
