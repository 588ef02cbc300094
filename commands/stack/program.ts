/** The program of a project's stack, for the engine to run in this process. */
import { exampleProgram } from "./examples";
import type { Project } from "./project";

/** index.ts runs when it is loaded; its exports are the stack's outputs. */
export function runProgram({ place }: Pick<Project, "place">): Record<string, unknown> {
  const outputs: unknown =
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded only now, because loading it runs it
    place === "" ? require("../../index") : exampleProgram(place);
  return outputs as Record<string, unknown>;
}
