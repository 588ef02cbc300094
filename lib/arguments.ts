/** The command lines of programs that are no commands of `istio-auth0`, refused in the same words as those. */
import { parseArgs, type ParseArgsConfig } from "node:util";
import { UserError, messageOf } from "./errors";

/** @param called what a user types to call the program: `npm test --` */
export const refusal = (called: string, mistake: string): UserError =>
  new UserError(`${mistake}. See ${called} --help.`);

/**
 * Reads a command line.
 * @param called as for `refusal`
 * @throws UserError naming the first mistake, and where the help is
 */
export function readOptions<Config extends ParseArgsConfig>(called: string, config: Config) {
  try {
    return parseArgs(config);
  } catch (error) {
    // Node begins a sentence, and goes on with advice for those who write programs.
    const [mistake = ""] = messageOf(error).split(". ");
    throw refusal(called, mistake.charAt(0).toLowerCase() + mistake.slice(1));
  }
}
