/** Runs of the engine that are measured. */
import { join } from "node:path";
import { z } from "zod";
import { clone } from "../../../lib/clone";
import { UserError } from "../../../lib/errors";
import { run } from "../../../lib/processes";
import { parseOutput } from "../output";

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
  /** The clone, or the copy of it, whose program it is. Default: a program that makes nothing. */
  readonly root?: string;
  /** In addition to this process's own environment. Default: nothing. */
  readonly environment?: Readonly<Record<string, string>>;
}

const program = "commands/bench/inside/run/main.ts";

/** Runs the engine once, with the settings in the environment: the subject's, or that of the sandbox's shell. */
export async function runEngine(command: "up" | "preview", subject: Subject): Promise<EngineRun> {
  const { folder, project, stack, root, environment } = subject;
  const env = { ...process.env, ...environment };
  const args = [join(root ?? clone, "scripts/run.mjs"), program, command, stack, project];
  const own = root === undefined ? [] : ["own"];
  const said = await run(process.execPath, [...args, ...own], { cwd: folder, env });
  return parseOutput(program, said, runSchema);
}

/** The seconds of a run. @throws UserError when it changes anything: then it does not measure what it should */
export function secondsOfNoOp({ seconds, changes }: EngineRun, { stack }: Subject): number {
  const changed = Object.entries(changes).find(([kind, count]) => kind !== "same" && count > 0);
  if (changed === undefined) return seconds;
  throw new UserError(`the engine has something to do to ${stack}: ${changed[1]} to ${changed[0]}`);
}
