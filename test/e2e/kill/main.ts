/** `npm run test:kill -- [--seed N] [--times N] [--first N]`: kills processes of a sandbox at random moments. */
import { randomInt } from "node:crypto";
import { readOptions, refusal } from "../../../lib/arguments";
import { UserError } from "../../../lib/errors";
import { exitWith } from "../../../lib/run";
import { machineProblem } from "../../../sandbox/machine";
import { killRounds } from "./rounds";

const called = "npm run test:kill --";
const usage = `Usage: ${called} [--seed N] [--times N] [--first N]

Kills processes of a sandbox at random moments, and says how many rounds failed. The exit code is 1 where one did.

  --seed N   what the moments are chosen by (default: another one each time)
  --times N  the rounds (default: 5)
  --first N  the first round (default: 1)
  --help     this text
`;

function readArguments() {
  const number = { type: "string" } as const;
  const options = {
    seed: number,
    times: number,
    first: number,
    help: { type: "boolean" },
  } as const;
  const { values } = readOptions(called, { options });
  const whole = (name: "seed" | "times" | "first", otherwise: number) => {
    const text = values[name] ?? String(otherwise);
    if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
    throw refusal(called, `--${name} ${text}: expected a whole number`);
  };
  return {
    help: values.help === true,
    seed: whole("seed", randomInt(1, 1e6)),
    times: whole("times", 5),
    first: whole("first", 1),
  };
}

async function main(): Promise<number> {
  const { help, seed, times, first } = readArguments();
  if (help) {
    process.stdout.write(usage);
    return 0;
  }
  const problem = machineProblem();
  if (problem !== undefined) throw new UserError(problem);
  const failed = await killRounds({ seed, times, first, say: console.log });
  const list = failed.length > 0 ? `: ${failed.join(", ")}` : "";
  console.log(`${times} rounds with seed ${seed}, ${failed.length} failed${list}`);
  return failed.length === 0 ? 0 : 1;
}

exitWith(main());
