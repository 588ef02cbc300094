/** `npm run test:kill -- [--seed N] [--times N] [--first N]`: kills processes of a sandbox at random moments. */
import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { UserError, messageOf } from "../../../lib/errors";
import { exitWith } from "../../../lib/run";
import { machineProblem } from "../../../sandbox/machine";
import { killRounds } from "./rounds";

const usage = "npm run test:kill -- [--seed N] [--times N] [--first N]";
const options = {
  seed: { type: "string" },
  times: { type: "string" },
  first: { type: "string" },
} as const;

function readArguments() {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    throw new UserError(`${messageOf(error)} (${usage})`);
  }
}

function whole(name: keyof typeof options, otherwise: number): number {
  const text = readArguments()[name] ?? String(otherwise);
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new UserError(`--${name} ${text}: expected a whole number`);
  return Number(text);
}

async function main(): Promise<number> {
  const [seed, times, first] = [
    whole("seed", randomInt(1, 1e6)),
    whole("times", 5),
    whole("first", 1),
  ];
  const problem = machineProblem();
  if (problem !== undefined) throw new UserError(problem);
  const failed = await killRounds({ seed, times, first, say: console.log });
  const list = failed.length > 0 ? `: ${failed.join(", ")}` : "";
  console.log(`${times} rounds with seed ${seed}, ${failed.length} failed${list}`);
  return failed.length === 0 ? 0 : 1;
}

exitWith(main());
