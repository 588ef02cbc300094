/** A command of scripts/run.mjs is told to end exactly once when its shell is terminated or killed. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";

const root = join(__dirname, "../../..");

/** A command of this project under a shell, as npm starts it, and what it prints. */
async function started() {
  // With something to do afterwards no shell makes way for its last command.
  const shell = spawn("sh", ["-c", "node scripts/run.mjs test/unit/scripts/waits.ts; true"], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let out = "";
  const closed = once(shell, "close");
  await new Promise<void>((resolve) => {
    shell.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
      if (out.startsWith("runs\n")) resolve();
    });
  });
  return { shell, printed: () => out, closed };
}

// The pipe closes when the last process that has it has ended.
for (const signal of ["SIGTERM", "SIGKILL"] as const) {
  test(
    `a command whose shell ends by ${signal} is told to end once`,
    { timeout: 60_000 },
    async () => {
      const { shell, printed, closed } = await started();
      shell.kill(signal);
      await closed;
      assert.equal(printed(), "runs\ntold to end\n");
    },
  );
}
