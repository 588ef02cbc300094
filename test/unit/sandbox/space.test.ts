/** A full disk is named in one line, before the sandbox starts or as an error's cause; other errors stay the same. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { UserError } from "../../../lib/errors";
import { layout } from "../../../sandbox/layout";
import { explainingFullDisk, requireShortPath, requireSpace } from "../../../sandbox/space";
import { temporaryFolder } from "../local/images/reading";

const roomy = layout({ XDG_STATE_HOME: temporaryFolder(), XDG_CACHE_HOME: temporaryFolder() });

/** /proc is a file system without a single free block. */
const full = layout({ XDG_STATE_HOME: "/proc", XDG_CACHE_HOME: temporaryFolder() });

test("a disk with room is enough", () => {
  requireSpace(roomy);
});

test("a disk without room is named before anything is started", () => {
  assert.throws(
    () => {
      requireSpace(full);
    },
    new UserError(
      `no space left on the disk of ${full.state} (0 MB are free, and the sandbox needs 1536 MB): free some, and run the command again`,
    ),
  );
});

test("what a program says of a full disk becomes one line", async () => {
  const words = [
    "ENOSPC: no space left on device, write",
    "ctr: copy failed: No space left on device",
  ];
  for (const message of words) {
    const command = Promise.reject(new Error(message));
    await assert.rejects(explainingFullDisk(command, roomy), {
      name: "UserError",
      message:
        /^no space left on the disk of \S+ \(\d+ MB are free\): free some, and run the command again$/,
    });
  }
});

test("an error that says nothing of it is explained by a disk that is full now", async () => {
  const command = Promise.reject(new UserError("the API server did not come within 3m0s"));
  const message = `no space left on the disk of ${full.state} (0 MB are free): free some, and run the command again`;
  await assert.rejects(explainingFullDisk(command, full), new UserError(message));
});

test("other errors stay what they are, and so does an exit code", async () => {
  const error = new UserError("something else");
  await assert.rejects(
    explainingFullDisk(Promise.reject(error), roomy),
    (thrown) => thrown === error,
  );
  assert.equal(await explainingFullDisk(Promise.resolve(1), full), 1);
});

test("a state whose path is too long for the node's sockets is refused, by how much it is", () => {
  const stateOf = (length: number) => ({
    state: "s".repeat(length),
    node: join("s".repeat(length), "node"),
  });
  // With what the kubelet adds, 107 characters, the most that the kernel takes.
  requireShortPath(stateOf(69));
  assert.throws(
    () => {
      requireShortPath(stateOf(72));
    },
    new UserError(
      `the path of the sandbox's state is too long for the node's sockets, by 3 characters: ${"s".repeat(72)}. Set XDG_STATE_HOME to a folder with a shorter path`,
    ),
  );
});
