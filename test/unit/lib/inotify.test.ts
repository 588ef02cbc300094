/** What is said of the kernel's limit of inotify instances: by a folder in the form of /proc, and by the real one. */
import assert from "node:assert/strict";
import { watch } from "node:fs";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { inotifyProblems } from "../../../lib/inotify";

const user = process.getuid?.() ?? 0;

/** A folder in the form of /proc: processes of this user with what each has open. */
async function proc(
  t: TestContext,
  limit: string,
  ...processes: readonly (readonly string[])[]
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "inotify-"));
  t.after(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, "sys/fs/inotify"), { recursive: true });
  await writeFile(join(folder, "sys/fs/inotify/max_user_instances"), `${limit}\n`);
  for (const [at, links] of processes.entries()) {
    await mkdir(join(folder, String(at + 1), "fd"), { recursive: true });
    for (const [fd, target] of links.entries())
      await symlink(target, join(folder, String(at + 1), "fd", String(fd)));
  }
  return folder;
}

const inotify = "anon_inode:inotify";

test("a limit that suffices is no problem, to the last instance", async (t) => {
  const folder = await proc(t, "8", [inotify, "/dev/null", inotify], ["socket:[1]"], [inotify]);
  assert.deepEqual(inotifyProblems([{ user, instances: 5 }], folder), []);
});

test("a user who will have one too many is named with the limit and what is in use", async (t) => {
  const folder = await proc(t, "8", [inotify, "/dev/null", inotify], [inotify]);
  const wanted = [
    { user, instances: 6 },
    { user: user + 1, instances: 8 },
    { user: user + 2, instances: 9 },
  ];
  assert.deepEqual(inotifyProblems(wanted, folder), [
    `user ${user} has 3 of 8 inotify instances in use, and 6 are needed (fs.inotify.max_user_instances)`,
    `user ${user + 2} has 0 of 8 inotify instances in use, and 9 are needed (fs.inotify.max_user_instances)`,
  ]);
});

test("where the kernel has no such limit there is no problem", async (t) => {
  const folder = await proc(t, "8");
  await rm(join(folder, "sys"), { recursive: true });
  assert.deepEqual(inotifyProblems([{ user, instances: 9 }], folder), []);
});

test(
  "this machine's own instances are counted",
  { skip: process.platform !== "linux" && "inotify is Linux's" },
  (t) => {
    const taken = () => {
      const [line = ""] = inotifyProblems([{ user, instances: Infinity }]);
      return Number(/has (\d+) of/.exec(line)?.[1]);
    };
    // libuv has one instance for all watches of a process.
    const watcher = watch(tmpdir());
    t.after(() => {
      watcher.close();
    });
    assert.ok(taken() >= 1);
  },
);
