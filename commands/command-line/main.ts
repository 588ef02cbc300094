/** `istio-auth0 COMMAND`: continues as the command's own program, so that no command loads what another needs. */
import { exitWith } from "../../lib/run";
import { continueAs } from "../../local/programs";
import { type Program, programs } from "./programs";

/** Without a command's program it handles the whole command line: help, the version, completion, or a mistake. */
async function main(): Promise<number> {
  const { runRoot } = await import("./root.js");
  return runRoot(process.argv.slice(2));
}

/** Goes on as a command's program, which ends the process; so does its help, before a large one is loaded. */
async function goOn(
  { source, words = [], large = false }: Program,
  name: string,
  args: readonly string[],
): Promise<void> {
  if (large && args.includes("--help")) {
    const { showHelp } = await import("./root.js");
    showHelp(name, args);
  }
  continueAs(source, [...words, ...args]);
}

const [name = "", ...args] = process.argv.slice(2);
const program = Object.hasOwn(programs, name) ? programs[name] : undefined;
if (program === undefined) exitWith(main());
else void goOn(program, name, args);
