/** The command line of `istio-auth0 preflight`. */
import type { OutputFile } from "../../lib/output-files";
import { command, parse } from "../arguments/command";
import { outputFile, pathOf, projectOption, standardOutputNote } from "../arguments/options";

export const preflightCommand = () =>
  command("preflight", {
    summary: "check, before pulumi up, what a stack needs",
    description: `Checks, before pulumi up, what a stack needs: its settings and secrets, the identity provider's
discovery document, issuer and keys, the Management API client's scopes, Istio's version and charts,
the cluster or what makes it, and the gateway's host and certificate. Nothing is changed anywhere.
Secrets are read by \`pulumi config --show-secrets\`, over a pipe; where that does not work, what
needs one is "not tried". Prints one line for each check: ok, failed or not tried, what was found
and what to do.`,
    notes: standardOutputNote,
    exits: { 0: "no check failed", 1: "a check failed, or the settings are wrong" },
  })
    .argument(
      "[STACK]",
      "the stack whose Pulumi.STACK.yaml is read (default: on the sandbox its own)",
    )
    .option("--json <FILE>", "write the report for programs")
    .addOption(projectOption())
    .option("--cwd <DIR>", "where the stack file is (default: the project's folder)");

export interface Arguments {
  readonly stack: string;
  /** The project's folder, as the user named it. */
  readonly project: string | undefined;
  /** Where the stack file is; default: the project's folder. */
  readonly directory: string | undefined;
  /** The file of the report for programs: at most one. */
  readonly files: readonly OutputFile[];
}

/**
 * @param own the stack if none is named. Default: one has to be named
 * @throws UserError that says what is wrong
 */
export function readArguments(args: readonly string[], own?: string): Arguments {
  const {
    options: { json, project, cwd },
    args: [stack = own ?? ""],
  } = parse(preflightCommand(), args, (_, [named = own]) =>
    named === undefined ? ["missing required argument 'STACK'"] : [],
  );
  return { stack, project, directory: pathOf(cwd), files: outputFile("json", json) };
}
