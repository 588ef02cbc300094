/** The stand-ins in one process: an engine attaches to each, every connection is configured by itself, and they end. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
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
import { answer, connectTo } from "./provider";

let plugins: RunningPlugins;
let ports: Readonly<Record<string, string>>;

/** The port of each plug-in, by its package. */
function portsOf({ variable }: RunningPlugins): Readonly<Record<string, string>> {
  const { PULUMI_DEBUG_PROVIDERS: said = "" } = variable;
  const pairs = said.split(",").map((each) => each.split(":"));
  return Object.fromEntries(pairs.map(([name = "", port = ""]) => [name, port]));
}

const connect = (name: string) => connectTo(ports[name] ?? "");

before(async () => {
  plugins = await startPlugins(process.cwd(), process.env);
  ports = portsOf(plugins);
});

after(() => {
  plugins.end();
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
  const client = connectTo(portsOf(there).kubernetes ?? "");
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
  const port = Number(portsOf(another).auth0);
  const listens = () =>
    new Promise<boolean>((resolve) => {
      const socket = net.connect(port, "127.0.0.1");
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
