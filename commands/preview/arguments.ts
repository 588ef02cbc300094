/** The command line of `npm run preview`. */
import { parseArgs } from "node:util";
import { UserError, messageOf } from "../../lib/errors";
import { fromPerson, type OutputFile } from "../../lib/output-files";

export const help = `Usage: npm run preview -- STACK [--project DIR] [--diff] [--json FILE] [--markdown FILE]
                              [--check | --accept] [--official]
       npm run preview -- STACK [--project DIR] --policy-config FILE

What pulumi up would make of Pulumi.STACK.yaml from nothing, by the real engine: no cluster, no account, no network
and no secret is needed, and nothing is left behind. The provider plug-ins are this project's stand-ins, so that every
machine plans the same. The policy pack in policies/ judges it, as policies.STACK.json has it.

  --project DIR          the project: this one (the default), or a folder in examples/
  --diff                 every property of every resource, too
  --json FILE            the plan, the rules and the violations as JSON, too; or what is wrong
  --markdown FILE        the same as a comment for a pull request, without the properties
  --check                compare the resources with plans/STACK.yaml, and fail where they differ; the
                         comment has the difference then, and the JSON a field check: result ("as reviewed",
                         "different" or "missing"), file, accept (the command) and difference (its lines)
  --accept               write that file
  --official             use the official provider plug-ins in PULUMI_HOME (~/.pulumi) or on PATH; where one is not there,
                         at the version of its SDK or a newer one of the same major version, it is named
  --policy-config FILE   only write the pack's configuration of this stack, for pulumi's --policy-pack-config
                         FILE may be - (standard output) for one of them: then the plan goes to standard error
                         (npm run -s preview -- STACK --json -)
  --help                 this text

Exits with 0 when the plan can be made and violates no mandatory rule (and is the reviewed one, with --check), with 1
otherwise.
The Pulumi CLI is fetched or built once, into $XDG_CACHE_HOME/istio-auth0.
`;

/** A form of what the preview says, and where it goes. */
export type ReportFile = OutputFile<"json" | "markdown">;

export interface Arguments {
  readonly stack: string | undefined;
  /** The project's folder, as it is named; default: the clone's. */
  readonly project: string | undefined;
  readonly diff: boolean;
  readonly files: readonly ReportFile[];
  /** The file for the policy pack's configuration: nothing else is made then. */
  readonly policyConfig: OutputFile | undefined;
  /** What is done about the reviewed graph. */
  readonly graph: "check" | "accept" | undefined;
  /** Whether the official plug-ins are used; default: the stand-ins. */
  readonly official: boolean;
}

/**
 * @returns "help" where that is asked for
 * @throws UserError naming the first mistake
 */
export function readArguments(args: readonly string[]): Arguments | "help" {
  const { values, positionals } = parse(args);
  if (values.help === true) return "help";
  const [stack, ...others] = positionals;
  if (others.length > 0) {
    throw new UserError(
      `one stack at a time: ${positionals.join(" ")} (see npm run preview -- --help)`,
    );
  }
  if (values.check === true && values.accept === true) {
    throw new UserError("either --check or --accept (see npm run preview -- --help)");
  }
  const alone = values["policy-config"] !== undefined;
  const beside = (["diff", "json", "markdown", "check", "accept", "official"] as const).find(
    (option) => values[option] !== undefined,
  );
  if (alone && beside !== undefined) {
    throw new UserError(
      `--policy-config previews nothing: leave out --${beside} (see npm run preview -- --help)`,
    );
  }
  return {
    stack,
    project: values.project,
    diff: values.diff === true,
    files: [...fileOf("json", values.json), ...fileOf("markdown", values.markdown)],
    policyConfig: fileOf("policy-config", values["policy-config"])[0],
    graph: values.check === true ? "check" : values.accept === true ? "accept" : undefined,
    official: values.official === true,
  };
}

function fileOf<Option extends string>(
  option: Option,
  path: string | undefined,
): readonly OutputFile<Option>[] {
  return path === undefined ? [] : [{ option, path: fromPerson(path) }];
}

function parse(args: readonly string[]) {
  try {
    const options = {
      project: { type: "string" },
      diff: { type: "boolean" },
      json: { type: "string" },
      markdown: { type: "string" },
      "policy-config": { type: "string" },
      check: { type: "boolean" },
      accept: { type: "boolean" },
      official: { type: "boolean" },
      help: { type: "boolean" },
    } as const;
    return parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (error) {
    // The rest of Node's message explains how to pass a name that begins with a hyphen.
    const [reason = ""] = messageOf(error).split(/\.?\s*\n|\. /);
    throw new UserError(`${reason} (see npm run preview -- --help)`);
  }
}
