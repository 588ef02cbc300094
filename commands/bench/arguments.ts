/** The command line of `npm run bench`. */
import { parseArgs } from "node:util";
import { UserError, messageOf } from "../../lib/errors";

/** What each part compares; the parts run, and are printed, in this order. */
export const parts = {
  up: "from nothing to the printed table, beside the same objects by helm and kubectl in sequence",
  again: "once more with nothing changed, beside helm upgrade and kubectl apply of the same",
  "no-op": "pulumi up with nothing to do, beside that of an empty program",
  preview: "pulumi preview, beside that of an empty program",
  verify: "cells, and how fast they are sent, judged and printed",
  memory: "resident memory of the node with the mesh, by component",
  latency:
    "a request by token and by session with enforcement, beside the same without its policies",
  policies: "npm run preview with the policy pack, beside that of an empty program",
  growth: "20 and 100 protected services, beside 4",
  cold: "the first run of all, with empty caches: some 15 minutes; only by name",
  test: "npm run test:unit and npm test: more than an hour; only by name",
} as const;

export type PartName = keyof typeof parts;

export const partNames = Object.keys(parts) as PartName[];

/** Without --only: what does not take longer than all the others together. */
const usual = partNames.filter((name) => name !== "cold" && name !== "test");

export const help = `Usage: npm run bench -- [--repeat N] [--only PART,…] [--json FILE]

Measures the sandbox on this machine (Linux on x86-64, as root), in a sandbox of its own that goes in the end.
What is compared runs in turns (A B A B …), so that the machine's noise hits both. The first run ever builds the tools.

${partNames.map((name) => `  ${name.padEnd(10)}${parts[name]}`).join("\n")}

  --repeat N      how often each is measured (default: 3)
  --only PART,…   only these parts (default: all but cold and test)
  --json FILE     every sample, too
  --help          this text

Exits with 0 when no limit is missed, with 1 otherwise.
`;

export interface Arguments {
  readonly repeat: number;
  /** In the order of `parts`. */
  readonly only: readonly PartName[];
  readonly json: string | undefined;
}

/**
 * @returns "help" where that is asked for
 * @throws UserError naming the first mistake
 */
export function readArguments(args: readonly string[]): Arguments | "help" {
  const given = parse(args);
  if (given.help === true) return "help";
  return { repeat: repeats(given.repeat), only: chosen(given.only), json: given.json };
}

function parse(args: readonly string[]) {
  try {
    const options = {
      repeat: { type: "string", default: "3" },
      only: { type: "string", default: usual.join() },
      json: { type: "string" },
      help: { type: "boolean" },
    } as const;
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UserError(`${messageOf(error)} (see npm run bench -- --help)`);
  }
}

function repeats(text: string): number {
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text);
  throw new UserError(`--repeat ${text}: expected a whole number from 1 to 999`);
}

function chosen(text: string): readonly PartName[] {
  const names = text.split(",");
  const unknown = names.find((name) => !Object.hasOwn(parts, name));
  if (unknown !== undefined) {
    throw new UserError(
      `--only ${text}: there is no part "${unknown}"; there are ${partNames.join(", ")}`,
    );
  }
  return partNames.filter((name) => names.includes(name));
}
