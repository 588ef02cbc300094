/** What preflight says of the kernel's limits. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { limitsCheck } from "../../../../commands/preflight/checks/limits";
import { lines } from "./support";

const root = { platform: "linux", user: 0 } as const;

test("limits that suffice", async () => {
  assert.deepEqual(await lines([limitsCheck(() => [], root)]), [
    "ok kernel: enough inotify instances",
  ]);
});

test("limits that do not suffice, with the command that raises them", async () => {
  const problems = () => ["user 0 lacks some", "user 1337 lacks some"];
  assert.deepEqual(await lines([limitsCheck(problems, root)]), [
    "failed kernel: user 0 lacks some; user 1337 lacks some. Raise the limit: sysctl -w fs.inotify.max_user_instances=1024, and the same in /etc/sysctl.d to keep it.",
  ]);
});

test("on macOS and Windows the limit is that of Docker's own machine", async () => {
  assert.match(
    (await lines([limitsCheck(() => [], { ...root, platform: "darwin" })])).join(""),
    /^not tried kernel: Docker's own machine has the limit\. There: Raise the limit: sysctl/,
  );
});

test("what only root can count is no ok of another user", async () => {
  assert.match(
    (await lines([limitsCheck(() => [], { ...root, user: 1000 })])).join(""),
    /^not tried kernel: the limit of inotify instances is high enough, but only root sees/,
  );
});
