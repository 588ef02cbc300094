/** What ends at a sandbox's engine: what one has left running, and the stand-ins in the middle of an update. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { Stack } from "@pulumi/pulumi/automation";
import { layout } from "../../../sandbox/layout";
import { endEngines, update } from "../../../sandbox/engine";
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

test("an update whose stand-ins are killed says so, and not which connection the engine has lost", async () => {
  const own = layout({ XDG_STATE_HOME: temporaryFolder() });
  mkdirSync(own.pulumi, { recursive: true });
  const stack = {
    workspace: { envVars: { ISTIO_AUTH0_ENGINE_OF: own.pulumi } },
    up: async () => {
      await endEngines(own);
      throw new Error("error reading from server: EOF");
    },
  };
  const updated = update(own, stack as unknown as Stack, () => undefined, {
    plugins: { kind: "stand-in" },
    begin: Promise.resolve(),
    done: () => undefined,
  });
  await assert.rejects(updated, {
    message: "the stand-ins for Pulumi's plug-ins ended by SIGKILL during the update: try again",
  });
});

test("a node that does not start ends nothing but the update", async () => {
  const own = layout({ XDG_STATE_HOME: temporaryFolder() });
  mkdirSync(own.pulumi, { recursive: true });
  const stack = {
    workspace: { envVars: {} },
    up: async () => {
      // Node ends a process whose promise has failed without a handler by then.
      await turn();
      throw new Error("the engine was ended");
    },
  };
  const updated = update(own, stack as unknown as Stack, () => undefined, {
    plugins: { kind: "stand-in" },
    begin: Promise.resolve(),
    starting: Promise.reject(new Error("the node does not start")),
    done: () => undefined,
  });
  await assert.rejects(updated, { message: "the engine was ended" });
});
