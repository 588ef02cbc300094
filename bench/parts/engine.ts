/** The parts `no-op` and `preview`: the engine on the stack, and on an empty program. */
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { clone } from "../../sandbox/layout";
import { parseOutput } from "../output";
import type { Context, Found } from "./part";

const program = "inside/engine.ts";
const secondsSchema = z.object({ stack: z.array(z.number()), empty: z.array(z.number()) });

const what = { up: "pulumi up, nothing to do", preview: "pulumi preview, nothing to do" };

/** Measures one command of the engine on the sandbox's stack, which is up. */
export async function measureEngine(
  { sandbox, repeat, folder }: Context,
  command: keyof typeof what,
): Promise<Found> {
  const project = emptyProject(join(folder, "empty"));
  const output = await sandbox.inShell(program, [command, String(repeat), project]);
  const { stack, empty } = parseOutput(`bench/${program}`, output, secondsSchema);
  const beside = { what: "an empty program", samples: empty };
  return {
    measures: [{ what: what[command], unit: "seconds", samples: stack, beside }],
    notes: ["the same engine, backend, runtime and libraries; without a refresh"],
  };
}

/** A project of this clone's runtime whose program makes nothing. */
function emptyProject(folder: string): string {
  if (existsSync(folder)) return folder;
  mkdirSync(folder);
  const { runtime } = z
    .object({ runtime: z.unknown() })
    .parse(parse(readFileSync(join(clone, "Pulumi.yaml"), "utf8")));
  writeFileSync(join(folder, "Pulumi.yaml"), stringify({ name: "empty", runtime }));
  writeFileSync(join(folder, "index.ts"), "export {};\n");
  for (const file of ["package.json", "tsconfig.json"])
    cpSync(join(clone, file), join(folder, file));
  symlinkSync(join(clone, "node_modules"), join(folder, "node_modules"));
  return folder;
}
