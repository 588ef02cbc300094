/** What all commands of `istio-auth0` have in common: their descriptions, their help and their errors. */
import { Command, type CommandUnknownOpts, type OptionValues } from "@commander-js/extra-typings";
import { UserError } from "../../lib/errors";

/** The texts of a command's help in addition to its arguments and options. */
export interface About {
  /** What it does, in a list of commands. */
  readonly summary: string;
  /** What it does, in its own help. */
  readonly description: string;
  /** The text after the options. Default: none. */
  readonly notes?: string;
  /** The meanings of its exit codes. */
  readonly exits: Readonly<Record<number, string>>;
}

/** The name of the whole command line. */
export const programName = "istio-auth0";

/** Columns of a help text. */
const width = 100;

/** A command without arguments and options; `parse` reads a command line with it. */
export function command(name: string, { summary, description, notes, exits }: About): Command {
  const made = new Command(name)
    .summary(summary)
    .description(description)
    .helpOption("--help", "this text")
    .helpCommand(false)
    .configureHelp({
      helpWidth: width,
      commandUsage: (each) => `${calledAs(each)} ${each.usage()}`,
      subcommandTerm: (each) => each.name(),
    })
    .configureOutput({ outputError: () => undefined })
    .addHelpText(
      "after",
      [notes, exitCodes(exits)]
        .filter((text) => text !== undefined)
        .map((text) => `\n${text}`)
        .join("\n"),
    );
  // Help and the version end the process with 0, which is left to commander.
  return made.exitOverride(({ exitCode, message }) => {
    if (exitCode !== 0) throw refusal(made, [sentence(message)]);
  });
}

const exitCodes = (exits: About["exits"]): string =>
  ["Exit codes:", ...Object.entries(exits).map(([code, meaning]) => `  ${code}  ${meaning}`)].join(
    "\n",
  );

/** Commander says `error: unknown option '--stak'`, and a suggestion on a line of its own. */
const sentence = (message: string) =>
  message
    .replace(/^error: /, "")
    // Commander repeats all arguments, which may contain a token or a password.
    .replace(/ but got (\d+).*$/s, " but got $1")
    .replaceAll(/\s*\n\s*/g, " ")
    .replace(/\.$/, "");

/** What a user types to call a command: npm's script, or npx, if npm has started it. */
export function calledAs(called: CommandUnknownOpts): string {
  const words = wordsOf(called);
  const [script, ...others] = words;
  const { npm_lifecycle_event: event } = process.env;
  if (script !== undefined && event === script)
    return ["npm run", script, "--", ...others].join(" ");
  return [...(event === "npx" ? [event] : []), programName, ...words].join(" ");
}

/** The words that name a command, without the program's own name. */
const wordsOf = (called: CommandUnknownOpts): string[] =>
  called.parent === null
    ? [called.name()].filter((name) => name !== programName)
    : [...wordsOf(called.parent), called.name()];

/**
 * The error that refuses a command line.
 * @param mistakes all of them, each without a full stop
 */
export const refusal = (called: CommandUnknownOpts, mistakes: readonly string[]): UserError =>
  new UserError(`${mistakes.join("\n")}. See ${calledAs(called)} --help.`);

/**
 * Reads a command line. If it asks for help, the help is printed, and the process ends.
 * @param args what follows the words that name the command
 * @param check says what else is wrong with it, one line for each mistake
 * @returns its arguments and options
 * @throws UserError that names the first mistake that the parser finds, or all that are found afterwards
 */
export function parse<Args extends unknown[], Options extends OptionValues>(
  called: Command<Args, Options>,
  args: readonly string[],
  check: (options: Options, args: Args) => readonly string[] = () => [],
): { readonly options: Options; readonly args: Args } {
  called.parse([...args], { from: "user" });
  const [options, positionals] = [called.opts(), called.processedArgs];
  const mistakes = [...withoutValue(called), ...check(options, positionals)];
  if (mistakes.length > 0) throw refusal(called, mistakes);
  return { options, args: positionals };
}

/** What is wrong with the values of options: a value is missing, or looks like the next option. */
const withoutValue = (called: CommandUnknownOpts): string[] =>
  called.options.flatMap((option) => {
    const given: unknown = called.opts()[option.attributeName()];
    const values = [given].flat().filter((value) => typeof value === "string");
    const wrong = values.find((value) => value === "" || /^-./.test(value));
    if (!option.required || wrong === undefined) return [];
    return [
      wrong === "" ? `${option.long} is empty` : `${option.long} needs a value before ${wrong}`,
    ];
  });
