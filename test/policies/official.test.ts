/** The pack as Pulumi's own CLI has it run: from its sources, by the SDK's runner. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { join } from "node:path";
import { credentials } from "@grpc/grpc-js";
import { AnalyzerClient } from "@pulumi/pulumi/proto/analyzer_grpc_pb";
import type { AnalyzerInfo } from "@pulumi/pulumi/proto/analyzer_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { rules } from "../../policies/rules";
import { packName } from "../../preview/policies/pack";

const root = join(__dirname, "../..");

test("Pulumi's own CLI gets every rule of the pack, with its level", async (t) => {
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
  const information = await new Promise<AnalyzerInfo>((resolve, reject) => {
    client.getAnalyzerInfo(new Empty(), (error, found) => {
      if (error === null) resolve(found);
      else reject(error);
    });
  });
  assert.equal(information.getName(), packName);
  assert.deepEqual(
    information.getPoliciesList().map((policy) => policy.getName()),
    rules.map(({ name }) => name),
  );
});
