/** The command line of `npm run preflight`. */
import { parseArgs } from "node:util";
import { fromPerson, type OutputFile } from "../../lib/output-files";
import { UserError } from "../../lib/errors";

export const help = `Usage: npm run preflight -- STACK [--json FILE] [--project DIR] [--cwd DIR]

Checks, before pulumi up, what a stack needs: its settings and secrets, the identity provider's
discovery document, issuer and keys, the Management API client's scopes, Istio's version and charts,
the cluster or what makes it, and the gateway's host and certificate. Nothing is changed anywhere.
Secrets are read by \`pulumi config --show-secrets\`, over a pipe; where that does not work, what
needs one is "not tried".

  STACK        the stack whose Pulumi.STACK.yaml is read
  --json FILE  write the report for programs too; - is standard output, and then the lines go to
               standard error (npm run -s preflight -- STACK --json -)
  --project DIR the project: this one (the default), or a folder in examples/
  --cwd DIR    where the stack file is (default: the project's folder)
  --help       this text

Prints one line for each check: ok, failed or not tried, what was found and what to do. Exits with 1
when any failed or the settings are wrong, else with 0.
`;

export interface Arguments {
  readonly help: boolean;
  readonly stack: string;
  /** The project's folder, as it is named; default: the clone's. */
  readonly project: string | undefined;
  /** Where the stack file is; default: the project's folder. */
  readonly directory: string | undefined;
  /** The file of the report for programs. */
  readonly json: OutputFile | undefined;
}

/** @throws UserError naming the option that is wrong */
export function readArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parsed(args);
  const [stack = "", ...others] = positionals;
  const wanted = values.help ?? false;
  if (!wanted && (stack === "" || others.length > 0)) throw wrong("name one stack");
  if (values.json === "") throw wrong("--json needs a file's name");
  return {
    help: wanted,
    stack,
    // npm starts every script in the project's folder; files are named from where the person is.
    project: values.project,
    directory: values.cwd === undefined ? undefined : fromPerson(values.cwd),
    json: values.json === undefined ? undefined : { option: "json", path: fromPerson(values.json) },
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: "string" },
        project: { type: "string" },
        cwd: { type: "string" },
        help: { type: "boolean" },
      },
    });
  } catch (error) {
    // The rest of Node's message explains how to pass a name that begins with a hyphen.
    throw wrong((error instanceof Error ? error.message : "").split(". ", 1).join(""));
  }
}

const wrong = (reason: string) =>
  new UserError(`${reason.replace(/\.$/, "")}. See npm run preflight -- --help.`);
