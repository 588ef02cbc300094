/** Why a pod is not ready: the probe that a container does not pass, and the last lines of one that has ended. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { V1ContainerStatus, V1Pod, V1Probe } from "@kubernetes/client-node";
import { isSlow, type Questions, reasonOf, wrongAnswer } from "../../../sandbox/pod-reasons";
import type { Plain } from "../../../commands/stack/cluster";

type Pod = Plain<V1Pod>;
type Probe = Plain<V1Probe>;
type Status = Partial<Plain<V1ContainerStatus>>;

const now = Date.parse("2026-11-30T12:00:00Z");
const ago = (seconds: number) => new Date(now - seconds * 1000);
const running = (seconds: number) => ({ running: { startedAt: ago(seconds) } });
const backOff = {
  waiting: {
    reason: "CrashLoopBackOff",
    message: "back-off 10s restarting failed container=web pod=web-1_shop(c8e0ea50)",
  },
};
const ended = (exitCode: number, reason = "Error") => ({
  terminated: { exitCode, reason, startedAt: ago(40), finishedAt: ago(30) },
});

/** As Istio has written them: the kubelet asks the sidecar for the probes of the container `web`. */
const asked = (kind: "startupz" | "readyz"): Probe => ({
  httpGet: { path: `/app-health/web/${kind}`, port: 15020, scheme: "HTTP" },
});
const original: Probe = { httpGet: { path: "/health", port: 9080, scheme: "HTTP" } };

interface PodOptions {
  readonly startup?: Probe;
  readonly readiness?: Probe;
  /** The probes of before in the sidecar's environment. Default: there is no sidecar. */
  readonly probers?: Readonly<Record<string, Probe>>;
}

function pod(status: Status, { startup, readiness, probers }: PodOptions = {}): Pod {
  const env = [{ name: "ISTIO_KUBE_APP_PROBERS", value: JSON.stringify(probers) }];
  return {
    metadata: { namespace: "shop", name: "web-1", uid: "u1" },
    spec: {
      ...(probers && { initContainers: [{ name: "istio-proxy", env }] }),
      containers: [
        {
          name: "web",
          ...(startup && { startupProbe: startup }),
          ...(readiness && { readinessProbe: readiness }),
        },
      ],
    },
    status: {
      conditions: [{ type: "Ready", status: "False", message: "unready status: [web]" }],
      containerStatuses: [
        { name: "web", image: "i", imageID: "", ready: false, restartCount: 0, ...status },
      ],
    },
  };
}

const inTheMesh = {
  startup: asked("startupz"),
  readiness: asked("readyz"),
  probers: { "/app-health/web/startupz": original, "/app-health/web/readyz": original },
};

interface Known {
  /** The events of the pod: seconds ago, reason, message, and the container that each is about. */
  readonly events?: readonly (readonly [
    seconds: number,
    reason: string,
    message: string,
    container?: string,
    /** Seconds ago that it was first seen. Default: when it was last seen */
    first?: number,
  ])[];
  readonly log?: string;
  readonly secrets?: Readonly<Record<string, string>>;
}

/** A cluster that knows one pod, and what it was asked for its log. */
function cluster({ events = [], log, secrets = {} }: Known) {
  const logs: unknown[] = [];
  const api = {
    listNamespacedEvent: ({ namespace, fieldSelector }: Record<string, string>) => {
      assert.deepEqual([namespace, fieldSelector], ["shop", "involvedObject.uid=u1"]);
      const items = events.map(
        ([seconds, reason, message, container = "web", first = seconds]) => ({
          involvedObject: { fieldPath: `spec.containers{${container}}` },
          firstTimestamp: ago(first),
          lastTimestamp: ago(seconds),
          reason,
          message,
        }),
      );
      return Promise.resolve({ items });
    },
    listNamespacedSecret: ({ namespace }: Record<string, string>) => {
      assert.equal(namespace, "shop");
      const data = Object.entries(secrets).map(([name, value]) => [name, btoa(value)]);
      return Promise.resolve({ items: [{ data: Object.fromEntries(data) as object }, {}] });
    },
    readNamespacedPodLog: (request: unknown) => {
      logs.push(request);
      return log === undefined ? Promise.reject(new Error("no log")) : Promise.resolve(log);
    },
  } as unknown as Questions;
  return { api, logs };
}

const reason = (found: Pod, known: Known = {}) => reasonOf(cluster(known).api, found, now);

const log = "Its log, in the sandbox's shell: kubectl -n shop logs web-1 -c web";
const failed500 = "HTTP probe failed with statuscode: 500";

test("a container that runs is reported with the probe as it was written, and the latest event", async () => {
  const found = pod({ state: running(21), started: false }, inTheMesh);
  const events = [
    [9, "Unhealthy", "Startup probe failed: old"],
    [3, "Unhealthy", `Startup probe failed: ${failed500}`],
    [1, "Unhealthy", "Startup probe failed: of another", "istio-proxy"],
    [1, "Unhealthy", "Readiness probe failed: another"],
    [1, "Pulled", "Startup probe failed: not about a probe"],
  ] as const;
  assert.equal(
    await reason(found, { events }),
    `is not ready: web has run for 21 s and does not pass its startup probe, HTTP GET /health on port 9080: it does not answer, or answers with 500. Check that it listens on port 9080, and answers this with 200 to 399. ${log}`,
  );
});

test("a container that runs is reported with the last lines of its log, not of an earlier one", async () => {
  const { api, logs } = cluster({ log: "web listens on port 9999\n" });
  for (const lastState of [{}, ended(137)]) {
    const found = pod({ state: running(21), started: false, lastState }, inTheMesh);
    const lines = (await reasonOf(api, found, now)).split("\n");
    assert.ok(lines[0]?.endsWith(`${log}, which ends with:`), lines[0]);
    assert.deepEqual(lines.slice(1), ["  web listens on port 9999"]);
  }
  const asks = {
    namespace: "shop",
    name: "web-1",
    container: "web",
    previous: false,
    tailLines: 40,
  };
  assert.deepEqual(logs, [asks, asks]);
});

test("a container that has started is reported with its readiness probe", async () => {
  const found = pod({ state: running(50), started: true }, inTheMesh);
  const events = [
    [1, "Unhealthy", "Startup probe failed: before"],
    [5, "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 404"],
  ] as const;
  assert.equal(
    await reason(found, { events }),
    `is not ready: web has run for 50 s and does not pass its readiness probe, HTTP GET /health on port 9080: HTTP probe failed with statuscode: 404. It listens, and answers this with 404: check the path, which a workload names in health (docs/workloads.md), and what it answers. ${log}`,
  );
});

type Failure = readonly [message: string, first: number, last: number];

const notFound = "HTTP probe failed with statuscode: 404";
const refused = "dial tcp 10.0.0.1:9080: connect: connection refused";

/**
 * What is said of a container whose startup probe may take 120 s, and that was ended five seconds ago.
 * @param ran for how many seconds
 * @param failures what its probe got, and how many seconds ago at first and at last
 */
function wrong(
  ran: number,
  failures: readonly Failure[],
  {
    exitCode = 137,
    reason = "Error",
    ...status
  }: Status & { exitCode?: number; reason?: string } = {},
) {
  const terminated = { exitCode, reason, startedAt: ago(ran + 5), finishedAt: ago(5) };
  const startup = { ...asked("startupz"), periodSeconds: 1, failureThreshold: 120 };
  const found = pod(
    { state: running(4), started: false, lastState: { terminated }, ...status },
    { ...inTheMesh, startup },
  );
  const events = failures
    .map(
      ([message, first, last]) =>
        [last, "Unhealthy", `Startup probe failed: ${message}`, "web", first] as const,
    )
    .toSorted(([one], [other]) => one - other);
  return wrongAnswer(cluster({ events }).api, found);
}

const alwaysNotFound: readonly Failure[] = [
  [refused, 125, 123],
  [notFound, 122, 6],
];

test("a container that answered its startup probe with 404 to its end never becomes ready", async () => {
  for (const exitCode of [0, 137, 143])
    assert.equal(
      await wrong(121, alwaysNotFound, { exitCode }),
      "never becomes ready: web does not pass its startup probe, HTTP GET /health on port 9080: HTTP probe failed with statuscode: 404. It listens, and answers this with 404: check the path, which a workload names in health (docs/workloads.md), and what it answers.",
    );
});

for (const [what, said] of [
  ["ended earlier", wrong(100, alwaysNotFound)],
  ["ran for longer, so that it had started", wrong(600, alwaysNotFound)],
  ["ended by itself", wrong(121, alwaysNotFound, { exitCode: 1 })],
  ["had no memory left", wrong(121, alwaysNotFound, { reason: "OOMKilled" })],
  ["answered with 503", wrong(121, [["HTTP probe failed with statuscode: 503", 120, 6]])],
  ["refused the connection", wrong(121, [[refused, 120, 6]])],
  [
    "answered with 503 before, for most of its time",
    wrong(121, [
      ["HTTP probe failed with statuscode: 503", 120, 20],
      [notFound, 19, 6],
    ]),
  ],
  [
    "answered with 404 only in its next attempt",
    wrong(121, [
      [refused, 120, 6],
      [notFound, 3, 1],
    ]),
  ],
  [
    "answered in turns",
    wrong(121, [
      ["HTTP probe failed with statuscode: 503", 120, 8],
      [notFound, 119, 7],
    ]),
  ],
  ["has started by now", wrong(121, alwaysNotFound, { started: true })],
  ["has not ended yet", wrong(121, alwaysNotFound, { lastState: {} })],
] as const)
  test(`a container may become ready that ${what}`, async () => {
    assert.equal(await said, undefined);
  });

for (const [kind, probe, asks] of [
  [
    "HTTPS",
    { httpGet: { port: "web", scheme: "HTTPS" } },
    "HTTPS GET / on port web: refused. Check that it listens on port web, and answers this with 200 to 399.",
  ],
  [
    "a connection",
    { tcpSocket: { port: 5432 } },
    "a connection to port 5432: refused. Check that it listens on port 5432.",
  ],
  [
    "gRPC",
    { grpc: { port: 9000 } },
    "grpc.health.v1.Health/Check on port 9000: refused. Check that it listens on port 9000, and answers this with SERVING.",
  ],
  [
    "a command",
    { exec: { command: ["pg_isready", "-q"] } },
    "the command pg_isready -q: refused. Check why this does not end with 0.",
  ],
] as const) {
  const events = [[1, "Unhealthy", "Readiness probe failed: refused\nmore"]] as const;
  const said = `is not ready: web has run for 30 s and does not pass its readiness probe, ${asks} ${log}`;
  test(`a probe by ${kind} says what it asks`, async () => {
    const found = pod({ state: running(30), started: true }, { readiness: probe as Probe });
    assert.equal(await reason(found, { events }), said);
  });
}

for (const [kind, probe, asks] of [
  ["a connection", { tcpSocket: { port: 5432 } }, "a connection to port 5432"],
  ["gRPC", { grpc: { port: 9000 } }, "grpc.health.v1.Health/Check on port 9000"],
] as const)
  test(`a probe by ${kind} that the sidecar makes is named as it was written`, async () => {
    const probers = { "/app-health/web/readyz": probe };
    const found = pod(
      { state: running(30), started: true },
      { readiness: asked("readyz"), probers },
    );
    const events = [[1, "Unhealthy", `Readiness probe failed: ${failed500}`]] as const;
    const said = await reason(found, { events });
    assert.ok(said.includes(`its readiness probe, ${asks}: it does not answer. Check`), said);
  });

for (const [what, seconds, more, isReported] of [
  ["after twenty seconds", 21, {}, true],
  ["not before", 20, {}, false],
  ["not before its probe begins", 21, { initialDelaySeconds: 5 }, false],
  ["after its probe has begun", 26, { initialDelaySeconds: 5 }, true],
] as const)
  test(`a container that runs and is not ready is reported ${what}`, () => {
    const readiness = { tcpSocket: { port: 1 }, ...more };
    const status = { state: running(seconds), started: true };
    assert.equal(isSlow(pod(status, { readiness }), now), isReported);
    assert.equal(isSlow(pod({ ...status, ready: true }, { readiness }), now), false);
    assert.equal(isSlow(pod(status), now), false, "without a probe it is not waited for");
  });

test("a container that ends again and again is reported with its last lines", async () => {
  const { api, logs } = cluster({
    log: "one\ntwo\nthree\n\nno database\n\tfor db:5432\u001b[31m red\u001b[0m\nfour\nfive\n",
  });
  const found = pod({ state: backOff, lastState: ended(3), restartCount: 2 });
  assert.deepEqual((await reasonOf(api, found, now)).split("\n"), [
    `does not start: CrashLoopBackOff: back-off 10s: web last ended with 3. ${log} --previous, which ends with:`,
    "  three",
    "  no database",
    "  for db:5432 red",
    "  four",
    "  five",
  ]);
  const common = { namespace: "shop", name: "web-1", container: "web", tailLines: 40 };
  assert.deepEqual(logs, [{ ...common, previous: true }]);
});

test("of a log, the error is shown and not the trace that follows it, and no line in full that is long", async () => {
  const trace = Array.from({ length: 9 }, (_, line) => `    at f (file:///app/x.js:${line}:1)`);
  const written = ["Error: no PORT", ...trace, "", "Node.js v24.1.0", "x".repeat(300)].join("\n");
  const said = await reason(pod({ state: backOff, lastState: ended(1) }), { log: written });
  assert.deepEqual(said.split("\n").slice(1), ["  Error: no PORT", `  ${"x".repeat(199)}…`]);
});

test("of an error of Node's, its own line is shown, and where a file could be written", async () => {
  const written = `node:fs:1371
  const result = binding.mkdir(
                         ^

Error: EROFS: read-only file system, mkdir 'data'
    at Object.mkdirSync (node:fs:1371:26) {
  errno: -30,
  code: 'EROFS',
  syscall: 'mkdir',
  path: 'data'
}

Node.js v24.21.0
`;
  const said = await reason(pod({ state: backOff, lastState: ended(1) }), { log: written });
  assert.deepEqual(said.split("\n").slice(-2), [
    "  Error: EROFS: read-only file system, mkdir 'data'",
    "It may write only to its volumes: a workload names its folders in writable (docs/workloads.md)",
  ]);
});

test("what the runtime says in place of a log is no log", async () => {
  const written = "unable to retrieve container logs for containerd://0f3a";
  const said = await reason(pod({ state: running(21) }, inTheMesh), { log: written });
  assert.ok(said.endsWith(log), said);
});

test("what a log or an event has of the namespace's Secrets, or of a token, is hidden", async () => {
  const token = `eyJ${"a".repeat(30)}.eyJ${"b".repeat(30)}.c-_${"d".repeat(30)}`;
  const secrets = { password: "pa$$word-3f9a", other: "never said" };
  const written = `cannot log in with pa$$word-3f9a\nBearer ${token}`;
  const crashed = await reason(pod({ state: backOff, lastState: ended(1) }), {
    log: written,
    secrets,
  });
  assert.deepEqual(crashed.split("\n").slice(1), [
    "  cannot log in with [secret]",
    "  Bearer [token]",
  ]);
  const readiness = { exec: { command: ["check"] } };
  const unready = await reason(pod({ state: running(30), started: true }, { readiness }), {
    events: [[1, "Unhealthy", `Readiness probe failed: ${written.replace("\n", " ")}`]],
    secrets,
  });
  assert.ok(unready.includes(": cannot log in with [secret] Bearer [token]. Check"), unready);
});

test("what a log has of parts of a Secret, or in colours, is hidden", async () => {
  const secrets = {
    json: '{"users":[{"name":"bob","password":"hunter22hunter"}]}',
    dsn: "postgres://bob:s0mePassw0rd@db:5432/shop",
    env: "DB_USER=bob\nDB_PASSWORD='Top Secret 9'\n",
    other: "correct horse battery",
  };
  const said = await reason(pod({ state: backOff, lastState: ended(1) }), {
    log: "p=hunter22hunter\np=s0mePassw0rd\np=Top Secret 9\ncorrect \u001b[31mhorse\u001b[0m battery",
    secrets,
  });
  assert.deepEqual(said.split("\n").slice(1), [
    "  p=[secret]",
    "  p=[secret]",
    "  p=[secret]",
    "  [secret]",
  ]);
});

test("a probe's command is one line without secrets, and the end of what the kubelet says about it is shown", async () => {
  const readiness = { exec: { command: ["sh", "-c", "\nping -a pa$$word-3f9a\nexit 1"] } };
  const found = pod({ state: running(30), started: true }, { readiness });
  const message = `Readiness probe errored and resulted in unknown state: ${"x".repeat(300)}: no such file`;
  const said = await reason(found, {
    events: [[1, "Unhealthy", message]],
    secrets: { password: "pa$$word-3f9a" },
  });
  assert.ok(!said.includes("\n"), said);
  assert.ok(!said.includes("3f9a"), said);
  assert.ok(said.includes("x: no such file. Check"), said);
});

test("where a log may have secrets that cannot be read, it is not shown", async () => {
  const { api, logs } = cluster({ log: "pa$$word-3f9a" });
  const refusing = { ...api, listNamespacedSecret: () => Promise.reject(new Error("forbidden")) };
  assert.equal(
    await reasonOf(refusing, pod({ state: backOff, lastState: ended(3) }), now),
    "does not start: CrashLoopBackOff: back-off 10s: web last ended with 3",
  );
  assert.deepEqual(logs, []);
});

for (const [what, status, said, previous] of [
  [
    "whose memory was too little is reported with that",
    { state: backOff, lastState: ended(137, "OOMKilled") },
    "CrashLoopBackOff: back-off 10s: web last ended with 137 (OOMKilled)",
    true,
  ],
  [
    "that has just ended is reported by this end",
    { state: ended(3) },
    "web last ended with 3",
    false,
  ],
  [
    "that has just been started again is reported by its end",
    { state: running(2), lastState: ended(3) },
    "web last ended with 3",
    true,
  ],
] as const)
  test(`a container ${what}`, async () => {
    const flag = previous ? " --previous" : "";
    assert.equal(await reason(pod(status, inTheMesh)), `does not start: ${said}. ${log}${flag}`);
  });

test("a container that could not be started is reported with the runtime's reason, and has no log", async () => {
  const message = `failed to create containerd task: ${"x: ".repeat(50)}exec: "nope": executable file not found in $PATH`;
  const state = { waiting: { reason: "RunContainerError", message } };
  const { api, logs } = cluster({});
  assert.equal(
    await reasonOf(api, pod({ state, lastState: ended(128, "StartError") }), now),
    `does not start: RunContainerError: ${message}: web last ended with 128 (StartError)`,
  );
  assert.deepEqual(logs, []);
});

test("a container that could not be started is reported with the runtime's reason while it waits for the next attempt", async () => {
  const { api, logs } = cluster({});
  const terminated = {
    exitCode: 128,
    reason: "StartError",
    message: 'exec: "/opt": is a directory',
  };
  assert.equal(
    await reasonOf(api, pod({ state: backOff, lastState: { terminated } }), now),
    'does not start: CrashLoopBackOff: back-off 10s: web last ended with 128 (StartError): exec: "/opt": is a directory',
  );
  assert.deepEqual(logs, []);
});

test("an init container that runs is named, with its log, as the others wait for it", async () => {
  const status = { image: "i", imageID: "", ready: false, restartCount: 0 };
  const found = pod({ state: { waiting: { reason: "PodInitializing" } } });
  const init = { ...status, name: "schema", state: running(90), started: true };
  const waiting: Pod = {
    ...found,
    spec: { containers: found.spec?.containers ?? [], initContainers: [{ name: "schema" }] },
    status: { ...found.status, initContainerStatuses: [init] },
  };
  assert.equal(
    await reason(waiting, { log: "waiting for db" }),
    `does not start: PodInitializing: schema has run for 90 s and has to end first. ${log.replace("-c web", "-c schema")}, which ends with:\n  waiting for db`,
  );
});

test("a container that the kubelet ends is reported with the probe that it does not pass", async () => {
  const found = pod({ state: backOff, lastState: ended(137) }, inTheMesh);
  const events = [
    [2, "Unhealthy", "Readiness probe failed: another"],
    [35, "Killing", "Container web failed startup probe, will be restarted"],
    [36, "Unhealthy", `Startup probe failed: ${failed500}`],
  ] as const;
  const bare = "does not start: CrashLoopBackOff: back-off 10s: web last ended with 137";
  assert.equal(
    await reason(found, { events }),
    `${bare}, as the kubelet ends it where it does not pass its startup probe, HTTP GET /health on port 9080: it does not answer, or answers with 500. Check that it listens on port 9080, and answers this with 200 to 399. ${log} --previous`,
  );
});

// Of a pod with more than 25 events the kubelet drops some: an earlier one explains a later end by a signal.
for (const [what, end, isExplained] of [
  ["by a signal is reported with the probe of an earlier end", ended(137), true],
  ["by itself is not", ended(1), false],
  ["for want of memory is not", ended(137, "OOMKilled"), false],
] as const)
  test(`a container that the kubelet has ended earlier and that now ends ${what}`, async () => {
    const events = [
      [41, "Killing", "Container web failed startup probe, will be restarted"],
    ] as const;
    const said = await reason(pod({ state: backOff, lastState: end }, inTheMesh), { events });
    const { exitCode, reason: word } = end.terminated;
    const bare = `does not start: CrashLoopBackOff: back-off 10s: web last ended with ${exitCode}${word === "Error" ? "" : ` (${word})`}`;
    assert.ok(
      said.startsWith(`${bare}${isExplained ? ", as the kubelet ends it" : `. ${log}`}`),
      said,
    );
  });

test("a container that the kubelet has ended is reported by its probe once it runs for long again", async () => {
  const found = pod({ state: running(25), lastState: ended(137), started: false }, inTheMesh);
  assert.equal(
    await reason(found),
    `is not ready: web has run for 25 s and does not pass its startup probe, HTTP GET /health on port 9080. Check that it listens on port 9080, and answers this with 200 to 399. ${log}`,
  );
});
