/** A sandbox's command whose npm was killed is ended and its lock freed; one that npm waits for is left alone. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { endAbandoned } from "../../../sandbox/abandoned";
import { layout } from "../../../sandbox/layout";
import { end, readProcess } from "../../../lib/processes";
import { temporaryFolder } from "../local/images/reading";

const runs = (pid: number) => readProcess(pid, "cmdline") !== "";

/** A command that holds a lock, below something that stands for npm: it gives the command npm's variable. */
async function started(test: TestContext, lock: string, program = "echo $$ && exec sleep 600") {
  const command = `exec 9>>"$0" && flock --nonblock 9 && ${program}`;
  const script = `npm_lifecycle_event=sandbox sh -c '${command}' "$0" & wait`;
  const environment = Object.entries(process.env).filter(([name]) => !name.startsWith("npm_"));
  const npm = spawn("sh", ["-c", script, lock], {
    detached: true,
    env: Object.fromEntries(environment),
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(npm.stdout, "data")) as [Buffer];
  const holder = Number(line.toString());
  test.after(() => {
    end(holder, "SIGKILL");
    npm.kill("SIGKILL");
  });
  return { npm, holder };
}

test("a command that npm waits for is left alone", async (context) => {
  const lock = join(temporaryFolder(), "lock");
  const { holder } = await started(context, lock);
  await endAbandoned({ ...layout(), lock });
  assert.ok(runs(holder));
});

test("a command whose npm was killed is ended", async (context) => {
  const file = join(temporaryFolder(), "lock");
  const other = join(temporaryFolder(), "lock");
  const { npm, holder } = await started(context, file);
  npm.kill("SIGKILL");
  await once(npm, "exit");
  await endAbandoned({ ...layout(), lock: other });
  assert.ok(runs(holder), "the command of another sandbox was ended");
  await endAbandoned({ ...layout(), lock: file });
  assert.ok(!runs(holder));
});

test("the lock of a command that was ended is free at once, however much memory it has to give back", async (context) => {
  const lock = join(temporaryFolder(), "lock");
  const file = join(dirname(lock), "hungry.py");
  // Of several threads the first may end before the last gives back what all of them share.
  const script = `import os, threading, time
held = bytearray(b"x") * 2**30
for _ in range(50): threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
print(os.getpid(), flush=True)
time.sleep(600)
`;
  writeFileSync(file, script);
  const program = `exec python3 ${file}`;
  const { npm, holder } = await started(context, lock, program);
  npm.kill("SIGKILL");
  await once(npm, "exit");
  await endAbandoned({ ...layout(), lock });
  assert.equal(spawnSync("flock", ["--nonblock", lock, "true"]).status, 0);
  assert.ok(!runs(holder));
});
