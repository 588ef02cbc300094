/** The command line of `npm run preview`. */
import { parseArgs } from "node:util";
import { Failure } from "../sandbox/failure";

export const help = `Usage: npm run preview -- STACK [--diff] [--json FILE] [--check | --accept]

What pulumi up would make of Pulumi.STACK.yaml from nothing, by the real engine: no cluster, no account, no network
and no secret is needed, and nothing is left behind. The provider plug-ins are this project's stand-ins.

  --diff         every property of every resource, too
  --json FILE    the plan as JSON, too
  --check        compare the resources with test/preview/graphs/STACK.yaml, and fail where they differ
  --accept       write that file
  --help         this text

Exits with 0 when the plan can be made (and is the reviewed one, with --check), with 1 otherwise.
The Pulumi CLI is fetched or built once, into $XDG_CACHE_HOME/istio-auth0.
`;

export interface Arguments {
  readonly stack: string | undefined;
  readonly diff: boolean;
  readonly json: string | undefined;
  /** What is done about the reviewed graph. */
  readonly graph: "check" | "accept" | undefined;
}

/**
 * @returns "help" where that is asked for
 * @throws Failure naming the first mistake
 */
export function readArguments(args: readonly string[]): Arguments | "help" {
  const { values, positionals } = parse(args);
  if (values.help === true) return "help";
  const [stack, ...others] = positionals;
  if (others.length > 0) {
    throw new Failure(
      `one stack at a time: ${positionals.join(" ")} (see npm run preview -- --help)`,
    );
  }
  if (values.check === true && values.accept === true) {
    throw new Failure("either --check or --accept (see npm run preview -- --help)");
  }
  return {
    stack,
    diff: values.diff === true,
    json: values.json,
    graph: values.check === true ? "check" : values.accept === true ? "accept" : undefined,
  };
}

function parse(args: readonly string[]) {
  try {
    const options = {
      diff: { type: "boolean" },
      json: { type: "string" },
      check: { type: "boolean" },
      accept: { type: "boolean" },
      help: { type: "boolean" },
    } as const;
    return parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (error) {
    throw new Failure(
      `${error instanceof Error ? error.message : String(error)} (see npm run preview -- --help)`,
    );
  }
}
