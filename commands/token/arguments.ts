/** The command line of `istio-auth0 token`. */
import { commandLine } from "../../lib/clone";
import { command, parse } from "../arguments/command";
import { cwdOption, pathOf, projectOption, signInOption, stackOption } from "../arguments/options";

/** What a user types where nothing but the command's own output is wanted. */
const quiet = (name: string, ...args: string[]) => commandLine(name, args, "npm run -s");

export const tokenCommand = () =>
  command("token", {
    summary: "print an access token of a user or machine, for curl and explain",
    description: `Prints an access token of one of the stack's users or machines, and nothing else. A user is named
by e-mail address: the tenant's login page is filled in with the stack's password, or a browser is
asked for where that is not enough. A machine is named by its name: client credentials.`,
    notes: `Examples:
  curl -H "Authorization: Bearer $(${quiet("token", "MACHINE")})" http://localhost:8080/PATH
  ${quiet("token", "USER")} | ${quiet("explain", "-")}`,
    exits: { 0: "the token is on standard output", 1: "there is none, and why" },
  })
    .argument("[NAME]", "the user or machine; without it the error says which there are")
    .addOption(stackOption())
    .addOption(projectOption())
    .addOption(cwdOption())
    .addOption(signInOption("have the user sign in with a browser"));

/** @throws UserError that says what is wrong */
export function readArguments(args: readonly string[]) {
  const {
    options,
    args: [name],
  } = parse(tokenCommand(), args);
  const { project, stack, cwd, signIn } = options;
  return { name, project, stack, directory: pathOf(cwd), browser: signIn === "browser" };
}
