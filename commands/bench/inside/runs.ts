/** Runs of the engine that are measured. */
import { join } from "node:path";
import { z } from "zod";
import { clone } from "../../../lib/clone";
import { UserError } from "../../../lib/errors";
import { run } from "../../../lib/processes";
import { parseOutput } from "../output";
import { programOf } from "../sandbox";

const runSchema = z.object({
  seconds: z.number(),
  /** How many resources, by operation: `same`, `create`, … */
  changes: z.record(z.string(), z.number()),
  /** AuthorizationPolicies, and the bytes of their JSON. */
  policies: z.number(),
  policyBytes: z.number(),
});

export type EngineRun = z.infer<typeof runSchema>;

/** What the engine runs on: the folder of a project's settings, its name, one of its stacks, and the program. */
export interface Subject {
  readonly folder: string;
  readonly project: string;
  readonly stack: string;
  /** A file of TypeScript; without it, a program that makes nothing. */
  readonly program?: string;
  /** In addition to this process's own environment. Default: nothing. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Runs the engine once, with the settings in the environment: the subject's, or that of the sandbox's shell. */
export async function runEngine(command: "up" | "preview", subject: Subject): Promise<EngineRun> {
  const { folder, project, stack, program, environment } = subject;
  const env = { ...process.env, ...environment };
  const [node = "", ...args] = programOf(clone, join("inside", "run.ts"));
  const rest = program === undefined ? [] : [program];
  const said = await run(node, [...args, command, stack, project, ...rest], { cwd: folder, env });
  return parseOutput("commands/bench/inside/run.ts", said, runSchema);
}

/** The seconds of a run. @throws UserError when it changes anything: then it does not measure what it should */
export function secondsOfNoOp({ seconds, changes }: EngineRun, { stack }: Subject): number {
  const changed = Object.entries(changes).find(([kind, count]) => kind !== "same" && count > 0);
  if (changed === undefined) return seconds;
  throw new UserError(`the engine has something to do to ${stack}: ${changed[1]} to ${changed[0]}`);
}
