/** `npm run token`: an access token of one user or machine, as verify gets it. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { UserError, firstLine, messageOf } from "../../lib/errors";
import { exitWith } from "../../lib/run";
import { outputsIfAny, runOnSandbox } from "../stack/on-sandbox";
import type { StackOutputs } from "../stack/outputs";
import { projectNamed } from "../stack/project";
import { trust } from "../../lib/trust";
import { withPeople } from "../verify/tokens/person";
import { genuineTokens, type IssuedTokens } from "../verify/tokens/tokens";

const help = `Usage: npm run -s token -- USER|MACHINE [--stack STACK] [--project DIR] [--cwd DIR]
                           [--sign-in browser]

Prints an access token of one of the stack's users or machines, and nothing else, for curl and for
npm run explain:

  curl -H "Authorization: Bearer $(npm run -s token -- reporting)" http://localhost:8080/api/v1/products/0
  npm run -s token -- moderator@bookinfo.example | npm run -s explain -- -

  USER               the e-mail address of one of the stack's users: the tenant's login page is filled
                     in with the stack's password, or a browser is asked for where that is not enough
  MACHINE            the name of one of its machines: client credentials
  --stack STACK      the Pulumi stack (default: the selected one, else the sandbox's)
  --project DIR      the project: this one (the default), or a folder in examples/
  --cwd DIR          where the Pulumi CLI finds the stack (default: the project's folder)
  --sign-in browser  have the user sign in with a browser
  --help             this text
`;

const hint = "See npm run token -- --help.";

function readArguments() {
  try {
    const text = { type: "string" } as const;
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        stack: text,
        project: text,
        cwd: text,
        "sign-in": text,
        help: { type: "boolean", default: false },
      },
    });
    const way = values["sign-in"];
    if (way !== undefined && way !== "browser")
      throw new Error(`--sign-in ${way}: there is only --sign-in browser`);
    if (positionals.length > 1) throw new Error("one user or machine at a time");
    return { ...values, browser: way === "browser", name: positionals[0] };
  } catch (error) {
    throw new UserError(`${messageOf(error).replace(/\.$/, "")}. ${hint}`);
  }
}

/** The stack's outputs with this one viewer. */
function only(name: string | undefined, outputs: StackOutputs): StackOutputs {
  const { users, machines } = outputs.viewers;
  const viewers = {
    ...outputs.viewers,
    users: users.filter(({ email }) => email === name),
    machines: machines.filter((machine) => machine.name === name),
  };
  if (viewers.users.length + viewers.machines.length === 1) return { ...outputs, viewers };
  const names = [...users.map(({ email }) => email), ...machines.map((machine) => machine.name)];
  const asked = name === undefined ? "whose token?" : `the stack has no ${firstLine(name, 60)}:`;
  throw new UserError(`${asked} One of ${names.join(", ")} is expected. ${hint}`);
}

function tokensOf(outputs: StackOutputs, browser: boolean): Promise<IssuedTokens> {
  if (browser && outputs.viewers.users.length > 0 && !process.stdin.isTTY)
    throw new UserError("--sign-in browser needs a terminal, to paste an address into");
  const { signal } = new AbortController();
  return withPeople(outputs, new Map(), { browser, signal }, (given) =>
    genuineTokens(outputs, signal, given),
  );
}

/** @returns the exit code */
async function main(): Promise<number> {
  const { name, browser, ...options } = readArguments();
  if (options.help) {
    process.stdout.write(help);
    return 0;
  }
  const { application, folder } = projectNamed(options.project);
  const directory = options.cwd === undefined ? folder : resolve(options.cwd);
  const outputs = await outputsIfAny(application, directory, options.stack);
  if (outputs === undefined) return runOnSandbox("token");
  const one = only(name, outputs);
  trust(outputs.certificateAuthority);
  const [issued] = (await tokensOf(one, browser)).values();
  process.stdout.write(`${issued?.accessToken ?? ""}\n`);
  return 0;
}

exitWith(main());
