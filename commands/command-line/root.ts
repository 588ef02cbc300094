/** The whole command line as one tree: its help, its version, and completion. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { clone, isClone } from "../../lib/clone";
import { UserError } from "../../lib/errors";
import { sandboxCommands, sandboxGroup } from "../../sandbox/arguments";
import { command, parse, programName } from "../arguments/command";
import { benchCommand } from "../bench/arguments";
import { explainCommand } from "../explain/arguments";
import { preflightCommand } from "../preflight/arguments";
import { policyConfigCommand, previewCommand } from "../preview/arguments";
import { tokenCommand } from "../token/arguments";
import { verifyCommand } from "../verify/arguments";
import { completionCommand, completionScript } from "./completion";

/** The tree from which help and completion are made. */
export function rootCommand() {
  const root = command(programName, {
    summary: "",
    description: "Istio and Auth0 in one Pulumi stack that proves what it enforces.",
    notes: isClone
      ? `istio-auth0 COMMAND --help says more of each. In a clone: npx istio-auth0 COMMAND [ARGUMENT]..., or
npm run COMMAND -- [ARGUMENT]...`
      : "npx istio-auth0 COMMAND --help says more of each.",
    exits: {
      0: "as each command says",
      1: "a mistake on the command line, or as each command says",
    },
  }).version(versionOf(), "--version", "the version");
  for (const each of [
    ...sandboxCommands(),
    sandboxGroup(),
    verifyCommand(),
    explainCommand(),
    tokenCommand(),
    previewCommand(),
    policyConfigCommand(),
    preflightCommand(),
    // It measures the clone's own project.
    ...(isClone ? [benchCommand()] : []),
    completionCommand(),
  ]) {
    root.addCommand(each);
  }
  return root;
}

function versionOf(): string {
  const { version } = JSON.parse(readFileSync(join(clone, "package.json"), "utf8")) as {
    version: string;
  };
  return version;
}

/** Prints the help of a command, and ends the process, where its arguments ask for that and are otherwise right. */
export function showHelp(name: string, args: readonly string[]): void {
  const found = rootCommand().commands.find((each) => each.name() === name);
  try {
    if (found !== undefined) parse(found, args);
  } catch (error) {
    // The command's own program says what is wrong.
    if (!(error instanceof UserError)) throw error;
  }
}

/** Answers what is about no command's own program. */
export function runRoot(args: readonly string[]): number {
  const root = rootCommand();
  const [name, ...others] = args;
  if (name === "completion") {
    const {
      args: [shell],
    } = parse(completionCommand(), others);
    process.stdout.write(completionScript(root, shell));
    return 0;
  }
  parse(root, args.length === 0 ? ["--help"] : args);
  return 0;
}
