/** The command lines of `istio-auth0 preview` and `policy-config`. */
import { fromPerson, type OutputFile } from "../../lib/output-files";
import { command, parse } from "../arguments/command";
import { outputFile, projectOption, standardOutputNote } from "../arguments/options";

export const previewCommand = () =>
  command("preview", {
    summary: "show what pulumi up would make of a stack from nothing, judged by the policy pack",
    description: `What pulumi up would make of Pulumi.STACK.yaml from nothing, by the real engine: no cluster, no
account, no network and no secret is needed, and nothing is left behind. The provider plug-ins are
this project's stand-ins, so that every machine plans the same. The policy pack in policies/ judges
it, as policies.STACK.json has it. The Pulumi CLI is fetched or built once, into
$XDG_CACHE_HOME/istio-auth0.`,
    notes: standardOutputNote,
    exits: {
      0: "the plan can be made and violates no mandatory rule (and is the reviewed one, with --check)",
      1: "otherwise",
    },
  })
    .argument("<STACK>", "the stack whose Pulumi.STACK.yaml is planned")
    .addOption(projectOption())
    .option("--diff", "print every property of every resource")
    .option(
      "--json <FILE>",
      "write the plan, the rules and the violations as JSON; or what is wrong",
    )
    .option(
      "--markdown <FILE>",
      "write the same as a comment for a pull request, without the properties",
    )
    .option(
      "--check",
      "compare the resources with plans/STACK.yaml, and fail where they differ; the comment has the difference then, and the JSON a field check: result (as reviewed, different or missing), file, accept (the command) and difference (its lines)",
    )
    .option("--accept", "write that file")
    .option(
      "--against <FILE>",
      "say who gains and who loses what against this plan, such as that of the branch that a pull request is for (default: plans/STACK.yaml)",
    )
    .option(
      "--official",
      "use the official provider plug-ins in PULUMI_HOME (~/.pulumi) or on PATH; where one is missing, at the version of its SDK or a newer one of the same major version, it is named",
    )
    .option(
      "--policy-config <FILE>",
      "only write the pack's configuration of this stack, as policy-config does",
    );

export const policyConfigCommand = () =>
  command("policy-config", {
    summary: "write the policy pack's configuration of a stack, for Pulumi's --policy-pack-config",
    description: `Writes what the policy pack is to compare a stack with, and how strictly: what follows from the
project's table and the stack's settings, and what policies.STACK.json chooses. Use it with
pulumi preview --policy-pack policies --policy-pack-config FILE.`,
    exits: { 0: "it is written", 1: "the stack's files are wrong, or FILE cannot be written" },
  })
    .argument("<STACK>", "the stack whose Pulumi.STACK.yaml and policies.STACK.json are read")
    .argument("[FILE]", "where it goes; - is standard output", "-")
    .addOption(projectOption());

/** A form of the report, and the file for it. */
export type ReportFile = OutputFile<"json" | "markdown">;

export interface Arguments {
  readonly stack: string;
  /** The project's folder, as the user named it. */
  readonly project: string | undefined;
  readonly diff: boolean;
  readonly files: readonly ReportFile[];
  /** The file for the policy pack's configuration: nothing else is made then. */
  readonly policyConfig: OutputFile | undefined;
  /** Whether to check the reviewed graph or to write it. */
  readonly graph: "check" | "accept" | undefined;
  /** Whether the official plug-ins are used; default: the stand-ins. */
  readonly official: boolean;
  /** The absolute path of the plan that access is compared with; default: the reviewed one. */
  readonly against: string | undefined;
}

/** @throws UserError that says what is wrong */
export function readArguments(args: readonly string[]): Arguments {
  const {
    options,
    args: [stack],
  } = parse(previewCommand(), args, ({ policyConfig, check, accept, ...others }) => [
    ...(check === true && accept === true ? ["either --check or --accept"] : []),
    ...(policyConfig === undefined
      ? []
      : alone
          .filter((option) => ({ check, accept, ...others })[option] !== undefined)
          .map((option) => `--policy-config previews nothing: leave out --${option}`)),
  ]);
  return {
    stack,
    project: options.project,
    diff: options.diff === true,
    files: [...outputFile("json", options.json), ...outputFile("markdown", options.markdown)],
    policyConfig: outputFile("policy-config", options.policyConfig)[0],
    graph: options.check === true ? "check" : options.accept === true ? "accept" : undefined,
    official: options.official === true,
    against: options.against === undefined ? undefined : fromPerson(options.against),
  };
}

/** The options that have no effect if only the pack's configuration is written. */
const alone = ["diff", "json", "markdown", "check", "accept", "against", "official"] as const;

/** @throws UserError that says what is wrong */
export function readPolicyConfigArguments(args: readonly string[]): Arguments {
  const {
    options: { project },
    args: [stack, file],
  } = parse(policyConfigCommand(), args);
  const [policyConfig] = outputFile("policy-config", file);
  const nothing = {
    diff: false,
    files: [],
    graph: undefined,
    official: false,
    against: undefined,
  };
  return { stack, project, policyConfig, ...nothing };
}
