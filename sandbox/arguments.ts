/** The command line of the sandbox: `istio-auth0 up`, `down`, `status`, `shell`, and `sandbox COMMAND` for all of them. */
import { command, parse, refusal } from "../commands/arguments/command";
import { projectOption } from "../commands/arguments/options";
import { explainCommand } from "../commands/explain/arguments";
import { preflightCommand } from "../commands/preflight/arguments";
import { tokenCommand } from "../commands/token/arguments";
import { verifyCommand } from "../commands/verify/arguments";

const places = `The tools are built once, into $XDG_CACHE_HOME/istio-auth0 (a quarter of an hour on two cores).
The state of this project's sandbox is in $XDG_STATE_HOME/istio-auth0. Nothing is installed on the
machine.`;

const upCommand = () =>
  command("up", {
    summary: "make or update the sandbox, verify it and print the table",
    description: `Brings up a Kubernetes node, a tenant and the stack on this machine, or updates them; verifies the
stack, and prints the table.`,
    notes: places,
    exits: { 0: "the mesh enforces the table", 1: "it does not, or something failed" },
  })
    .addOption(projectOption())
    .option(
      "--set <SETTING=VALUE>",
      "change a setting of Pulumi.sandbox.yaml for this run, such as gateway.url=http://localhost:9000; may be given several times",
      (value, values: readonly string[] | undefined) => [...(values ?? []), value],
    )
    .option(
      "--all",
      "print the tables of all places that requests are sent from, and a line for each difference",
    );

const simple = (
  name: string,
  summary: string,
  description: string,
  exits: Record<number, string>,
) => command(name, { summary, description, exits }).addOption(projectOption());

const downCommand = () =>
  simple(
    "down",
    "end the sandbox and remove it",
    "Ends everything and removes it; tools and images stay in the cache.",
    { 0: "nothing is left but tools and images", 1: "something could not be removed" },
  );

const statusCommand = () =>
  simple("status", "say what runs, and where", "Says what of the sandbox runs, and where.", {
    0: "all of it runs",
    1: "a part does not run",
  });

const shellCommand = () =>
  simple(
    "shell",
    "a shell with kubectl, helm and pulumi set for the sandbox",
    `A shell with kubectl, helm and pulumi set for the sandbox; commands on standard input work. pulumi
has the stack's state there; its program is run by up, and by preview.`,
    { 0: "as the shell's last command has it" },
  );

/** The commands that are the sandbox's own. */
export const sandboxCommands = () => [upCommand(), downCommand(), statusCommand(), shellCommand()];

/** All that the sandbox does: `istio-auth0 sandbox`, which is `npm run sandbox`. */
export function sandboxGroup() {
  const group = command("sandbox", {
    summary: "the commands of the sandbox: up, down, status, shell, and the others on its stack",
    description: `The whole system on this machine, without a cloud, an account or Docker. Without a command it is up.
verify, explain, token and preflight are about the sandbox's stack here.`,
    notes: places,
    exits: { 0: "as the command says", 1: "as the command says" },
  });
  const programs = [verifyCommand(), explainCommand(), tokenCommand(), preflightCommand()];
  for (const each of [...sandboxCommands(), ...programs]) group.addCommand(each);
  return group;
}

/** What a command line of the sandbox asks for. */
export interface Chosen {
  /** The command. */
  readonly name: string;
  /** The command's arguments. */
  readonly args: readonly string[];
  /** The project's folder, as the user named it. */
  readonly project: string | undefined;
  /** Whether verify has to run every mode. */
  readonly allModes: boolean;
}

/** @throws UserError that says what is wrong */
export function readArguments(given: readonly string[]): Chosen {
  const group = sandboxGroup();
  const [first = ""] = given;
  const named = first !== "" && (first === "--help" || !first.startsWith("-"));
  const [name = "", ...args] = named ? given : ["up", ...given];
  const chosen = group.commands.find((each) => each.name() === name);
  if (chosen === undefined) {
    parse(group, given);
    throw refusal(group, [`unknown command '${name}'`]);
  }
  const { options } = parse(chosen, args, (options) => mistakesOf(name, args, options));
  const { project, allModes } = options;
  return {
    name,
    args: name === "up" ? upArguments(options) : args,
    project: typeof project === "string" ? project : undefined,
    allModes: allModes === true,
  };
}

type Options = Readonly<Record<string, unknown>>;

const settings = ({ set }: Options): readonly string[] =>
  Array.isArray(set) ? set.filter((text) => typeof text === "string") : [];

const upArguments = (options: Options) => [
  ...(options.all === true ? ["--all"] : []),
  ...settings(options),
];

function mistakesOf(name: string, args: readonly string[], options: Options): readonly string[] {
  if (name === "verify" && options.allModes === true) {
    // Each mode has its own settings and report, so that no other option can apply to all of them.
    const other = args.find(
      (each) =>
        ![
          "--all-modes",
          "--project",
          options.project,
          `--project=${String(options.project)}`,
        ].includes(each),
    );
    return other === undefined
      ? []
      : [
          `verify --all-modes takes nothing else but --project, and not ${other}: each mode has a report of its own`,
        ];
  }
  return settings(options)
    .filter((text) => !/^[^=]+=/.test(text))
    .map(
      (text) => `--set ${text}: expected SETTING=VALUE, such as gateway.url=http://localhost:9000`,
    );
}
