/** Starts the engine's process of a preview, and hears what it finds. */
import { spawn } from "node:child_process";
import { UserError } from "../../../lib/errors";
import { programArguments } from "../../../local/programs";
import type { Preview } from "../engine";
import { answerShape, type Task } from "./messages";

interface Options {
  /** All of the process's environment. */
  readonly env: NodeJS.ProcessEnv;
  /** Where goes what the stack's program prints. */
  readonly output: NodeJS.WriteStream;
  /** Called with the number of resources that were planned so far. */
  readonly onProgress: (resources: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Previews a stack in a process of its own.
 * @throws UserError with the engine's own errors
 */
export async function previewApart(task: Task, options: Options): Promise<Preview> {
  const { env, output, onProgress, signal } = options;
  signal.throwIfAborted();
  const child = spawn(
    process.execPath,
    programArguments("commands/preview/engine-process/main.ts"),
    { env, stdio: ["ignore", output, process.stderr, "ipc"], serialization: "advanced" },
  );
  // The terminal interrupts the whole group by itself; any other end is passed on.
  const end = () => child.kill("SIGTERM");
  signal.addEventListener("abort", end);
  let preview: Preview | undefined;
  let failure: Error | undefined;
  child.on("message", (message) => {
    const answer = answerShape.parse(message);
    if ("resources" in answer) onProgress(answer.resources);
    else if ("preview" in answer) preview = answer.preview;
    else failure = errorOf(answer);
  });
  child.send(task);
  const ended = await new Promise<string>((resolve, reject) => {
    child.on("error", (error) => {
      reject(new UserError(`cannot start ${process.execPath}: ${error.message}`));
    });
    child.on("close", (code, name) => {
      resolve(name ?? `code ${String(code)}`);
    });
  }).finally(() => {
    signal.removeEventListener("abort", end);
  });
  signal.throwIfAborted();
  if (preview !== undefined) return preview;
  throw failure ?? new UserError(`the preview's engine has ended by ${ended}`);
}

function errorOf({ error, stack }: { error: string; stack?: string | undefined }): Error {
  return stack === undefined ? new UserError(error) : Object.assign(new Error(error), { stack });
}
