/** What objects of another namespace can do to the login: nothing. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { hostOf, proxy, redis } from "../../../components/login/names";
import { eventually } from "../clients";
import { details, start, type Stand } from "./stand";

const namespace = "intruder";
const catcher = { host: `catcher.${namespace}.svc.cluster.local`, port: redis.port };

/** Prints what it is sent. */
const listens = `require("net").createServer((s) => s.on("data", (d) => process.stdout.write(d))).listen(${catcher.port})`;

/** Says a word to Redis, or to what answers in its place; ends in any case. */
const says = (word: string) =>
  `const s = require("net").connect(${redis.port}, "${hostOf(redis)}", () => s.end("${word}\\n")).on("error", () => 0)`;

/** Two pods, of which one has a sidecar: a server that waits, and a client. */
function pods(image: string): object[] {
  const pod = (name: string, script: string, injected: boolean) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace,
      labels: { app: name, "sidecar.istio.io/inject": String(injected) },
    },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [{ name, image, command: ["node", "-e", script] }],
    },
  });
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    pod("catcher", listens, false),
    pod("client", "setInterval(() => 0, 1000)", true),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "catcher", namespace },
      spec: { selector: { app: "catcher" }, ports: [{ name: "tcp", port: catcher.port }] },
    },
  ];
}

/** Everything that says where the login's own names lead, as any namespace may write it. */
function takers(catcherAddress: string, redisAddress: string): object[] {
  const object = (kind: string, name: string, spec: object) => ({
    apiVersion: "networking.istio.io/v1",
    kind,
    metadata: { name, namespace },
    spec,
  });
  const entry = (hosts: readonly string[], port: object) => ({
    hosts,
    ports: [port],
    location: "MESH_EXTERNAL",
    resolution: "STATIC",
    endpoints: [
      { address: catcherAddress, ports: { [(port as { name: string }).name]: catcher.port } },
    ],
  });
  const tcp = { name: "tcp", number: redis.port, protocol: "TCP" };
  const route = [{ destination: { host: catcher.host, port: { number: catcher.port } } }];
  return [
    object("VirtualService", "redis", {
      hosts: [hostOf(redis)],
      tcp: [{ match: [{ port: redis.port }], route }],
    }),
    object("VirtualService", "proxy", { hosts: [hostOf(proxy)], http: [{ route }] }),
    object("ServiceEntry", "redis", entry([hostOf(redis)], tcp)),
    object("ServiceEntry", "redis-address", {
      ...entry(["taken.example"], tcp),
      addresses: [redisAddress],
    }),
    object(
      "ServiceEntry",
      "proxy",
      entry([hostOf(proxy)], { name: "http", number: proxy.port, protocol: "HTTP" }),
    ),
    ...[redis, proxy].map((workload) =>
      object("DestinationRule", workload.name, {
        host: hostOf(workload),
        trafficPolicy: { tls: { mode: "DISABLE" } },
      }),
    ),
  ];
}

/** With sessions in Redis. */
export function namesOfTheLogin(stand: Stand): void {
  const apply = (objects: readonly object[]) =>
    stand.shell(
      `printf '%s' '${JSON.stringify({ apiVersion: "v1", kind: "List", items: objects })}' | kubectl apply -f -`,
    );
  const value = (of: string, path: string) => stand.kubectl(`${of} -o jsonpath='{${path}}'`);
  const caught = () => stand.kubectl(`-n ${namespace} logs catcher`);

  it("leads no connection of the login's anywhere else, with any objects of another namespace", async () => {
    const visitor = await stand.signedIn();
    const encoded = await value("-n login get secret redis", ".data.redis\\.conf");
    const [, password] = /requirepass (\S+)/.exec(Buffer.from(encoded, "base64").toString()) ?? [];
    assert.ok(password);
    const image = await value(
      "-n bookinfo get deploy productpage-v1",
      ".spec.template.spec.containers[0].image",
    );
    try {
      await apply(pods(image));
      await stand.kubectl(`-n ${namespace} wait pod --all --for=condition=Ready --timeout=120s`);
      await apply(
        takers(
          await value(`-n ${namespace} get pod catcher`, ".status.podIP"),
          await value("-n login get service redis", ".spec.clusterIP"),
        ),
      );
      // The control: a workload that imports everything follows them.
      await eventually(60_000, async () => {
        await stand.kubectl(
          `-n ${namespace} exec client -c client -- node -e '${says("control")}'`,
        );
        assert.match(await caught(), /control/);
      });
      await stand.kubectl("-n login rollout restart deploy/oauth2-proxy");
      // It does not come up where it is led elsewhere: what was caught then says more than that it does not.
      await stand.kubectl("-n login rollout status deploy/oauth2-proxy --timeout=60s || true");
      assert.ok(!(await caught()).includes(password), "another namespace has Redis's password");
      // The gateway may ask the proxy that ends for a moment longer.
      await eventually(60_000, async () => {
        assert.equal(await stand.statusOf(visitor), 200, "a session that was there before");
      });
      assert.equal(await stand.statusOf(await stand.signedIn(start)), 200, "a new one");
      assert.equal(await stand.statusOf(stand.visitor(), details), 403);
      assert.ok(!(await caught()).includes(password), "another namespace has Redis's password");
    } finally {
      await stand.kubectl(`delete namespace ${namespace} --ignore-not-found`);
    }
  });
}
