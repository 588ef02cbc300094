/** The part `policies`: a stack's preview, which the policy pack judges. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { clone } from "../../../lib/clone";
import { stackName } from "../../stack/project";
import { copyClone } from "../growth/copy";
import type { Context, Found } from "./part";

/** A stack's preview may take at most this many times as long as that of an empty program. */
const limit = 3;

/** Measures the whole command, from npm's start to its end, in turns. */
export async function measurePolicies({ sandbox, repeat, folder }: Context): Promise<Found> {
  const copy = join(folder, "without-program");
  copyClone(copy);
  writeFileSync(join(copy, "index.ts"), "export {};\n");
  // So that violations of the empty program do not end the command.
  writeFileSync(join(copy, `policies.${stackName}.json`), '{ "all": "advisory" }\n');
  const seconds = async (root: string) => (await sandbox.preview(stackName, root)).seconds;
  // One run of each that is not counted: programs are built, and caches are filled.
  for (const root of [clone, copy]) await seconds(root);
  const samples: number[] = [];
  const empty: number[] = [];
  while (samples.length < repeat) {
    samples.push(await seconds(clone));
    empty.push(await seconds(copy));
  }
  return {
    measures: [
      {
        what: `npm run preview -- ${stackName}`,
        unit: "seconds",
        samples,
        baseline: { what: "an empty program", samples: empty },
        limit: { of: "ratio", bound: "at most", value: limit },
      },
    ],
    notes: [
      "the whole command, the policy pack's start and its judgement included, in both; nothing is up",
    ],
  };
}
