/** Probe pods are unprivileged and hold no token, concurrent runs leave each other alone, and a run leaves nothing. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { PassThrough } from "node:stream";
import { after, before, test } from "node:test";
import type { TestContext } from "node:test";
import type { V1Pod } from "@kubernetes/client-node";
import { endedRuns } from "../../../../../commands/verify/probes/leftovers";
import type { ServiceAccountName } from "../../../../../components/names";
import { probePods, type ProbePods } from "../../../../../commands/verify/probes/pods";
import type { Prober } from "../../../../../commands/verify/probes/prober";
import type { ProbePod } from "../../../../../commands/verify/probes/probe-pod";
import type { Plain } from "../../../../../commands/stack/cluster";
import { kubeconfigFor, startCluster } from "../support/cluster";
import type { Cluster, ClusterOptions, Running } from "../support/cluster";

const podAs = (serviceAccount: string): ProbePod => ({
  name: serviceAccount,
  namespace: "bookinfo",
  serviceAccount,
  inTheMesh: true,
});

/** A service account that requests are sent as. */
const foreign = { namespace: "default", name: "bookinfo-productpage" };

/** What the pods that serve have for a server. */
const served = createServer((_, response) => response.end());
before(async () => {
  served.listen(0, "127.0.0.1");
  await once(served, "listening");
});
after(() => served.close());

const serves = () => ({
  service: "verify-unlisted",
  port: (served.address() as AddressInfo).port,
});

const stranger = (): ProbePod => ({ ...podAs("default"), name: "stranger", serves: serves() });

const live = new AbortController().signal;

const named = (name: string, app: string, namespace = "bookinfo", labels = {}) => ({
  metadata: { name, namespace, labels: { app, ...labels } },
});

/** Runs the pod's command for real, on this machine. */
function runHere(_pod: Plain<V1Pod>, command: readonly string[]): Running {
  const [program, ...rest] = command;
  assert.equal(program, "node");
  return spawn(process.execPath, rest, { stdio: "pipe" });
}

async function cluster(t: TestContext, options: Partial<ClusterOptions> = {}): Promise<Cluster> {
  const started = await startCluster({ run: runHere, ...options });
  t.after(() => started.close());
  return started;
}

const podsIn = ({ kubeconfig }: Pick<Cluster, "kubeconfig">, deadline = 5_000) =>
  probePods({
    kubeconfig,
    image: "registry.example/node:24",
    deadline,
  });

/** Starts pods, and gives their probers when all of them are ready. */
async function start(
  pods: ProbePods,
  wanted: readonly ProbePod[],
  signal: AbortSignal = live,
  accounts: readonly ServiceAccountName[] = [],
): Promise<ReadonlyMap<string, Prober>> {
  const coming = [...pods.start({ pods: wanted, accounts }, signal).probers];
  return new Map(
    await Promise.all(coming.map(async ([name, prober]) => [name, await prober] as const)),
  );
}

test("the probe script runs in each pod; tokens are in no address and no pod", async (t) => {
  const fake = await cluster(t);
  const server = createServer((request, response) => response.end(request.headers.authorization));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const request = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    path: "/",
    method: "GET",
    headers: { authorization: "Bearer s3cret" },
  };

  const pods = podsIn(fake);
  const probers = await start(pods, [podAs("bookinfo-reviews"), podAs("default")]);
  assert.deepEqual([...probers.keys()], ["bookinfo-reviews", "default"]);
  for (const prober of probers.values()) {
    for (const round of [1, 2]) {
      const [result] = await prober.send([request]);
      assert.ok(result && "body" in result, `round ${round}`);
      assert.equal(result.body, "Bearer s3cret");
    }
  }
  assert.equal(fake.pods.size, 2);
  await pods.remove();
  assert.equal(fake.pods.size, 0);
  assert.equal(fake.requests.filter((line) => line.startsWith("EXEC")).length, 2);
  assert.ok(!JSON.stringify([fake.requests, fake.created]).includes("s3cret"));
});

test("a pod runs as its service account, unprivileged, with no token mounted", async (t) => {
  const fake = await cluster(t);
  const pods = podsIn(fake);
  await start(pods, [podAs("bookinfo-details")]);
  await pods.remove();
  const [pod] = fake.created;
  assert.ok(pod);
  assert.match(pod.metadata?.name ?? "", /^verify-bookinfo-details-[0-9a-f]{8}$/);
  assert.equal(pod.metadata?.labels?.app, "verify");
  const { containers = [], ...spec } = pod.spec ?? {};
  assert.deepEqual(spec, {
    serviceAccountName: "bookinfo-details",
    automountServiceAccountToken: false,
    securityContext: { seccompProfile: { type: "RuntimeDefault" } },
    restartPolicy: "Never",
    activeDeadlineSeconds: 600,
    terminationGracePeriodSeconds: 0,
  });
  assert.equal(containers.length, 1);
  const [container] = containers;
  assert.ok(container);
  assert.equal(container.image, "registry.example/node:24");
  assert.deepEqual(container.securityContext, {
    runAsNonRoot: true,
    runAsUser: 10001,
    runAsGroup: 10001,
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  });
});

test("a pod outside the mesh has no sidecar, by label and by annotation; the others ask for one by label", async (t) => {
  const fake = await cluster(t);
  const pods = podsIn(fake);
  await start(pods, [podAs("default"), { ...podAs("default"), name: "out", inTheMesh: false }]);
  await pods.remove();
  const inject = fake.created.map(({ metadata }) => [
    metadata?.labels?.["sidecar.istio.io/inject"],
    metadata?.annotations?.["sidecar.istio.io/inject"],
  ]);
  assert.deepEqual(inject, [
    ["true", undefined],
    ["false", "false"],
  ]);
});

test("a pod that serves has a Service that selects no other, and both are removed", async (t) => {
  const fake = await cluster(t);
  fake.services.set("bookinfo/left", named("left", "verify", "bookinfo", { "verify-pod": "left" }));
  fake.services.set("bookinfo/other", named("other", "details"));
  const pods = podsIn(fake);
  const server: ProbePod = { ...podAs("default"), name: "unlisted", serves: serves() };
  await start(pods, [podAs("default"), server]);
  assert.deepEqual(
    [...fake.services.keys()],
    ["bookinfo/left", "bookinfo/other", "bookinfo/verify-unlisted"],
  );
  const {
    selector = {},
    ports,
    publishNotReadyAddresses,
  } = fake.services.get("bookinfo/verify-unlisted")?.spec ?? {};
  // Its probe is asked before Kubernetes says that it is ready.
  assert.equal(publishNotReadyAddresses, true);
  assert.deepEqual(ports, [{ name: "http", port: serves().port }]);
  const selected = fake.created.filter(({ metadata }) =>
    Object.entries(selector).every(([label, value]) => metadata?.labels?.[label] === value),
  );
  assert.equal(selected.length, 1);
  assert.match(selected[0]?.metadata?.name ?? "", /^verify-unlisted-[0-9a-f]{8}$/);
  await pods.remove();
  assert.deepEqual([...fake.services.keys()], ["bookinfo/other"]);
});

test("a probe in a pod that serves is there when its server answers", async (t) => {
  const fake = await cluster(t);
  let asked = 0;
  const count = () => (asked += 1);
  served.on("request", count);
  t.after(() => served.off("request", count));
  const pods = podsIn(fake);
  await start(pods, [stranger()]);
  assert.equal(asked, 1);
  await pods.remove();
});

test("a service account to send as is made, and removed with the pods", async (t) => {
  const fake = await cluster(t);
  fake.serviceAccounts.set("default/other", named("other", "details"));
  const pods = podsIn(fake);
  const probers = await start(pods, [podAs("bookinfo-productpage")], live, [foreign]);
  assert.deepEqual([...probers.keys()], ["bookinfo-productpage"]);
  // Those of pods belong to the application, and none is made.
  assert.deepEqual(
    [...fake.serviceAccounts.keys()],
    ["default/other", "default/bookinfo-productpage"],
  );
  const account = fake.serviceAccounts.get("default/bookinfo-productpage");
  assert.equal(account?.automountServiceAccountToken, false);
  await pods.remove();
  assert.deepEqual([...fake.serviceAccounts.keys()], ["default/other"]);
  assert.equal(fake.pods.size, 0);
});

test("where the stack's NetworkPolicies deny it, runs let their pods connect while they last", async (t) => {
  const closed = { metadata: { namespace: "bookinfo", name: "default-deny" } };
  const fake = await cluster(t, { policies: { networkpolicies: [closed] } });
  const pods = podsIn(fake);
  await start(pods, [podAs("default")], live, [foreign]);
  const labels = { app: "verify", "verify-pod": "network" };
  const made = [...fake.networkPolicies].map(([name, { metadata, spec }]) => [
    name,
    metadata?.labels,
    spec,
  ]);
  assert.deepEqual(made, [
    [
      "bookinfo/verify-to-pods",
      labels,
      {
        podSelector: {},
        policyTypes: ["Ingress"],
        ingress: [
          { from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: "verify" } } }] },
        ],
      },
    ],
    [
      "bookinfo/verify-from-pods",
      labels,
      {
        podSelector: { matchLabels: { app: "verify" } },
        policyTypes: ["Egress"],
        egress: [{}],
      },
    ],
  ]);
  await pods.remove();
  assert.equal(fake.networkPolicies.size, 0);
});

test("where there are none, a run makes none, which would shut the namespace for all others", async (t) => {
  const somebodys = { metadata: { namespace: "bookinfo", name: "somebodys" } };
  const fake = await cluster(t, { policies: { networkpolicies: [somebodys] } });
  const pods = podsIn(fake);
  await start(pods, [podAs("default")], live, [foreign]);
  assert.equal(fake.networkPolicies.size, 0);
  await pods.remove();
});

/** What all runs' pods share, as namespace/name. */
const sharedIn = ({ services, serviceAccounts }: Cluster) => [
  ...services.keys(),
  ...serviceAccounts.keys(),
];
const shared = ["bookinfo/verify-unlisted", "default/bookinfo-productpage"];

/** A pod of another run. */
const podOf = (run: string, secondsAgo: number, namespace = "bookinfo"): Plain<V1Pod> => ({
  metadata: {
    name: `verify-left-${run}`,
    namespace,
    labels: { app: "verify", "verify-run": run },
    creationTimestamp: new Date(Date.now() - secondsAgo * 1000),
  },
});

test("two runs live side by side, and the last one removes what they share", async (t) => {
  const fake = await cluster(t);
  const [first, second] = [podsIn(fake), podsIn(fake)];
  const started = await Promise.all([
    start(first, [stranger()], live, [foreign]),
    start(second, [stranger()], live, [foreign]),
  ]);
  assert.equal(fake.pods.size, 2);
  assert.deepEqual(sharedIn(fake), shared);
  const { selector = {} } = fake.services.get("bookinfo/verify-unlisted")?.spec ?? {};
  assert.deepEqual(selector, { app: "verify", "verify-pod": "stranger" });

  await first.remove();
  assert.equal(fake.pods.size, 1);
  assert.deepEqual(sharedIn(fake), shared);
  for (const prober of started[1].values()) assert.deepEqual(await prober.send([]), []);

  await second.remove();
  assert.equal(fake.pods.size, 0);
  assert.deepEqual(sharedIn(fake), []);
});

test("what a run that begins meanwhile relies on is there again", async (t) => {
  const fake = await cluster(t, {
    before: (line) => {
      if (!/^DELETE .*\/serviceaccounts/.test(line)) return;
      fake.pods.set("bookinfo/begins", podOf("begins", 0));
    },
  });
  const pods = podsIn(fake);
  await start(pods, [stranger()], live, [foreign]);
  await pods.remove();
  assert.deepEqual([...fake.pods.keys()].sort(), ["bookinfo/begins"]);
  assert.deepEqual(sharedIn(fake), shared);
});

test("what killed runs have left is removed, and nothing that a run may still use", async (t) => {
  const fake = await cluster(t);
  const left: Record<string, Plain<V1Pod>> = {
    "bookinfo/old": podOf("a", 3600),
    "bookinfo/alone": { ...podOf("b", 30), status: { phase: "Failed" } },
    "bookinfo/ended": { ...podOf("c", 30), status: { phase: "Failed" } },
    "bookinfo/goes-on": podOf("c", 30),
    "bookinfo/other": named("other", "verify"),
    "elsewhere/old": podOf("a", 3600, "elsewhere"),
  };
  for (const [name, each] of Object.entries(left)) fake.pods.set(name, each);
  for (const namespace of ["bookinfo", "default", "elsewhere"]) {
    for (const kept of [fake.services, fake.serviceAccounts]) {
      kept.set(`${namespace}/left`, named("left", "verify", namespace, { "verify-pod": "left" }));
      kept.set(`${namespace}/other`, named("other", "verify", namespace));
    }
  }
  const stay = ["bookinfo/ended", "bookinfo/goes-on", "bookinfo/other", "elsewhere/old"];
  const pods = podsIn(fake);
  await start(pods, [podAs("default")], live, [foreign]);
  const others = [...fake.pods.keys()].filter((name) => !name.includes("verify-default"));
  assert.deepEqual(others, stay);
  const everything = [...fake.services.keys()];
  // A run that still goes on uses what they share.
  await pods.remove();
  assert.deepEqual([...fake.pods.keys()], stay);
  assert.deepEqual([...fake.services.keys()], everything);

  fake.pods.delete("bookinfo/goes-on");
  fake.pods.delete("bookinfo/ended");
  await start(pods, [podAs("default")], live, [foreign]);
  await pods.remove();
  const without = (place: string) => everything.filter((name) => name !== `${place}/left`);
  assert.deepEqual([...fake.services.keys()], without("bookinfo"));
  assert.deepEqual([...fake.serviceAccounts.keys()], without("default"));
});

test("a run is over when all its pods have ended, or were made longer ago than a run may take", () => {
  const ended = (pod: Plain<V1Pod>, phase: string) => ({ ...pod, status: { phase } });
  const made = (pods: readonly Plain<V1Pod>[]) => endedRuns([podOf("ours", 0), ...pods], 700_000);
  assert.deepEqual(made([podOf("a", 690), podOf("b", 710)]), ["b"]);
  assert.deepEqual(made([ended(podOf("a", 9), "Failed"), ended(podOf("b", 9), "Succeeded")]), [
    "a",
    "b",
  ]);
  assert.deepEqual(made([ended(podOf("a", 9), "Failed"), podOf("a", 9)]), []);
  // The cluster's clock counts, not this machine's.
  assert.deepEqual(endedRuns([podOf("ours", 3600), podOf("a", 3700)], 700_000), []);
});

test("pods that do not get ready: which, and why, in Kubernetes' words", async (t) => {
  const fake = await cluster(t, {
    status: ({ spec }) =>
      spec?.serviceAccountName === "default"
        ? { conditions: [{ type: "PodScheduled", status: "False", message: "0/1 nodes: no cpu" }] }
        : { conditions: [{ type: "Ready", status: "True" }] },
  });
  const pods = podsIn(fake, 600);
  await assert.rejects(
    start(pods, [podAs("bookinfo-details"), podAs("default")]),
    (error: Error) => {
      assert.match(
        error.message,
        /^a probe pod is not ready after 1 s: verify-default-[0-9a-f]{8} 0\/1 nodes: no cpu$/,
      );
      return true;
    },
  );
  await pods.remove();
  assert.equal(fake.pods.size, 0);
});

test("an image that cannot be pulled is told at once, with the way out", async (t) => {
  const waiting = { reason: "ImagePullBackOff", message: "Back-off pulling image\nmore" };
  const fake = await cluster(t, {
    status: () => ({
      containerStatuses: [
        {
          name: "probe",
          image: "",
          imageID: "",
          ready: false,
          restartCount: 0,
          state: { waiting },
        },
      ],
    }),
  });
  await assert.rejects(start(podsIn(fake, 60_000), [podAs("default")]), (error: Error) => {
    assert.match(
      error.message,
      /^the probe pod verify-default-\S+ cannot start: ImagePullBackOff: Back-off pulling image\. Name an image that the cluster can pull, with node on its PATH, by --probe-image\.$/,
    );
    return true;
  });
});

test("a creation that is refused: the API server's reason; the pods next to it are removed", async (t) => {
  const fake = await cluster(t, {
    refuse: ({ spec }) =>
      spec?.serviceAccountName === "default" ? undefined : "service account not found\nmore",
  });
  const pods = podsIn(fake);
  await assert.rejects(start(pods, [podAs("default"), podAs("bookinfo-details")]), {
    message: "cannot create the probe pod bookinfo-details: 403 service account not found",
  });
  assert.equal(fake.pods.size, 1);
  await pods.remove();
  assert.equal(fake.pods.size, 0);
});

/** A container that cannot run the probe. */
function failHere(): Running {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  stdin.once("data", () => {
    stderr.write("exec: node: not found\n");
    setImmediate(() => stdout.destroy());
  });
  return { stdin, stdout, stderr };
}

test("a probe that cannot run in its pod: its first words", async (t) => {
  const fake = await cluster(t, { run: failHere });
  const pods = podsIn(fake);
  await assert.rejects(start(pods, [podAs("default")]), (error: Error) => {
    assert.match(
      error.message,
      /^the probe in pod verify-default-\S+ ended before it answered: exec: node: not found$/,
    );
    return true;
  });
  await pods.remove();
});

/** The status of a pod that is not ready yet, with its native sidecar's readiness. */
const starting = (sidecarIsReady: boolean) => () => ({
  phase: "Pending",
  initContainerStatuses: [
    { name: "istio-proxy", image: "", imageID: "", ready: sidecarIsReady, restartCount: 0 },
  ],
});

test("a probe runs as soon as its container does, before Kubernetes says that the pod is ready", async (t) => {
  let attempts = 0;
  const fake = await cluster(t, {
    status: starting(true),
    run: (pod, command) => ((attempts += 1) < 3 ? failHere() : runHere(pod, command)),
  });
  const pods = podsIn(fake);
  const probers = await start(pods, [podAs("default")]);
  assert.deepEqual(await probers.get("default")?.send([]), []);
  assert.equal(attempts, 3);
  await pods.remove();
});

test("a probe is not asked for ever before its pod is ready", async (t) => {
  const fake = await cluster(t, { status: starting(true), run: failHere });
  const pods = podsIn(fake, 3_500);
  await assert.rejects(start(pods, [podAs("default")]), /^UserError: a probe pod is not ready/);
  assert.ok(fake.requests.filter((line) => line.startsWith("EXEC")).length <= 20);
  await pods.remove();
});

test("no probe runs before its sidecar is ready", async (t) => {
  const fake = await cluster(t, { status: starting(false) });
  const pods = podsIn(fake, 600);
  await assert.rejects(start(pods, [podAs("default")]), /^UserError: a probe pod is not ready/);
  assert.ok(!fake.requests.some((line) => line.startsWith("EXEC")));
  await pods.remove();
});

test("it ends while it waits when it is told to, and then cleans up", async (t) => {
  const stop = new AbortController();
  const fake = await cluster(t, {
    status: () => {
      stop.abort(new Error("ended by SIGTERM"));
      return { phase: "Pending" };
    },
  });
  const pods = podsIn(fake, 60_000);
  await assert.rejects(start(pods, [podAs("default")], stop.signal), (error: Error) => {
    assert.equal(((error.cause ?? error) as Error).message, "ended by SIGTERM");
    return true;
  });
  await pods.remove();
  assert.equal(fake.pods.size, 0);
});

test("a kubeconfig that is none, and a cluster that is not there", async () => {
  assert.throws(() => podsIn({ kubeconfig: "s3cret: [" }), {
    message: "the stack's output kubeconfig is not a kubeconfig",
  });
  assert.throws(() => podsIn({ kubeconfig: "{}" }), {
    message: /^the stack's output kubeconfig (is not a kubeconfig|has no current context)$/,
  });
  const gone = createServer().listen(0, "127.0.0.1");
  await once(gone, "listening");
  const { port } = gone.address() as AddressInfo;
  gone.close();
  await once(gone, "close");
  const pods = podsIn({ kubeconfig: kubeconfigFor(`http://127.0.0.1:${port}`) });
  await assert.rejects(start(pods, [podAs("default")]), (error: Error) => {
    assert.match(error.message, /^cannot create the probe pod default: .*ECONNREFUSED/);
    assert.ok(!error.message.includes("\n"));
    return true;
  });
  await assert.rejects(pods.remove(), { message: /^cannot remove the probe pods: .*ECONNREFUSED/ });
});
