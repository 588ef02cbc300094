/** The command line of `istio-auth0 verify`. */
import { commandLine } from "../../lib/clone";
import { firstLine } from "../../lib/errors";
import { command, parse } from "../arguments/command";
import {
  cwdOption,
  pathOf,
  projectOption,
  signInOption,
  stackOption,
  standardOutputNote,
} from "../arguments/options";
import { defaultProbeImage } from "./probes/probe-pod";
import type { Format, ReportFile } from "./report/files";

/** Each is an option. */
const formats = ["json", "junit", "markdown", "html"] as const satisfies readonly Format[];

const everyMode = commandLine("sandbox", ["verify", "--all-modes"]);

export const verifyCommand = () =>
  command("verify", {
    summary: "prove that the running mesh enforces the table",
    description: `Sends every viewer's request to every service, through the gateway and from pods, with real and
with bad tokens. Prints what the stack does not explain, what differs from the project's table
(application.ts), by cause, the table of the gateway's answers, and a line for every other place
that requests are sent from.`,
    notes: standardOutputNote,
    exits: {
      0: "everything is as the table asks",
      1: "something differs, cannot be verified, or is refused without a permitted request next to it",
    },
  })
    .option("--all", "print the tables of all these places, and a line for each difference")
    .option(
      "--all-modes",
      `on the sandbox (${everyMode}): bring up every mode in turn, verify each, and end with the stack's own settings`,
    )
    .addOption(stackOption())
    .addOption(projectOption())
    .addOption(cwdOption())
    .option(
      "--kubeconfig <FILE>",
      "of the stack's cluster: the probe pods start while the stack's outputs are read (default: afterwards, where the outputs name the cluster)",
    )
    .option(
      "--signing-key <FILE>",
      "the tenant's private signing keys, a JWK set; without it the tokens that need the tenant's own signature are not tried",
    )
    .option(
      "--token <NAME=FILE>",
      "the access token of a user (NAME is the e-mail address) or of a machine is in FILE; may be given several times",
      (value, values: readonly string[] | undefined) => [...(values ?? []), value],
    )
    .addOption(
      signInOption(
        "have every other user sign in with a browser; without this, verify fills in the tenant's login page with the stack's passwords, and asks for a browser only where that page refuses them",
      ),
    )
    .option(
      "--probe-image <IMAGE>",
      "image of the probe pods, with node on its PATH",
      defaultProbeImage,
    )
    .option(
      "--wait <SECONDS>",
      "how long to ask again what is not answered as expected: policies take a moment to reach every sidecar (default: 30, or 5 where something is found that the stack does not explain)",
    )
    .option("--json <FILE>", "write the report for programs")
    .option("--junit <FILE>", "write it for build servers")
    .option("--markdown <FILE>", "write it for a comment on GitHub")
    .option("--html <FILE>", "write it as a page to look at");

/** `--token NAME=FILE`. */
export interface TokenOption {
  readonly name: string;
  readonly file: string;
}

export type Arguments = ReturnType<typeof readArguments>;

/** @throws UserError that says what is wrong */
export function readArguments(args: readonly string[]) {
  const { options } = parse(verifyCommand(), args, ({ token = [], allModes, wait }) => [
    ...(allModes === true
      ? [`--all-modes is for the sandbox, which it changes: ${everyMode}`]
      : []),
    ...(wait === undefined || /^\d{1,4}$/.test(wait)
      ? []
      : [`--wait ${firstLine(wait, 20)}: expected a whole number of seconds from 0 to 9999`]),
    ...token.flatMap((given) =>
      tokenOption(given) === undefined
        ? [
            `--token ${firstLine(given, 20)}: expected NAME=FILE, such as --token ada@example.com=ada.jwt`,
          ]
        : [],
    ),
  ]);
  return {
    all: options.all === true,
    stack: options.stack,
    /** The project's folder, as the user named it. */
    project: options.project,
    /** Where the Pulumi CLI finds the stack; default: the project's folder. */
    directory: pathOf(options.cwd),
    /** The file of the stack's cluster; default: unknown until the outputs are read. */
    kubeconfig: pathOf(options.kubeconfig),
    /** The file of the tenant's private signing keys. */
    signingKey: pathOf(options.signingKey),
    tokens: (options.token ?? []).flatMap((given) => tokenOption(given) ?? []),
    /** Whether users sign in with a browser from the beginning. */
    browser: options.signIn === "browser",
    probeImage: options.probeImage,
    /** Milliseconds. Default: verify's own */
    settleDeadline: options.wait === undefined ? undefined : Number(options.wait) * 1000,
    files: formats.flatMap((format): readonly ReportFile[] => {
      const path = pathOf(options[format]);
      return path === undefined ? [] : [{ format, path }];
    }),
  };
}

function tokenOption(given: string): TokenOption | undefined {
  // An e-mail address may contain an equals sign, and so may a path: the first one separates.
  const [name = "", ...rest] = given.split("=");
  const file = rest.join("=");
  return name === "" || file === "" ? undefined : { name, file };
}
