/** The command line of `istio-auth0 bench`. */
import { columnLines } from "../../lib/columns";
import type { OutputFile } from "../../lib/output-files";
import { command, parse } from "../arguments/command";
import { outputFile, standardOutputNote } from "../arguments/options";

/** What each part compares; the parts run and are printed in this order. */
export const parts = {
  up: "from nothing to the printed table, next to the same objects by helm and kubectl",
  again: "once more with nothing changed, compared with helm upgrade and kubectl apply",
  "no-op": "pulumi up with nothing to do, compared with that of an empty program",
  preview: "pulumi preview, compared with that of an empty program",
  verify: "cells, and how fast they are sent, judged and printed",
  memory: "resident memory of the node with the mesh, by component",
  latency: "a request by token and by session, with enforcement and without",
  operations: "a request to a service with 1 and with 50 operations, compared with one row",
  policies: "npm run preview with the policy pack, compared with that of an empty program",
  growth: "20 and 100 protected services, and 100 of 10 operations each, compared with 4",
  cold: "the first run of all, with empty caches: some 15 minutes; only by name",
  test: "npm run test:unit and npm test: more than an hour; only by name",
} as const;

export type PartName = keyof typeof parts;

export const partNames = Object.keys(parts) as PartName[];

/** Without --only: every part that does not take longer than all the others together. */
const usual = partNames.filter((name) => name !== "cold" && name !== "test");

export const benchCommand = () =>
  command("bench", {
    summary: "measure how fast the sandbox is",
    description: `Measures the clone's own project on this machine (Linux on x86-64, as root), in a sandbox of its own
that goes in the end. What is compared runs in turns (A B A B …), so that the machine's noise hits
both. The first run ever builds the tools.`,
    notes: `Parts:
${columnLines(Object.entries(parts))
  .map((line) => `  ${line}`)
  .join("\n")}

${standardOutputNote}`,
    exits: { 0: "no limit is missed", 1: "a limit is missed, or something could not be measured" },
  })
    .option("--repeat <N>", "how often each is measured", "3")
    .option("--only <PARTS>", "only these parts, with commas between them", usual.join())
    .option("--json <FILE>", "write every sample");

export interface Arguments {
  readonly repeat: number;
  /** In the order of `parts`. */
  readonly only: readonly PartName[];
  /** The file for every sample: at most one. */
  readonly files: readonly OutputFile[];
}

/** @throws UserError that says what is wrong */
export function readArguments(args: readonly string[]): Arguments {
  const { options } = parse(benchCommand(), args, ({ repeat, only }) => {
    const unknown = only.split(",").filter((name) => !Object.hasOwn(parts, name));
    return [
      ...(/^[1-9]\d{0,2}$/.test(repeat)
        ? []
        : [`--repeat ${repeat}: expected a whole number from 1 to 999`]),
      ...unknown.map(
        (name) => `--only ${only}: there is no part "${name}"; there are ${partNames.join(", ")}`,
      ),
    ];
  });
  const names = options.only.split(",");
  return {
    repeat: Number(options.repeat),
    only: partNames.filter((name) => names.includes(name)),
    files: outputFile("json", options.json),
  };
}
