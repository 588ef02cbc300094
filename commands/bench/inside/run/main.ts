/**
 * One run of the engine, in a process of its own because a program runs when it is loaded: `up|preview STACK PROJECT
 * [own]` in the project's folder. It runs an empty program, or with `own` that of this clone, built as the sandbox runs
 * it. It prints the time from the engine's start to its end, including the loading of the program, and the changes.
 */
import { type EngineEvent, LocalWorkspace, PulumiCommand } from "@pulumi/pulumi/automation";
import { loading } from "../../../../local/toolchain/automation";
import { loadComponents, runProgram } from "../../../stack/program";
import { exitWith } from "../../../../lib/run";
import { printOutput } from "../../output";
import type { EngineRun } from "../runs";

const policyType = "kubernetes:security.istio.io/v1:AuthorizationPolicy";

async function main(): Promise<number> {
  const [command, stackName = "", projectName = "", own] = process.argv.slice(2);
  const run = () => Promise.resolve(own === undefined ? {} : runProgram({ place: "" }));
  let isMeasured = false;
  // As in the sandbox, but no earlier than the engine.
  const pulumiCommand = loading(await PulumiCommand.get(), () => {
    if (own !== undefined && isMeasured) loadComponents();
  });
  const stack = await LocalWorkspace.createOrSelectStack(
    { stackName, projectName, program: run },
    { workDir: process.cwd(), pulumiCommand },
  );
  const policies: string[] = [];
  const onEvent = ({ resourcePreEvent }: EngineEvent) => {
    const made = resourcePreEvent?.metadata.new;
    if (made?.type === policyType) policies.push(JSON.stringify(made.inputs));
  };
  isMeasured = true;
  const began = performance.now();
  const changes =
    command === "up"
      ? ((await stack.up({ onEvent })).summary.resourceChanges ?? {})
      : (await stack.preview({ onEvent })).changeSummary;
  const seconds = (performance.now() - began) / 1000;
  const policyBytes = Buffer.byteLength(policies.join(""));
  const ran: EngineRun = { seconds, changes, policies: policies.length, policyBytes };
  printOutput(ran);
  return 0;
}

exitWith(main());
