/** What preflight says of the kernel's limits. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { limitsCheck } from "../../preflight/checks/limits";
import { lines } from "./support";

test("limits that suffice", async () => {
  assert.deepEqual(await lines([limitsCheck(() => [], "linux")]), [
    "ok kernel: enough inotify instances",
  ]);
});

test("limits that do not suffice, with the command that raises them", async () => {
  const problems = () => ["user 0 lacks some", "user 1337 lacks some"];
  assert.deepEqual(await lines([limitsCheck(problems, "linux")]), [
    "failed kernel: user 0 lacks some; user 1337 lacks some. Raise the limit: sysctl -w fs.inotify.max_user_instances=1024, and the same in /etc/sysctl.d to keep it.",
  ]);
});

test("on macOS and Windows the limit is that of Docker's own machine", async () => {
  assert.match(
    (await lines([limitsCheck(() => [], "darwin")])).join(""),
    /^not tried kernel: Docker's own machine has the limit\. There: Raise the limit: sysctl/,
  );
});
