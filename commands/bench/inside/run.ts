/**
 * One run of the engine, in a process of its own because a program runs when it is loaded: `run.ts up|preview STACK
 * PROJECT [PROGRAM]` in the project's folder. Without a program it runs an empty one. It prints the time from the
 * engine's start to its end, including the loading of the program, and the changes.
 */
import { createRequire } from "node:module";
import { type EngineEvent, LocalWorkspace } from "@pulumi/pulumi/automation";
import { exitWith } from "../../../lib/run";
import { printOutput } from "../output";
import type { EngineRun } from "./runs";

const policyType = "kubernetes:security.istio.io/v1:AuthorizationPolicy";

/** The program's exports are the stack's outputs. */
function runProgram(path: string | undefined): Promise<Record<string, unknown>> {
  const load = createRequire(__filename);
  return Promise.resolve(path === undefined ? {} : (load(path) as Record<string, unknown>));
}

async function main(): Promise<number> {
  const [command, stackName = "", projectName = "", path] = process.argv.slice(2);
  const stack = await LocalWorkspace.createOrSelectStack(
    { stackName, projectName, program: () => runProgram(path) },
    { workDir: process.cwd() },
  );
  const policies: string[] = [];
  const onEvent = ({ resourcePreEvent }: EngineEvent) => {
    const made = resourcePreEvent?.metadata.new;
    if (made?.type === policyType) policies.push(JSON.stringify(made.inputs));
  };
  const began = performance.now();
  const changes =
    command === "up"
      ? ((await stack.up({ onEvent })).summary.resourceChanges ?? {})
      : (await stack.preview({ onEvent })).changeSummary;
  const seconds = (performance.now() - began) / 1000;
  const policyBytes = Buffer.byteLength(policies.join(""));
  const run: EngineRun = { seconds, changes, policies: policies.length, policyBytes };
  printOutput(run);
  return 0;
}

exitWith(main());
