/**
 * Previews one stack, in an environment that holds nothing of the user's shell: the engine and the stack's program learn
 * what this process was started with. The process that started it tells what to preview, and hears what was found.
 */
import { promisify } from "node:util";
import { UserError } from "../../../lib/errors";
import { Redactor } from "../../../lib/redaction";
import { codeOf, exitWith, Interrupted, interruptible } from "../../../lib/run";
import { runProgram } from "../../stack/program";
import { previewProject } from "../engine";
import { type Answer, taskShape } from "./messages";

async function main(signal: AbortSignal): Promise<number> {
  const send = process.send?.bind(process) as
    ((answer: Answer, done?: (error: Error | null) => void) => void) | undefined;
  if (send === undefined)
    throw new Error("the preview's engine was started without a channel to its parent");
  const { project, program, secrets, ...run } = await new Promise<
    ReturnType<typeof taskShape.parse>
  >((resolve, reject) => {
    process.once("message", (message) => {
      resolve(taskShape.parse(message));
    });
    signal.addEventListener("abort", () => {
      reject(signal.reason as Error);
    });
  });
  const answer = await previewProject(project, {
    ...run,
    program: () => runProgram(program),
    onProgress: (resources) => {
      send({ resources });
    },
    signal,
    hide: new Redactor(secrets).hide,
  }).then(
    (preview): Answer => ({ preview }),
    (error: unknown): Answer => {
      signal.throwIfAborted();
      if (error instanceof UserError) return { error: error.message };
      const { message, stack } = error instanceof Error ? error : new Error(String(error));
      return { error: message, ...(stack !== undefined && { stack }) };
    },
  );
  await promisify(send)(answer);
  return 0;
}

// Where the preview was killed, the plan is not needed.
process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));

exitWith(
  interruptible(main).catch((error: unknown) => {
    // The process that started it says so.
    if (error instanceof Interrupted) return codeOf(error.signal);
    throw error;
  }),
);
