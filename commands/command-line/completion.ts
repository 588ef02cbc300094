/** Completion for bash and zsh, made of the parser's own tree. */
import { Argument, type CommandUnknownOpts, type Option } from "@commander-js/extra-typings";
import { clone } from "../../lib/clone";
import { command, programName } from "../arguments/command";

const shells = ["bash", "zsh"] as const;
type Shell = (typeof shells)[number];

export const completionCommand = () =>
  command("completion", {
    summary: "print what completes this command line in bash or zsh",
    description: `Prints a script that completes commands, options, the stacks' names, projects and files.`,
    notes: `Examples:
  source <(istio-auth0 completion bash)    # in ~/.bashrc
  source <(istio-auth0 completion zsh)     # in ~/.zshrc, after compinit`,
    exits: { 0: "the script is on standard output", 1: "no such shell" },
  }).addArgument(new Argument("<SHELL>", "which").choices(shells));

/** What completes a value, by what stands for it in the help: a function of the script. */
const kinds: Readonly<Record<string, string>> = {
  FILE: "files",
  "NAME=FILE": "files",
  DIR: "folders",
  STACK: "stacks",
};

/** @param root the whole command line */
export function completionScript(root: CommandUnknownOpts, shell: Shell): string {
  const cases = [...commandsBelow(root)].map(caseOf).join("\n");
  // zsh runs a bash function as bash would.
  const start = shell === "zsh" ? "autoload -U +X bashcompinit && bashcompinit\n" : "";
  return `${start}${script(cases)}`;
}

interface Place {
  /** The words that lead to the command. */
  readonly words: readonly string[];
  readonly command: CommandUnknownOpts;
}

function* commandsBelow(from: CommandUnknownOpts, words: readonly string[] = []): Generator<Place> {
  yield { words, command: from };
  for (const each of from.commands) yield* commandsBelow(each, [...words, each.name()]);
}

/** A case of the script: what a command takes, where its words are `:WORD:WORD`. */
function caseOf({ words, command: { commands, options, registeredArguments } }: Place): string {
  const valued = options.filter(({ required }) => required);
  const choices = registeredArguments.flatMap(({ argChoices = [] }) => argChoices);
  const names = commands.map((each) => each.name());
  const [argument] = registeredArguments;
  return [
    `    "${words.map((word) => `:${word}`).join("")}")`,
    `      words="${[...names, ...choices].join(" ")}"`,
    `      options="${[...options.map(({ long }) => long), "--help"].join(" ")}"`,
    `      argument="${kinds[argument?.name() ?? ""] ?? ""}"`,
    `      case "$option" in`,
    ...valued.map((each) => `        ${each.long ?? ""}) value="${valueOf(each)}" ;;`),
    `      esac`,
    `      ;;`,
  ].join("\n");
}

/** What completes an option's value: a function of the script, or words. */
function valueOf({ long, flags, argChoices }: Option): string {
  if (argChoices !== undefined) return `words ${argChoices.join(" ")}`;
  if (long === "--project") return "projects";
  const [, placeholder = ""] = /<(.+)>/.exec(flags) ?? [];
  return kinds[placeholder] ?? "nothing";
}

/** The clone's folder, as a shell reads it. */
const place = `'${clone.replaceAll("'", `'\\''`)}'`;

/** bash evaluates the words that it is given: a file of another clone must not bring any that says more than a name. */
const plain = `case "$name" in *[!A-Za-z0-9_./-]*) continue ;; esac`;

const script = (cases: string) => `# Completion of ${programName}.
_istio_auth0_describe() {
  words="" options="" argument="" value=""
  case "$1" in
${cases}
  esac
}

# The projects of the clone, from where the user is.
_istio_auth0_projects() {
  local folder name
  for folder in ${place} ${place}/examples/*; do
    [ -e "$folder/Pulumi.yaml" ] && [ -e "$folder/application.ts" ] || continue
    [ "$folder" = "$PWD" ] && name=. || name="\${folder#"$PWD"/}"
    ${plain}
    printf '%s\\n' "$name"
  done
}

# The stacks of the project that is named, or that the user is in, or of the clone.
_istio_auth0_stacks() {
  local folder="\${project:-.}" name
  [ -e "$folder/Pulumi.yaml" ] || folder=${place}
  ls "$folder" | while read -r name; do
    ${plain}
    case "$name" in
      Pulumi.*.yaml) name="\${name#Pulumi.}"; printf '%s\\n' "\${name%.yaml}" ;;
    esac
  done
}

_istio_auth0() {
  local current="\${COMP_WORDS[COMP_CWORD]}" place="" option="" project="" word list i
  local words="" options="" argument="" value=""
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    [ "$option" = --project ] && project="$word"
    if [ -n "$value" ]; then option="" value=""; continue; fi
    case "$word" in
      -*) option="$word"; _istio_auth0_describe "$place" ;;
      *)
        option=""
        _istio_auth0_describe "$place"
        case " $words " in *" $word "*) place="$place:$word" ;; esac
        ;;
    esac
  done
  _istio_auth0_describe "$place"
  case "$value" in
    "") list="$words"; case "$current" in -*) list="$options"; argument="" ;; esac ;;
    words\\ *) list="\${value#words }"; argument="" ;;
    *) list=""; argument="$value" ;;
  esac
  case "$argument" in
    stacks) list="$list $(_istio_auth0_stacks)" ;;
    projects) list="$list $(_istio_auth0_projects)" ;;
  esac
  COMPREPLY=($(compgen -W "$list" -- "$current"))
  case "$argument" in
    files) COMPREPLY+=($(compgen -f -- "$current")) ;;
    folders) COMPREPLY+=($(compgen -d -- "$current")) ;;
  esac
}
complete -F _istio_auth0 ${programName}
`;
