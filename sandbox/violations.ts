/**
 * What the policy pack finds in a project's program, for a sandbox that did not come up, or is not as its table. An `up`
 * asks the pack only then: it would take seconds longer each time.
 */
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { linesOfViolation } from "../commands/preview/render";
import { type Project, stackName } from "../commands/stack/project";
import { interruptible } from "../lib/run";
import { programArguments } from "../local/programs";

/** As much of what `preview --json` writes; without violations where there is no plan. */
const previewed = z.object({
  violations: z
    .array(
      z.object({
        rule: z.string(),
        level: z.enum(["mandatory", "advisory"]),
        found: z.string(),
        write: z.string(),
        resource: z
          .object({ urn: z.string() })
          .optional()
          .transform((resource) => resource?.urn),
      }),
    )
    .default([]),
});

/** Milliseconds that the preview may take. */
const longest = 120_000;

/**
 * The pack's violations under a heading, as `preview sandbox` has them: empty if there are none, or no plan.
 * @param program Node's arguments that run the preview. Default: this project's own
 */
export async function packViolations(
  { folder }: Pick<Project, "folder">,
  program: readonly string[] = programArguments("commands/preview/main.ts"),
): Promise<string> {
  const written = await interruptible((signal) => {
    const child = spawn(
      process.execPath,
      [...program, stackName, "--project", folder, "--json", "-"],
      { stdio: ["ignore", "pipe", "ignore"], signal, timeout: longest },
    );
    child.on("error", () => undefined);
    return text(child.stdout);
  });
  const violations = violationsIn(written);
  if (violations.length === 0) return "";
  const lines = violations.flatMap(linesOfViolation);
  return ["", "The policy pack finds in the program:", "", ...lines].join("\n");
}

/** What is not written, or not to its end, is no violation: why the sandbox did not come up is said in any case. */
function violationsIn(written: string): z.infer<typeof previewed>["violations"] {
  try {
    return previewed.parse(JSON.parse(written)).violations;
  } catch {
    return [];
  }
}
