/** A kind cluster fails where kind or Docker does not work or another program holds one of its ports. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { application as bookinfo } from "../../../../application";
import type { Check } from "../../../../commands/preflight/check";
import { kindChecks } from "../../../../commands/preflight/checks/kind";
import { closedPort, type Folder, lines, serve, settingsOf, temporaryFolder } from "./support";

const systemPath = process.env.PATH;
let folder: Folder;

beforeEach(() => {
  folder = temporary();
  process.env.PATH = folder.path;
});
afterEach(() => {
  process.env.PATH = systemPath;
  folder.remove();
});

/** kind and Docker as they are where all is well, with no cluster. */
function temporary(): Folder {
  const made = temporaryFolder();
  made.program("kind", 'echo "kind v0.30.0 go1.24.6 linux/amd64"');
  made.program("docker", 'test "$1" = info && echo 28.1.1; exit 0');
  return made;
}

/** The kernel's limit is this machine's own: limits.test.ts. */
const isOwn = ({ name }: Check) => name !== "kernel";

/** The lines for a stack whose gateway and API server are at these ports. */
function check(gatewayPort: number, apiServerPort: number): Promise<string[]> {
  const { cluster, gateway } = settingsOf({
    cluster: { kind: "kind", name: "mesh", apiServerPort },
    gateway: { url: `http://localhost:${gatewayPort}` },
  });
  assert.ok(cluster.kind === "kind");
  return lines(kindChecks(cluster, gateway, bookinfo).filter(isOwn));
}

test("all is well, and the ports are free", async () => {
  const [first, second] = [await closedPort(), await closedPort()];
  assert.deepEqual(await check(first, second), [
    "ok kind: kind v0.30.0",
    "ok Docker: Docker 28.1.1 answers",
    `ok port ${first}: free on 127.0.0.1, for gateway.url`,
    `ok port ${second}: free on 127.0.0.1, for cluster.apiServerPort`,
  ]);
});

test("neither kind nor Docker is there", async () => {
  process.env.PATH = "/nowhere";
  assert.deepEqual((await check(await closedPort(), await closedPort())).slice(0, 2), [
    "failed kind: the kind command is not on PATH. Install kind: https://kind.sigs.k8s.io/docs/user/quick-start/#installation.",
    "failed Docker: the docker command is not on PATH. Install Docker and start it.",
  ]);
});

test("a kind that fails, and a Docker that does not answer", async () => {
  folder.program("kind", 'echo "ERROR: broken" >&2; exit 1');
  folder.program("docker", 'echo; echo "Cannot connect to the Docker daemon" >&2; exit 1');
  assert.deepEqual((await check(await closedPort(), await closedPort())).slice(0, 2), [
    "failed kind: kind version says broken. Install kind: https://kind.sigs.k8s.io/docs/user/quick-start/#installation.",
    "failed Docker: Docker does not answer (Cannot connect to the Docker daemon). Start Docker, and let this user use it.",
  ]);
});

test("a port that something else has", async (t) => {
  const server = await serve(() => undefined);
  t.after(server.close);
  const taken = Number(server.host.split(":")[1]);
  assert.equal(
    (await check(taken, await closedPort()))[2],
    `failed port ${taken}: taken on 127.0.0.1, and not by the cluster mesh. End what listens there, or set gateway.url to another port.`,
  );
  assert.equal(
    (await check(await closedPort(), taken))[3],
    `failed port ${taken}: taken on 127.0.0.1, and not by the cluster mesh. End what listens there, or set cluster.apiServerPort to another port.`,
  );
});

test("a port that the cluster itself has", async (t) => {
  const server = await serve(() => undefined);
  t.after(server.close);
  const taken = Number(server.host.split(":")[1]);
  folder.program(
    "docker",
    `test "$*" = "ps --filter label=io.x-k8s.kind.cluster=mesh --format {{.Ports}}" && echo "127.0.0.1:${taken}->30080/tcp"; exit 0`,
  );
  assert.equal(
    (await check(taken, await closedPort()))[2],
    `ok port ${taken}: held by the cluster mesh itself`,
  );
});

for (const [url, ports] of [
  ["http://a.example", ["port 80"]],
  ["https://a.example:8443", ["port 8443"]],
  ["https://a.example", ["port 443", "port 80"]],
] as const) {
  test(`the ports for ${url} are asked for, the one of the redirect too`, () => {
    const { cluster, gateway } = settingsOf({
      cluster: { kind: "kind" },
      gateway: {
        url,
        ...(url.startsWith("https:") && { tls: { issuer: { kind: "selfSigned" } } }),
      },
    });
    assert.ok(cluster.kind === "kind");
    const names = kindChecks(cluster, gateway, bookinfo)
      .filter(isOwn)
      .map(({ name }) => name);
    assert.deepEqual(names, ["kind", "Docker", ...ports, "port 6550"]);
  });
}
