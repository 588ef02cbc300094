/** Of the stack's own images only what has changed goes to the node, and only its pods start again. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { V1Pod } from "@kubernetes/client-node";
import type { Plain } from "../../../commands/stack/cluster";
import { UserError } from "../../../lib/errors";
import type { Bytes } from "../../../local/images/layer";
import type { OwnImage } from "../../../sandbox/images/own";
import { layout } from "../../../sandbox/layout";
import {
  importOwnImages,
  replaced,
  requireSources,
  unusedImages,
} from "../../../sandbox/own-images";
import { temporaryFolder } from "../local/images/reading";

type Pod = Plain<V1Pod>;

const web = "docker.io/library/web:1";
const other = "registry.example.com/other:1";

const imageOf = (name: string, digest: string): OwnImage => ({
  name,
  digest,
  bytes: () => contentOf(name, digest),
});

// eslint-disable-next-line @typescript-eslint/require-await -- as an archive is read
async function* contentOf(name: string, digest: string): Bytes {
  yield Buffer.from(`${name} ${digest}`);
}

interface PodOptions {
  readonly uid?: string;
  readonly managed?: boolean;
  readonly ready?: boolean;
  readonly ending?: boolean;
  /** Default: long before the images are imported. */
  readonly started?: Date;
}

function pod(name: string, images: readonly string[], options: PodOptions = {}): Pod {
  const { uid = name, managed = true, ready = true, ending = false } = options;
  const { started: startTime = new Date(0) } = options;
  const owner = {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    name: "web",
    uid: "r",
    controller: true,
  };
  return {
    metadata: {
      name,
      namespace: "shop",
      uid,
      ...(managed && { ownerReferences: [owner] }),
      ...(ending && { deletionTimestamp: new Date(0) }),
    },
    spec: { containers: images.map((image, index) => ({ name: `c${index}`, image })) },
    status: {
      phase: "Running",
      startTime,
      conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
    },
  };
}

/** A node with pods, which records what is done with it; its names are what it was given. */
function nodeWith(pods: readonly Pod[] = []) {
  const names = new Set(["registry.k8s.io/pause:3.10"]);
  const done: string[] = [];
  const node = {
    ready: () => Promise.resolve(),
    names: () => Promise.resolve(names),
    contents: () => Promise.resolve(new Set(["sha256:base"])),
    import: async (bytes: Bytes): Promise<void> => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of bytes) chunks.push(chunk);
      const content = Buffer.concat(chunks).toString();
      done.push(`import ${content}`);
      names.add(content.split(" ")[0] ?? "");
    },
    remove: (removed: readonly string[]) => {
      for (const name of removed) if (names.delete(name)) done.push(`remove ${name}`);
      return Promise.resolve();
    },
  };
  const api = {
    listPodForAllNamespaces: () => Promise.resolve({ items: [...pods] }),
    deleteNamespacedPod: ({ namespace, name }: { namespace: string; name: string }) => {
      done.push(`end ${namespace}/${name}`);
      return Promise.resolve({});
    },
  };
  const places = layout({ XDG_STATE_HOME: temporaryFolder() }, "/clone");
  const said: string[] = [];
  return {
    node,
    names,
    said,
    api,
    record: () => JSON.parse(readFileSync(join(places.node, "own-images.json"), "utf8")) as unknown,
    /** The same of a run that is interrupted before it ends pods. */
    importOnly: (...images: readonly OwnImage[]) =>
      importOwnImages(places, node, images, api, (line) => said.push(line)),
    /** Gives the node these images, and says what was done since the last time. */
    take: async (...images: readonly OwnImage[]) => {
      done.length = 0;
      const endPods = await importOwnImages(places, node, images, api, (line) => said.push(line));
      const ended = await endPods();
      return { done: [...done], ended };
    },
  };
}

test("images are imported once, and again where their content has changed", async () => {
  const { take, record } = nodeWith();
  const first = [imageOf(web, "a"), imageOf(other, "b")];
  assert.deepEqual((await take(...first)).done, [`import ${web} a`, `import ${other} b`]);
  assert.deepEqual((await take(...first)).done, []);
  assert.deepEqual((await take(imageOf(web, "c"), imageOf(other, "b"))).done, [`import ${web} c`]);
  assert.deepEqual(record(), { [web]: "c", [other]: "b" });
});

test("an image that the node has lost is imported again", async () => {
  const { take, names } = nodeWith();
  await take(imageOf(web, "a"));
  names.delete(web);
  assert.deepEqual((await take(imageOf(web, "a"))).done, [`import ${web} a`]);
});

test("an image that is no longer the stack's is removed, and no other", async () => {
  const { take, names } = nodeWith();
  await take(imageOf(web, "a"), imageOf(other, "b"));
  assert.deepEqual((await take(imageOf(web, "a"))).done, [`remove ${other}`]);
  assert.deepEqual((await take()).done, [`remove ${web}`]);
  assert.deepEqual([...names], ["registry.k8s.io/pause:3.10"]);
});

test("of the pods, those end that run a changed image, under whichever name, and are managed", async () => {
  const pods = [
    pod("short", ["web:1"]),
    pod("full", ["sidecar:1", web]),
    pod("another", [other]),
    pod("alone", [web], { managed: false }),
    pod("ending", [web], { ending: true }),
    pod("later", [web], { started: new Date(Date.now() + 3_600_000) }),
  ];
  const { take, said } = nodeWith(pods);
  const { done, ended } = await take(imageOf(web, "a"));
  assert.deepEqual(done, [`import ${web} a`, "end shop/short", "end shop/full"]);
  assert.deepEqual(ended, ["short", "full"]);
  assert.deepEqual(said, [
    `imported ${web}`,
    "shop/alone keeps its image of before, as nothing would start it again: make it anew",
    "starts shop/short again, with its new image",
    "starts shop/full again, with its new image",
  ]);
  assert.deepEqual((await take(imageOf(web, "a"))).ended, []);
});

test("what the node has is not sent again, unless the node has removed it in the meantime", async () => {
  const { take, node } = nodeWith();
  const asked: (readonly string[])[] = [];
  const image = imageOf(web, "a");
  const bytes = (there: ReadonlySet<string> = new Set()) => {
    asked.push([...there]);
    return image.bytes();
  };
  await take({ ...image, bytes });
  assert.deepEqual(asked, [["sha256:base"]]);
  const imports = node.import;
  node.import = () => {
    node.import = imports;
    return Promise.reject(new UserError("content digest sha256:base: not found"));
  };
  const { done } = await take({ ...image, digest: "b", bytes });
  assert.deepEqual(asked.slice(1), [["sha256:base"], []]);
  assert.deepEqual(done, [`import ${web} a`]);
});

test("after an interruption before pods are ended, the image is imported again, also as it was before", async () => {
  const { take, importOnly } = nodeWith([pod("short", ["web:1"])]);
  await take(imageOf(web, "a"));
  await importOnly(imageOf(web, "b"));
  const { done } = await take(imageOf(web, "a"));
  assert.deepEqual(done, [`import ${web} a`, "end shop/short"]);
});

test("an image that a pod runs and the node has no longer is an error, with those that no pod runs", async () => {
  const { api, node, names } = nodeWith([pod("web", ["web:1", `${other}@sha256:a`])]);
  const images = [imageOf(other, "a")];
  await assert.rejects(requireSources(api, node, images), {
    message: `shop/web runs ${web}, which sandbox.images does not have any more: it would not start again\nsandbox.images: no pod runs ${other}`,
  });
  names.add(web);
  await requireSources(api, node, images);
});

test("where an image cannot be imported, it is named, and the next run imports it", async () => {
  const { take, node } = nodeWith([pod("web", [web])]);
  const imports = node.import;
  node.import = () => Promise.reject(new UserError("no space left on device"));
  await assert.rejects(
    take(imageOf(web, "a")),
    new UserError(`cannot give the node the image ${web}: no space left on device`),
  );
  node.import = imports;
  assert.deepEqual((await take(imageOf(web, "a"))).done, [`import ${web} a`, "end shop/web"]);
});

test("the wait is over when the ended pods are gone and the others are ready", async () => {
  const steps = [
    [pod("old", [web], { ending: true }), pod("new", [web], { ready: false })],
    [pod("old", [web], { ending: true }), pod("new", [web])],
    [pod("new", [web], { ready: false })],
    [pod("new", [web]), pod("another", [other], { ready: false })],
  ];
  const { length } = steps;
  let asked = 0;
  const api = {
    listPodForAllNamespaces: () => Promise.resolve({ items: steps[asked++] ?? [] }),
  } as unknown as Parameters<typeof replaced>[0];
  await replaced(api, [imageOf(web, "a")], ["old"]);
  assert.equal(asked, length);
  await replaced(api, [imageOf(web, "a")], []);
  assert.equal(asked, length);
});

test("an image that no pod runs is named", async () => {
  const { api } = nodeWith([pod("web", ["web:1"])]);
  assert.deepEqual(await unusedImages(api, [{ name: web }, { name: other }]), [
    `sandbox.images: no pod runs ${other}`,
  ]);
});
