/** The command line of `npm run verify`. */
import { parseArgs } from "node:util";
import { UserError, messageOf } from "../../lib/errors";
import { defaultProbeImage } from "./probes/probe-pod";
import type { Format, ReportFile } from "./report/files";

export const help = `Usage: npm run verify -- [--stack STACK] [OPTION]...

Sends every viewer's request to every service, through the gateway and from pods, with real and
with bad tokens. Prints what the stack does not explain, what differs from the project's table
(application.ts), by cause, the table of the gateway's answers, and a line for every
other place that requests are sent from.

  --all                  print the tables of all these places, and a line for each difference
  --stack STACK          the Pulumi stack to verify (default: the selected one; where there is none,
                         or no Pulumi on PATH, the sandbox's)
  --project DIR          the project, whose table it is: this one (the default), or a folder in
                         examples/
  --cwd DIR              where the Pulumi CLI finds the stack (default: the project's folder)
  --kubeconfig FILE      of the stack's cluster: the probe pods start while the stack's outputs are
                         read (default: afterwards, where the outputs name the cluster)
  --signing-key FILE     the tenant's private signing keys, a JWK set; without it the tokens that
                         need the tenant's own signature are not tried
  --token NAME=FILE      the access token of a user (NAME is the e-mail address) or of a machine is
                         in FILE; may be given several times
  --sign-in browser      have every other user sign in with a browser; without this, verify fills in
                         the tenant's login page with the stack's passwords, and asks for a browser
                         only where that page does not let it in
  --probe-image IMAGE    image of the probe pods, with node on its PATH
                         (default: ${defaultProbeImage})
  --json FILE            write the report for programs,
  --junit FILE           for build servers,
  --markdown FILE        for a comment on GitHub,
  --html FILE            and as a page to look at. FILE may be - (standard output) for one of them:
                         then the table goes to standard error (npm run -s verify -- --json -)
  --help                 this text

Exits with 0 when everything is as asked for, with 1 when anything differs, cannot be verified, or
is refused with no permitted request beside it to show that the refusal is one.
`;

const text = { type: "string" } as const;
const options = {
  stack: text,
  project: text,
  cwd: text,
  kubeconfig: text,
  "signing-key": text,
  token: { type: "string", multiple: true },
  "sign-in": text,
  "probe-image": text,
  json: text,
  junit: text,
  markdown: text,
  html: text,
  all: { type: "boolean" },
  "all-modes": { type: "boolean" },
  help: { type: "boolean" },
} as const;

/** Each is an option of its own. */
const formats = ["json", "junit", "markdown", "html"] as const satisfies readonly Format[];

/** `--token NAME=FILE`. */
export interface TokenOption {
  readonly name: string;
  readonly file: string;
}

export interface Arguments {
  readonly help: boolean;
  readonly stack?: string;
  /** The project's folder, as it is named; default: the clone's. */
  readonly project?: string;
  /** Where the Pulumi CLI finds the stack; default: the project's folder. */
  readonly directory?: string;
  /** The file of the stack's cluster; default: not known before the outputs. */
  readonly kubeconfig?: string;
  readonly signingKey?: string;
  readonly tokens: readonly TokenOption[];
  /** Whether people sign in with a browser from the beginning. */
  readonly browser: boolean;
  readonly probeImage?: string;
  readonly files: readonly ReportFile[];
  /** Whether to print every table, and a line for each difference. */
  readonly all: boolean;
}

/** @throws UserError naming the option that is wrong */
export function readArguments(args: readonly string[]): Arguments {
  const given = parsed(args);
  if (given["all-modes"] === true)
    throw new UserError(
      "--all-modes is for the sandbox, which it changes: npm run sandbox -- verify --all-modes",
    );
  return {
    help: given.help ?? false,
    all: given.all ?? false,
    tokens: (given.token ?? []).map(tokenOption),
    browser: signInWith(given["sign-in"]),
    files: formats.flatMap((format) => {
      const path = given[format];
      return path === undefined ? [] : [{ format, path: named(`--${format}`, path) }];
    }),
    ...(given.stack !== undefined && { stack: named("--stack", given.stack) }),
    ...(given.project !== undefined && { project: given.project }),
    ...(given.cwd !== undefined && { directory: given.cwd }),
    ...(given.kubeconfig !== undefined && { kubeconfig: given.kubeconfig }),
    ...(given["signing-key"] !== undefined && { signingKey: given["signing-key"] }),
    ...(given["probe-image"] !== undefined && { probeImage: given["probe-image"] }),
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    const reason = messageOf(error);
    throw new UserError(`${reason}. See npm run verify -- --help.`);
  }
}

function named(option: string, value: string): string {
  if (value === "") throw new UserError(`${option} is empty. See npm run verify -- --help.`);
  return value;
}

function tokenOption(value: string): TokenOption {
  // An e-mail address may hold an equals sign, and so may a path: the first one is it.
  const [name = "", ...rest] = value.split("=");
  const file = rest.join("=");
  if (name === "" || file === "") {
    throw new UserError(
      `--token ${value}: expected NAME=FILE, such as --token ada@example.com=ada.jwt`,
    );
  }
  return { name, file };
}

function signInWith(value: string | undefined): boolean {
  if (value === undefined || value === "browser") return value === "browser";
  throw new UserError(`--sign-in ${value}: there is only --sign-in browser`);
}
