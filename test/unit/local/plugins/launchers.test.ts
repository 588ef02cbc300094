/** Each stand-in starts by its launcher, says its SDK's version, refuses what it lacks, and ends with its engine. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import {
  CallRequest,
  CheckRequest,
  type CheckResponse,
  InvokeRequest,
} from "@pulumi/pulumi/proto/provider_pb";
import { build } from "esbuild";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { standIns, writePluginLauncher } from "../../../../local/plugins/launchers";
import { answer, connectTo } from "./provider";

/** A folder whose name a shell would take apart. */
let directory: string;

before(() => {
  directory = join(mkdtempSync(join(tmpdir(), "launchers-test-")), "it's a folder");
});

after(() => {
  rmSync(join(directory, ".."), { recursive: true });
});

interface Started {
  port: string;
  pid: number;
  /** Kills the process that started the plug-in, as a killed engine would be. */
  killParent: () => void;
}

async function start(name: (typeof standIns)[number]["name"]): Promise<Started> {
  const executable = join(writePluginLauncher(directory, name), `pulumi-resource-${name}`);
  const script = '"$1" 127.0.0.1:1 & echo $!; wait';
  const parent = spawn("sh", ["-c", script, "sh", executable], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: parent.stdout })[Symbol.asyncIterator]();
  const next = async () => (await lines.next()).value ?? "";
  const pid = Number(await next());
  return { pid, port: await next(), killParent: () => void parent.kill("SIGKILL") };
}

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

// Each is seen to end at its next look at its engine, a second or two later: all at the same time.
describe("the stand-ins", { concurrency: true }, () => {
  for (const { name, version } of standIns) {
    test(`the stand-in for ${name} starts, says its version, refuses what it lacks, and ends with its engine`, async () => {
      const { port, pid, killParent } = await start(name);
      assert.match(port, /^\d+$/);
      const client = connectTo(port);
      const info = await answer<PluginInfo>((respond) =>
        client.getPluginInfo(new Empty(), respond),
      );
      assert.equal(info.getVersion(), version);

      const check = new CheckRequest();
      check.setUrn(`urn:pulumi:test::test::${name}:index:Nothing::n`);
      check.setName("n");
      const response = await answer<CheckResponse>((respond) => client.check(check, respond));
      const refusal = (what: string) =>
        `the stand-in for the ${name} plugin does not implement ${what}; use the official plugin`;
      assert.deepEqual(
        response.getFailuresList().map((failure) => failure.getReason()),
        [refusal(`${name}:index:Nothing`)],
      );
      const invoke = new InvokeRequest();
      invoke.setTok(`${name}:index:getNothing`);
      await assert.rejects(
        answer<unknown>((respond) => client.invoke(invoke, respond)),
        { details: refusal(`${name}:index:getNothing`) },
      );
      const call = new CallRequest();
      call.setTok(`${name}:index:callNothing`);
      await assert.rejects(
        answer<unknown>((respond) => client.call(call, respond)),
        { details: refusal(`${name}:index:callNothing`) },
      );
      client.close();

      killParent();
      const deadline = Date.now() + 20_000;
      while (runs(pid) && Date.now() < deadline) await delay(50);
      assert.equal(runs(pid), false, "the plug-in outlives its engine");
    });
  }
});

for (const [plugin, client] of [
  ["auth0", "auth0"],
  ["kubernetes", "@kubernetes/client-node"],
] as const) {
  test(`${plugin} is loaded without its API's client, for which an engine with nothing to do would wait`, async () => {
    const entry = `local/plugins/${plugin}/${plugin}.ts`;
    const { metafile } = await build({
      absWorkingDir: join(__dirname, "../../../.."),
      entryPoints: [entry],
      bundle: true,
      packages: "external",
      metafile: true,
      write: false,
    });
    const importsOf = (file: string, kind: string) =>
      (metafile.inputs[file]?.imports ?? []).filter((each) => each.kind === kind);
    const atOnce = new Set([entry]);
    for (const file of atOnce)
      for (const { path } of importsOf(file, "import-statement")) atOnce.add(path);
    assert.equal(atOnce.has(client), false);
    assert.ok(atOnce.has("zod"));
  });
}
