/** The stand-ins in one process: an engine attaches to each, every connection is configured by itself, and they end. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import type { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import {
  CheckRequest,
  type CheckResponse,
  ConfigureRequest,
  DiffRequest,
} from "@pulumi/pulumi/proto/provider_pb";
import { PluginAttach } from "@pulumi/pulumi/proto/plugin_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { isTrueWithin } from "../../../../lib/poll";
import { temporaryFolder } from "../images/reading";
import { type RunningPlugins, standIns, startPlugins } from "../../../../local/plugins/launchers";

let plugins: RunningPlugins;
let ports: Readonly<Record<string, string>>;

before(async () => {
  plugins = await startPlugins(process.cwd(), process.env);
  const { PULUMI_DEBUG_PROVIDERS: variable = "" } = plugins.variable;
  const pairs = variable.split(",").map((each) => each.split(":"));
  ports = Object.fromEntries(pairs.map(([name = "", port = ""]) => [name, port]));
});

after(() => {
  plugins.end();
});

/** Another engine's connection; gRPC would share one. */
const connect = (name: string) =>
  new ResourceProviderClient(`127.0.0.1:${ports[name] ?? ""}`, grpc.credentials.createInsecure(), {
    "grpc.use_local_subchannel_pool": 1,
  });

const answer = <Response>(
  ask: (respond: (error: grpc.ServiceError | null, response: Response) => void) => void,
): Promise<Response> =>
  new Promise((resolve, reject) => {
    ask((error, response) => {
      if (error) reject(error);
      else resolve(response);
    });
  });

test("an engine attaches to the sandbox's stand-ins, each of its own version", async () => {
  assert.deepEqual(Object.keys(ports), ["auth0", "kubernetes", "random"]);
  for (const { name, version } of standIns.filter(({ name }) => name in ports)) {
    const client = connect(name);
    await answer((respond) => client.attach(new PluginAttach(), respond));
    const info = await answer<PluginInfo>((respond) => client.getPluginInfo(new Empty(), respond));
    assert.equal(info.getVersion(), version);
    client.close();
  }
});

test("what configures one connection counts for no other", async () => {
  const [own, other] = [connect("auth0"), connect("auth0")];
  const configuration = new ConfigureRequest();
  configuration.setArgs(
    Struct.fromJavaScript({ domain: "tenant.example", clientId: "me", clientSecret: "secret" }),
  );
  await answer((respond) => own.configure(configuration, respond));
  const request = new DiffRequest();
  request.setUrn("urn:pulumi:test::test::auth0:index/role:Role::role");
  request.setOlds(Struct.fromJavaScript({ name: "a" }));
  request.setNews(Struct.fromJavaScript({ name: "a" }));
  await answer((respond) => own.diff(request, respond));
  await assert.rejects(
    answer((respond) => other.diff(request, respond)),
    { details: /not configured/ },
  );
  own.close();
  other.close();
});

test("paths of files are relative to the program's folder", async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "charts/web"), { recursive: true });
  writeFileSync(join(folder, "charts/web/Chart.yaml"), "version: 1.0.0");
  const there = await startPlugins(folder, process.env);
  const port = /kubernetes:(\d+)/.exec(there.variable.PULUMI_DEBUG_PROVIDERS ?? "")?.[1] ?? "";
  const client = new ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  const configuration = new ConfigureRequest();
  configuration.setArgs(Struct.fromJavaScript({ kubeconfig: "{}", enableServerSideApply: "true" }));
  await answer((respond) => client.configure(configuration, respond));
  const request = new CheckRequest();
  request.setUrn("urn:pulumi:test::test::kubernetes:helm.sh/v3:Release::web");
  request.setName("web");
  request.setNews(Struct.fromJavaScript({ chart: "./charts/web", version: "2.0.0" }));
  const checked = await answer<CheckResponse>((respond) => client.check(request, respond));
  client.close();
  there.end();
  assert.deepEqual(
    checked.getFailuresList().map((each) => each.getReason()),
    ["the chart in ./charts/web is of version 1.0.0, not 2.0.0"],
  );
});

test("ended, they answer no more, and say by what", async () => {
  const another = await startPlugins(process.cwd(), process.env);
  const port = /^auth0:(\d+),/.exec(another.variable.PULUMI_DEBUG_PROVIDERS ?? "")?.[1];
  const listens = () =>
    new Promise<boolean>((resolve) => {
      const socket = net.connect(Number(port), "127.0.0.1");
      socket.on("error", () => {
        resolve(false);
      });
      socket.on("connect", () => {
        socket.destroy();
        resolve(true);
      });
    });
  assert.equal(await listens(), true);
  assert.equal(another.endedBy(), undefined);
  another.end();
  assert.ok(await isTrueWithin(10_000, async () => !(await listens())));
  assert.ok(await isTrueWithin(10_000, () => another.endedBy() === "SIGKILL"));
});
