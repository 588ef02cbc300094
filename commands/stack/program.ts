/** The program of a project's stack, for the engine to run in this process. */
import type { Project } from "./project";

/** index.ts runs when it is loaded; its exports are the stack's outputs. */
export function runProgram({ place }: Pick<Project, "place">): Record<string, unknown> {
  // Loaded only now, because loading it runs it.
  /* eslint-disable @typescript-eslint/no-require-imports */
  const outputs: unknown =
    place === ""
      ? require("../../index")
      : // The built programs have every one that this matches.
        require(`../../examples/${place.replace(/^examples\//, "")}/index.ts`);
  /* eslint-enable @typescript-eslint/no-require-imports */
  return outputs as Record<string, unknown>;
}
