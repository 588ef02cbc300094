/** `npm run sandbox`: the whole system on this machine, without a cloud, an account or Docker. */
import { parseArgs } from "node:util";
import { VerifyError } from "../verify/errors";
import { down, shell, status, up, verify } from "./commands";
import { Failure } from "./failure";
import { layout, type Layout } from "./layout";
import { checkMachine, enter, hasEntered } from "./machine";
import type { Override } from "./stack";

const help = `Usage: npm run sandbox -- [up] [--set SETTING=VALUE]...
       npm run sandbox -- down | status | verify | shell

  up        make or update everything, verify it and print the table (the default)
  verify    print the table once more, of the stack as it is
  status    say what runs, and where
  shell     a shell with kubectl, helm and pulumi set for the sandbox; commands on standard input work
  down      end everything and remove it; the tools stay in the cache

  --set SETTING=VALUE   change a setting of Pulumi.sandbox.yaml for this run: gateway.url=http://localhost:9000
  --help                this text

The tools are built once, into $XDG_CACHE_HOME/istio-auth0 (about 20 minutes on two cores). The state of
this clone's sandbox is in $XDG_STATE_HOME/istio-auth0. Nothing is installed on the machine.
`;

interface Command {
  /** Whether it changes the sandbox, so that only one may run at a time. */
  readonly exclusive: boolean;
  readonly run: (layout: Layout, overrides: readonly Override[]) => Promise<number> | number;
}

const commands: Readonly<Record<string, Command>> = {
  up: { exclusive: true, run: up },
  down: { exclusive: true, run: down },
  verify: { exclusive: false, run: verify },
  status: { exclusive: false, run: status },
  shell: { exclusive: false, run: shell },
};

function readArguments(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { set: { type: "string", multiple: true }, help: { type: "boolean" } },
    });
    return { help: values.help === true, set: values.set ?? [], positionals };
  } catch (error) {
    throw new Failure(
      `${error instanceof Error ? error.message : String(error)} (see npm run sandbox -- --help)`,
    );
  }
}

function readOverride(text: string): Override {
  const [path = "", ...value] = text.split("=");
  if (path === "" || value.length === 0) {
    throw new Failure(
      `--set ${text}: expected SETTING=VALUE, such as gateway.url=http://localhost:9000`,
    );
  }
  return { path, value: value.join("=") };
}

async function main(): Promise<number> {
  const { help: wantsHelp, set, positionals } = readArguments(process.argv.slice(2));
  if (wantsHelp) {
    process.stdout.write(help);
    return 0;
  }
  const [name = "up", ...rest] = positionals;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined || rest.length > 0) {
    const known = Object.keys(commands).join(", ");
    throw new Failure(
      `no such command: ${positionals.join(" ")}; there are ${known} (see npm run sandbox -- --help)`,
    );
  }
  if (set.length > 0 && name !== "up") throw new Failure(`--set is for up, not for ${name}`);
  const overrides = set.map(readOverride);
  checkMachine();
  const places = layout();
  return hasEntered() ? command.run(places, overrides) : enter(places, command.exclusive);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    // What a person can mend is one line; anything else is a mistake of ours, and its stack trace is wanted.
    console.error(
      error instanceof Failure || error instanceof VerifyError ? `error: ${error.message}` : error,
    );
    process.exit(1);
  },
);
