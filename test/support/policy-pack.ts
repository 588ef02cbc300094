/** A policy pack, as Pulumi's own CLI has it run: by the SDK's runner. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";
import { credentials } from "@grpc/grpc-js";
import { AnalyzerClient } from "@pulumi/pulumi/proto/analyzer_grpc_pb";

type Answer<Response> = (error: Error | null, response: Response) => void;

export const answered = <Response>(ask: (answer: Answer<Response>) => void) =>
  new Promise<Response>((resolve, reject) => {
    ask((error, response) => {
      if (error === null) resolve(response);
      else reject(error);
    });
  });

/** The pack of a folder, started; it ends with the test. */
export async function startedPack(t: TestContext, folder: string): Promise<AnalyzerClient> {
  const runner = require.resolve("@pulumi/pulumi/cmd/run-policy-pack");
  const args = [runner, "127.0.0.1:1", "."];
  const child = spawn(process.execPath, args, { cwd: folder, timeout: 120_000 });
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
