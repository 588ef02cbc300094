/** `endEngines` kills the processes that a sandbox's engine has left running, and no process of another sandbox. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { layout } from "../../../sandbox/layout";
import { endEngines } from "../../../sandbox/engine";
import { temporaryFolder } from "../local/images/reading";

test("what an engine has left at work is ended, and nothing of another sandbox", async (context) => {
  const [ours, other] = [temporaryFolder(), temporaryFolder()].map((folder) =>
    layout({ XDG_STATE_HOME: folder }),
  );
  assert.ok(ours && other);
  const start = (env: NodeJS.ProcessEnv) => {
    const child = spawn("sleep", ["600"], { env: { PATH: process.env.PATH, ...env } });
    context.after(() => child.kill("SIGKILL"));
    return child;
  };
  const helm = start({ ISTIO_AUTH0_ENGINE_OF: ours.pulumi });
  const others = [start({ ISTIO_AUTH0_ENGINE_OF: other.pulumi }), start({})];
  const ended = once(helm, "exit");
  await endEngines(ours);
  assert.deepEqual(await ended, [null, "SIGKILL"]);
  for (const { exitCode, signalCode } of others) assert.equal(exitCode ?? signalCode, null);
});
