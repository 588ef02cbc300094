/** Which pods are named while an update waits for them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { V1ContainerStatus, V1Pod } from "@kubernetes/client-node";
import type { Questions } from "../../../sandbox/pod-reasons";
import {
  isByPolicy,
  isNews,
  isOfUpdate,
  missingCommands,
  missingImages,
  stuckPods,
  unreadyPods,
  unreplaced,
  withoutPods,
} from "../../../sandbox/stuck-pods";
import type { Plain } from "../../../commands/stack/cluster";

const now = Date.now();

type Waiting = Plain<NonNullable<V1ContainerStatus["state"]>["waiting"]>;

/** A pod of an age, in seconds, whose container waits. */
function pod(
  age: number,
  waiting: Waiting,
  more: { readonly ready?: boolean; readonly ended?: number; readonly phase?: string } = {},
): Plain<V1Pod> {
  const { ready = false, ended, phase = "Pending" } = more;
  const container = { image: "i", imageID: "", name: "istio-proxy", ready, restartCount: 0 };
  return {
    metadata: {
      name: "details",
      namespace: "bookinfo",
      creationTimestamp: new Date(now - age * 1000),
    },
    spec: { containers: [{ name: "istio-proxy", image: "team/web:1" }] },
    status: {
      phase,
      conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
      containerStatuses: [
        {
          ...container,
          ...(waiting && { state: { waiting } }),
          ...(ended !== undefined && { lastState: { terminated: { exitCode: ended } } }),
        },
      ],
    },
  };
}

/** A cluster that says nothing about its pods. */
const silent = {
  listNamespacedEvent: () => Promise.resolve({ items: [] }),
  listNamespacedSecret: () => Promise.resolve({ items: [] }),
  readNamespacedPodLog: () => Promise.resolve(""),
} as unknown as Questions;

for (const [what, found, line] of [
  [
    "an image that cannot be pulled, at once",
    pod(2, { reason: "ImagePullBackOff", message: 'Back-off pulling image "x:1"\nmore' }),
    'bookinfo/details does not start: ImagePullBackOff: Back-off pulling image "x:1"',
  ],
  [
    "a container that ends again and again, with its last exit code",
    pod(9, { reason: "CrashLoopBackOff", message: "back-off 10s" }, { ended: 255 }),
    "bookinfo/details does not start: CrashLoopBackOff: back-off 10s: istio-proxy last ended with 255. Its log, in the sandbox's shell: kubectl -n bookinfo logs details -c istio-proxy --previous",
  ],
  [
    "one that takes more than a minute",
    pod(61, { reason: "ContainerCreating" }),
    "bookinfo/details does not start: ContainerCreating",
  ],
] as const) {
  test(`named is ${what}`, async () => {
    assert.deepEqual(await stuckPods(silent, [found], now), [line]);
  });
}

for (const [what, found] of [
  ["one that starts", pod(30, { reason: "ContainerCreating" })],
  ["one that is ready", pod(90, undefined, { ready: true, phase: "Running" })],
  ["one that has ended", pod(90, undefined, { phase: "Succeeded" })],
] as const) {
  test(`not named is ${what}`, async () => {
    assert.deepEqual(await stuckPods(silent, [found], now), []);
  });
}

test("named is one whose container runs and is not ready, long before a minute", async () => {
  const found = pod(30, undefined, { phase: "Running" });
  const [status] = found.status?.containerStatuses ?? [];
  assert.ok(status !== undefined);
  const startedAt = new Date(now - 25_000);
  const slow = {
    ...found,
    spec: {
      containers: [{ name: "istio-proxy", readinessProbe: { tcpSocket: { port: 15021 } } }],
    },
    status: {
      ...found.status,
      containerStatuses: [{ ...status, started: true, state: { running: { startedAt } } }],
    },
  };
  const [line = ""] = await stuckPods(silent, [slow], now);
  assert.ok(line.startsWith("bookinfo/details is not ready: istio-proxy has run for 25 s"), line);
});

test("not named is one of verify's own, which an ended run has left", async () => {
  const { metadata, ...rest } = pod(90, { reason: "ContainerCreating" });
  const left = { ...rest, metadata: { ...metadata, labels: { "verify-run": "4c9c10b2" } } };
  assert.deepEqual(await stuckPods(silent, [left], now), []);
});

test("every one that is not ready is named where none is waited for any more", async () => {
  const found = [
    pod(1, { reason: "ContainerCreating" }),
    pod(90, undefined, { ready: true, phase: "Running" }),
    pod(90, undefined, { phase: "Failed" }),
  ];
  assert.deepEqual(await unreadyPods(silent, found, now), [
    "bookinfo/details does not start: ContainerCreating",
  ]);
});

test("a reason is said once, although times in it, the container's state and lines after it change", () => {
  const said = new Set<string>();
  const line = (state: string, more: { name?: string; code?: string; log?: string } = {}) => {
    const { name = "web", code = "ended with 3", log = "a" } = more;
    return `shop/${name} does not start: ${state}${code}, see logs web --previous:\n  ${log}`;
  };
  const backOff = (time: string) => `CrashLoopBackOff: back-off ${time}: `;
  const found = [
    line(backOff("10s")),
    line(backOff("1m20s")),
    line(backOff("5m0s"), { log: "b" }),
    line("").replace(" --previous", ""),
    line("", { name: "cart" }),
    line("", { code: "ended by a signal" }),
    "shop/web is not ready: web has run for 21 s",
    "shop/web is not ready: web has run for 73 s",
    `shop/web is not ready: failed to start exec "${"a1".repeat(32)}"`,
    `shop/web is not ready: failed to start exec "${"b2".repeat(32)}"`,
  ];
  assert.deepEqual(
    found.map((each) => isNews(each, said)),
    [true, false, false, false, true, true, true, false, true, false],
  );
});

const unpulled = pod(1, { reason: "ErrImagePull" });
const inBackOff = pod(2, { reason: "ImagePullBackOff" });

test("an image that the node lacks is named once, with what to write", () => {
  const names = new Set(["docker.io/library/node:24-alpine"]);
  assert.deepEqual(missingImages([unpulled, inBackOff], names, "shop"), [
    'bookinfo/details needs the image team/web:1, which the node neither has nor can pull: correct its name, or write where it comes from into Pulumi.sandbox.yaml, such as shop:sandbox: { images: { "team/web:1": image.tar } } (docs/sandbox.md, "Your own images")',
  ]);
});

for (const [what, found, name] of [
  ["an image that the node has", unpulled, "docker.io/team/web:1"],
  ["the image of a container that starts", pod(1, { reason: "ContainerCreating" }), ""],
  [
    "the image of a pod that has ended",
    pod(1, { reason: "ErrImagePull" }, { phase: "Failed" }),
    "",
  ],
] as const)
  test(`not missing is ${what}`, () => {
    assert.deepEqual(missingImages([found], new Set([name]), "shop"), []);
  });

test("what was there before has time to be replaced, before it ends the update", () => {
  const began = Date.parse("2026-11-29T12:00:00.600Z");
  const [during, before] = [new Date("2026-11-29T12:00:00Z"), new Date("2026-11-29T11:59:00Z")];
  assert.equal(isOfUpdate(during, began, began), true);
  assert.equal(isOfUpdate(before, began, began + 30_000), false);
  assert.equal(isOfUpdate(before, began, began + 30_001), true);
});

test("a Deployment whose pods are refused is one line, with the reason", () => {
  const deployment = (status: string) =>
    ({
      metadata: { namespace: "shop", name: "web" },
      status: {
        conditions: [
          { type: "Progressing", status: "True", message: "other" },
          { type: "ReplicaFailure", status, message: 'pods "web-1" is forbidden: its account' },
        ],
      },
    }) as never;
  assert.deepEqual(withoutPods([deployment("True"), deployment("False")]), [
    'shop/web gets no pods: pods "web-1" is forbidden: its account',
  ]);
});

test("only an admission policy's refusal does not end by itself", () => {
  const forbidden = (reason: string) => ({
    metadata: { namespace: "shop", name: "web" },
    status: {
      conditions: [
        {
          type: "ReplicaFailure",
          status: "True",
          message: `pods "web-1" is forbidden: ${reason}`,
        },
      ],
    },
  });
  const denied =
    "ValidatingAdmissionPolicy 'istio-auth0-shop' with binding 'istio-auth0-shop' denied request: the service account web is a service's identity in the mesh";
  const others = [
    "exceeded quota: pods, requested: pods=1, used: pods=1, limited: pods=1",
    'failed calling webhook "namespace.sidecar-injector.istio.io": connection refused',
  ];
  const deployments = [denied, ...others].map(forbidden);
  assert.equal(withoutPods(deployments).length, 3);
  assert.deepEqual(withoutPods(deployments, isByPolicy), [
    `shop/web gets no pods: pods "web-1" is forbidden: ${denied}`,
  ]);
});

/** A container that has failed to run its command for the third time. */
function withoutCommand(
  why: string,
  more: { attempts?: number; mount?: string; reason?: string; path?: string } = {},
) {
  const { attempts = 3, mount = "/data", reason = "StartError", path } = more;
  const found = pod(30, { reason: "RunContainerError" });
  const [status] = found.status?.containerStatuses ?? [];
  assert.ok(status !== undefined);
  const message = `failed to create containerd task: runc create failed: error during container init: ${why}`;
  const terminated = { exitCode: 128, reason, message };
  return {
    ...found,
    spec: {
      containers: [
        {
          name: "istio-proxy",
          volumeMounts: [{ name: "v", mountPath: mount }],
          ...(path !== undefined && { env: [{ name: "PATH", value: path }] }),
        },
      ],
    },
    status: {
      ...found.status,
      containerStatuses: [{ ...status, restartCount: attempts - 1, lastState: { terminated } }],
    },
  };
}

const notInPath = 'exec: "nope": executable file not found in $PATH';
const notThere = 'exec: "/app/run": stat /app/run: no such file or directory';
const noProgram = 'exec: "/app/run": permission denied';

test("a command that the image does not have is named, with what to correct", () => {
  const never = (why: string) =>
    `bookinfo/details never starts, as the image of its container istio-proxy cannot run its command, ${why}: correct the command or the image`;
  for (const why of [notInPath, notThere, noProgram])
    assert.deepEqual(missingCommands([withoutCommand(why)]), [never(why)]);
  for (const mount of ["/ap", "/app/run/more", "/tools"])
    for (const why of [notInPath, notThere])
      assert.deepEqual(missingCommands([withoutCommand(why, { mount })]), [never(why)]);
});

/** A pod of a Deployment's template, or of nothing. */
function ofTemplate(age: number, deployment: string, hash?: string) {
  const found = pod(age, { reason: "CrashLoopBackOff" });
  const name = `${deployment}-${hash ?? ""}`;
  const ownerReferences = [
    { apiVersion: "apps/v1", kind: "ReplicaSet", name, uid: name, controller: true },
  ];
  const labels = { "pod-template-hash": hash ?? "" };
  return { ...found, metadata: { ...found.metadata, ...(hash && { labels, ownerReferences }) } };
}

test("a pod that its Deployment replaces by one of a newer template does not count, however long that takes", async () => {
  const [old, fresh] = [ofTemplate(90, "web", "5d"), ofTemplate(50, "web", "7c")];
  const others = [
    ofTemplate(90, "web-a", "5d"),
    ofTemplate(40, "web", "7c"),
    ofTemplate(90, "web"),
    ofTemplate(10, "web"),
  ];
  assert.deepEqual(unreplaced([old, fresh, ...others]), [fresh, ...others]);
  assert.deepEqual(unreplaced([old, ...others.slice(0, 1)]), [old, ...others.slice(0, 1)]);
  assert.equal((await stuckPods(silent, [old, fresh], now)).length, 1);
});

for (const [what, found] of [
  ["one that has failed twice", withoutCommand(notThere, { attempts: 2 })],
  ["one that a volume may have", withoutCommand(notThere, { mount: "/app" })],
  ["one that a volume named as a folder may have", withoutCommand(notThere, { mount: "/app/" })],
  ["one that is a volume's file", withoutCommand(noProgram, { mount: "/app/run" })],
  ["one that a volume in $PATH may have", withoutCommand(notInPath, { mount: "/usr/local/bin" })],
  [
    "one that a volume in its own $PATH may have",
    withoutCommand(notInPath, { mount: "/tools", path: "/bin:/tools/bin" }),
  ],
  [
    "one below a folder that only the image names",
    withoutCommand('exec: "./run": stat ./run: no such file or directory'),
  ],
  ["another failure of the node's", withoutCommand("unable to apply cgroup configuration")],
  ["one that a container says which has run", withoutCommand(noProgram, { reason: "Error" })],
] as const)
  test(`no command that an image does not have is ${what}`, () => {
    assert.deepEqual(missingCommands([found]), []);
  });
