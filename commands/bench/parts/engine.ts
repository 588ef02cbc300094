/** The parts `no-op` and `preview`: the engine on the stack, and on an empty program. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { z } from "zod";
import { projectFileName } from "../../stack/stack-file";
import type { Measure } from "../measure";
import { parseOutput } from "../output";
import type { Context, Found } from "./part";

const program = "inside/engine.ts";
const secondsSchema = z.object({ stack: z.array(z.number()), empty: z.array(z.number()) });

/** What each command is called, with its limit. */
const commands: Readonly<Record<"up" | "preview", Pick<Measure, "what" | "limit">>> = {
  up: {
    what: "pulumi up, nothing to do",
    limit: { of: "ratio", bound: "at most", value: 2 },
  },
  preview: { what: "pulumi preview, nothing to do" },
};

/** Measures one command of the engine on the sandbox's running stack. */
export async function measureEngine(
  { sandbox, repeat, folder }: Context,
  command: keyof typeof commands,
): Promise<Found> {
  const project = emptyProject(join(folder, "empty"));
  const output = await sandbox.inShell(program, [command, String(repeat), project]);
  const { stack, empty } = parseOutput(`bench/${program}`, output, secondsSchema);
  const baseline = { what: "an empty program", samples: empty };
  return {
    measures: [{ ...commands[command], unit: "seconds", samples: stack, baseline }],
    notes: [
      "the same engine, backend and libraries, each run in a process of its own; from the engine's start, the loading of the program included; without a refresh",
    ],
  };
}

/** A project without a program. */
function emptyProject(folder: string): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, projectFileName), stringify({ name: "empty", runtime: "nodejs" }));
  return folder;
}
