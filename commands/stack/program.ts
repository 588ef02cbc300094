/** The program of a project's stack, for the engine to run in this process. */
import { exampleProgram } from "./examples";
import type { Project } from "./project";

/** Loads what programs make their resources with, which takes as long as the engine's start; it makes none. */
export function loadComponents(): void {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded in its time
  require("../../components/stack");
}

/** index.ts runs when it is loaded; its exports are the stack's outputs. */
export function runProgram({ place }: Pick<Project, "place">): Record<string, unknown> {
  const outputs: unknown =
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded only now, because loading it runs it
    place === "" ? require("../../index") : exampleProgram(place);
  return outputs as Record<string, unknown>;
}
