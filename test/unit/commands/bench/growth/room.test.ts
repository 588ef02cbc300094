/** `bench` says where a machine lacks inotify instances or memory for a grown table, and only then. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { lackFor } from "../../../../../commands/bench/growth/room";

const gibibyte = 2 ** 30;

test("few services have room on a machine with Linux's defaults, more do not, and it is said why", () => {
  const machine = { inotifyInstances: 128, memory: 24 * gibibyte };
  assert.equal(lackFor(4, machine), undefined);
  assert.equal(lackFor(20, machine), undefined);
  assert.equal(
    lackFor(100, machine),
    "their 104 sidecars take 312 inotify instances, and fs.inotify.max_user_instances is 128",
  );
});

test("a hundred need memory as well", () => {
  assert.equal(
    lackFor(100, { inotifyInstances: 8192, memory: 16 * gibibyte }),
    "their 104 pods take 17 GiB of memory, and the machine has 16 GiB",
  );
  assert.equal(lackFor(100, { inotifyInstances: 8192, memory: 24 * gibibyte }), undefined);
});
