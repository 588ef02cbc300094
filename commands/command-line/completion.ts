/** Completion for bash and zsh, made from the parser's own tree. */
import { Argument, type CommandUnknownOpts, type Option } from "@commander-js/extra-typings";
import { ownFolder } from "../../lib/clone";
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

/** The script's function that completes a value, by the value's name in the help. */
const kinds: Readonly<Record<string, string>> = {
  FILE: "files",
  "NAME=FILE": "named",
  DIR: "folders",
  STACK: "stacks",
};

/** @param root the whole command line */
export function completionScript(root: CommandUnknownOpts, shell: Shell): string {
  const cases = [...commandsBelow(root)].map(caseOf).join("\n");
  return `${script(cases)}${ofShell[shell]}`;
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

/** A case of the script: a command's words and options, where its name is `:WORD:WORD`. */
function caseOf({ words, command: { commands, options, registeredArguments } }: Place): string {
  const valued = options.filter(({ required }) => required);
  const choices = registeredArguments.flatMap(({ argChoices = [] }) => argChoices);
  const names = commands.map((each) => each.name());
  const [argument] = registeredArguments;
  return [
    `    "${words.map((word) => `:${word}`).join("")}")`,
    `      names="${[...names, ...choices].join(" ")}"`,
    `      flags="${[...options.map(({ long }) => long), "--help"].join(" ")}"`,
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

/** The folder of the clone, or of the package's project, quoted for a shell. */
const place = `'${(ownFolder || ".").replaceAll("'", `'\\''`)}'`;

/** bash evaluates the words that it is given: a file of another clone must not add one that is more than a name. */
const plain = `case "$name" in *[!A-Za-z0-9_./-]*) continue ;; esac`;

const script = (cases: string) => `# Completion of ${programName}.
_istio_auth0_describe() {
  names="" flags="" argument="" value=""
  case "$1" in
${cases}
  esac
}

# The projects of the clone, or the package's own, from where the user is.
_istio_auth0_projects() {
  local folder name
  for folder in ${place} ${place}/examples/*; do
    [ -e "$folder/Pulumi.yaml" ] && [ -e "$folder/application.ts" ] || continue
    [ "$folder" = "$PWD" ] && name=. || name="\${folder#"$PWD"/}"
    ${plain}
    printf '%s\\n' "$name"
  done
}

# The stacks of the project that is named, or that the user is in, or else of the first of these.
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
  local place="" option="" project="" word list name i last=0 joined=""
  local names="" flags="" argument="" value="" current before="" lead=""
  local whole=("")
  # The words as they will be read: bash divides them at = : @ as well.
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    case "$word" in
      *[!=:@]* | "")
        [ -n "$joined" ] || last=$((last + 1))
        joined=""
        ;;
      *)
        joined=yes
        ;;
    esac
    whole[last]="\${whole[last]-}$word"
  done
  current="\${whole[last]}"
  # What stands before the part that the shell puts a completion in the place of.
  [ -n "$joined" ] && lead="$current" || lead="\${current%"$word"}"
  for ((i = 1; i < last; i++)); do
    word="\${whole[i]}"
    if [ -n "$value" ]; then
      [ "$option" = --project ] && project="$word"
      option="" value=""
      continue
    fi
    case "$word" in
      --project=*) project="\${word#*=}" ;;
      --*=*) ;;
      -*) option="$word"; _istio_auth0_describe "$place" ;;
      *)
        option=""
        _istio_auth0_describe "$place"
        case " $names " in *" $word "*) place="$place:$word" ;; esac
        ;;
    esac
  done
  # Quotes are the shell's: names are compared without.
  current="\${current//\\\\/}"
  current="\${current#[\\"\\']}"
  lead="\${lead//\\\\/}"
  lead="\${lead#[\\"\\']}"
  if [ -z "$value" ]; then
    option=""
    case "$current" in
      --*=*) option="\${current%%=*}" before="\${current%%=*}=" current="\${current#*=}" ;;
    esac
  fi
  _istio_auth0_describe "$place"
  case "$value" in
    "")
      list="$names"
      case "$before$current" in
        --*=*) list="" argument="" ;;
        -*) list="$flags" argument="" ;;
      esac
      ;;
    words\\ *) list="\${value#words }"; argument="" ;;
    *) list=""; argument="$value" ;;
  esac
  if [ "$argument" = named ]; then
    argument=""
    case "$current" in
      *=*) argument=files before="$before\${current%%=*}=" current="\${current#*=}" ;;
    esac
  fi
  case "$argument" in
    stacks) list="$list $(_istio_auth0_stacks)" ;;
    projects) list="$list $(_istio_auth0_projects)" ;;
  esac
  COMPREPLY=()
  for name in $list; do
    case "$name" in "$current"*) name="$before$name"; COMPREPLY+=("\${name#"$lead"}") ;; esac
  done
  case "$argument" in
    files) _istio_auth0_files -f ;;
    folders) _istio_auth0_files -d ;;
  esac
}
`;

const ofShell: Readonly<Record<Shell, string>> = {
  bash: `
# Adds the files, or the folders, whose names begin as the word does.
_istio_auth0_files() {
  local name quoted=""
  # bash quotes what it inserts and says of a folder that it is one, from version 4 on.
  compopt -o filenames 2> /dev/null || quoted=yes
  while IFS= read -r name; do
    name="$before$name"
    name="\${name#"$lead"}"
    [ -n "$quoted" ] && name="$(printf '%q' "$name")"
    COMPREPLY+=("$name")
  done < <(compgen "$1" -- "$current")
}
complete -F _istio_auth0 ${programName}
`,
  // Its own completion of files knows its quotes; all else a function of bash does, run as bash would.
  zsh: `
_istio_auth0_files() { files="$1" stays="$before"; }

_istio_auth0_zsh() {
  local -a COMP_WORDS COMPREPLY
  local COMP_CWORD=$((CURRENT - 1)) files="" stays=""
  COMP_WORDS=("\${words[@]}")
  emulate sh -c _istio_auth0
  (( \${#COMPREPLY} )) && compadd -Q -a COMPREPLY
  [[ -z "$files" ]] && return
  [[ -n "$stays" ]] && compset -P "\${(b)stays}"
  if [[ "$files" = -d ]]; then _files -/; else _files; fi
}
compdef _istio_auth0_zsh ${programName}
`,
};
