/** The pack as Pulumi's own CLI has it run: from its sources, by the SDK's runner. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { test, type TestContext } from "node:test";
import { join } from "node:path";
import { credentials } from "@grpc/grpc-js";
import { AnalyzerClient } from "@pulumi/pulumi/proto/analyzer_grpc_pb";
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
import { packName } from "../../../commands/preview/policies/pack";

const root = join(__dirname, "../../..");

type Answer<Response> = (error: Error | null, response: Response) => void;

const answered = <Response>(ask: (answer: Answer<Response>) => void) =>
  new Promise<Response>((resolve, reject) => {
    ask((error, response) => {
      if (error === null) resolve(response);
      else reject(error);
    });
  });

/** The pack, as the CLI starts and asks it. It ends with the test. */
async function started(t: TestContext): Promise<AnalyzerClient> {
  const runner = require.resolve("@pulumi/pulumi/cmd/run-policy-pack");
  const args = [runner, "127.0.0.1:1", "."];
  const child = spawn(process.execPath, args, { cwd: join(root, "policies"), timeout: 120_000 });
  t.after(() => child.kill());
  const complaint = text(child.stderr);
  let port = "";
  for await (const line of createInterface({ input: child.stdout })) {
    port = line;
    break;
  }
  assert.match(port, /^\d+$/, port === "" ? await complaint : port);
  const client = new AnalyzerClient(`127.0.0.1:${port}`, credentials.createInsecure());
  t.after(() => {
    client.close();
  });
  return client;
}

test("Pulumi's own CLI gets every rule of the pack, with its level", async (t) => {
  const client = await started(t);
  const information = await answered<AnalyzerInfo>((answer) => {
    client.getAnalyzerInfo(new Empty(), answer);
  });
  assert.equal(information.getName(), packName);
  assert.deepEqual(
    information.getPoliciesList().map((policy) => policy.getName()),
    rules.map(({ name }) => name),
  );
});

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

test("a reason is ignored, and a setting that is wrong is named with its rule", async (t) => {
  const client = await started(t);
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
});
