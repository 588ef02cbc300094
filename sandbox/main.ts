/** `npm run sandbox`: the whole system on this machine, without a cloud, an account or Docker. */
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { UserError, messageOf } from "../lib/errors";
import { exitWith } from "../lib/run";
import { projectNamed, sandboxCommand } from "../commands/stack/project";
import { clone } from "../lib/clone";
import { layout } from "./layout";
import { machineProblem, runWith, type Needs } from "./machine";
import { explainingFullDisk } from "./space";

const help = `Usage: npm run sandbox -- [up] [--project DIR] [--set SETTING=VALUE]... [--all]
       npm run sandbox -- down | status | shell [--project DIR]
       npm run sandbox -- verify | explain | token | preflight [ARGUMENT]...

  up        make or update everything, verify it and print the table (the default)
  verify    npm run verify on the sandbox's stack: the table once more; --help says what else it
            takes. With --all-modes alone: bring up every mode in turn, from nothing or from what
            is there, verify each, and end with the own settings
  explain   npm run explain on the sandbox's stack: why a request is refused; --help says what it
            takes
  token     npm run token on the sandbox's stack: an access token of USER or MACHINE; --help says
            what it takes
  preflight npm run preflight on the sandbox's settings: what an update needs; --help says what
            it takes
  status    say what runs, and where
  shell     a shell with kubectl, helm and pulumi set for the sandbox; commands on standard input
            work. pulumi has the stack's state there; its program is run by up, and by npm run
            preview
  down      end everything and remove it; tools and images stay in the cache

  --project DIR         the project, which has a sandbox of its own: this one (the default), or a
                        folder in examples/
  --set SETTING=VALUE   change a setting of Pulumi.sandbox.yaml for this run:
                        gateway.url=http://localhost:9000
  --all                 with up and verify: print the tables of all places that requests are sent
                        from, and a line for each difference
  --help                this text

The tools are built once, into $XDG_CACHE_HOME/istio-auth0 (a quarter of an hour on two cores).
The state of this clone's sandbox is in $XDG_STATE_HOME/istio-auth0. Nothing is installed on the
machine.
`;

const commands: Readonly<Record<string, Needs>> = {
  up: { lock: true, tenant: true },
  down: { lock: true, tenant: false },
  verify: { lock: false, tenant: true },
  explain: { lock: false, tenant: true },
  token: { lock: false, tenant: true },
  preflight: { lock: false, tenant: true },
  status: { lock: false, tenant: false },
  shell: { lock: false, tenant: true },
};

/** `verify --all-modes` is no look at the sandbox, but changes it. */
const changing: Needs = { lock: true, tenant: true };

/** These take arguments of their own. */
const programs: readonly string[] = ["verify", "explain", "token", "preflight"];

const project = { type: "string" } as const;

const hint = "(see npm run sandbox -- --help)";

interface Chosen {
  readonly help: boolean;
  readonly set: readonly string[];
  /** The command, and what it is given. */
  readonly positionals: readonly string[];
  readonly project?: string | undefined;
  /** Whether up is to print every table. Default: false. */
  readonly all?: boolean;
  /** Whether verify is to run every mode. Default: false. */
  readonly allModes?: boolean;
}

function readArguments(args: readonly string[]): Chosen {
  const [program = "", ...own] = args;
  if (program === "verify" && own.includes("--all-modes")) return readAllModes(own);
  if (programs.includes(program)) {
    const { values } = parseArgs({ args: own, strict: false, options: { project } });
    const named = typeof values.project === "string" ? values.project : undefined;
    return { help: false, set: [], positionals: [program, ...own], project: named };
  }
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        project,
        set: { type: "string", multiple: true },
        all: { type: "boolean" },
        "all-modes": { type: "boolean" },
        help: { type: "boolean" },
      },
    });
    if (values["all-modes"] === true) throw new Error("--all-modes is for verify");
    return {
      help: values.help === true,
      set: values.set ?? [],
      all: values.all === true,
      positionals,
      project: values.project,
    };
  } catch (error) {
    throw new UserError(`${messageOf(error)} ${hint}`);
  }
}

/** Each mode has settings and a report of its own, so that nothing else can be said of them all. */
function readAllModes(own: readonly string[]): Chosen {
  const options = { project, "all-modes": { type: "boolean" }, help: { type: "boolean" } } as const;
  const { values, tokens } = parseArgs({ args: [...own], strict: false, tokens: true, options });
  const other = tokens.find((token) => token.kind !== "option" || !(token.name in options));
  if (other !== undefined)
    throw new UserError(
      `verify --all-modes takes nothing else but --project, and not ${own[other.index]}: each mode has a report of its own ${hint}`,
    );
  const { project: named } = values;
  if (typeof named === "boolean") throw new UserError(`--project: name its folder ${hint}`);
  const help = values.help === true;
  return { help, set: [], positionals: ["verify"], project: named, allModes: true };
}

function checkOverrides(texts: readonly string[]): void {
  const mistakes = texts
    .filter((text) => !/^[^=]+=/.test(text))
    .map(
      (text) => `--set ${text}: expected SETTING=VALUE, such as gateway.url=http://localhost:9000`,
    );
  if (mistakes.length > 0) throw new UserError(mistakes.join("\n"));
}

async function main(): Promise<number> {
  // What the sandbox writes, and what it starts, is for its owner only.
  process.umask(0o077);
  const {
    help: wantsHelp,
    set,
    positionals,
    project: named,
    all = false,
    allModes = false,
  } = readArguments(process.argv.slice(2));
  if (wantsHelp) {
    process.stdout.write(help);
    return 0;
  }
  const [name = "up", ...rest] = positionals;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined || (rest.length > 0 && !programs.includes(name))) {
    const known = Object.keys(commands).join(", ");
    throw new UserError(
      `no such command: ${positionals.join(" ")}; there are ${known} (see npm run sandbox -- --help)`,
    );
  }
  if (set.length > 0 && name !== "up") throw new UserError(`--set is for up, not for ${name}`);
  if (all && name !== "up") throw new UserError(`--all is for up and verify, not for ${name}`);
  checkOverrides(set);
  const problem = machineProblem();
  if (problem !== undefined) throw new UserError(problem);
  const chosen = projectNamed(named);
  const places = layout(process.env, clone, chosen);
  if (name !== "up" && name !== "down" && !allModes && !existsSync(places.state)) {
    const start = sandboxCommand(chosen);
    throw new UserError(`this clone has no sandbox: start it with "${start}"`);
  }
  return allModes
    ? runWith(changing, places, "sandbox/entered.ts", [chosen.place, "allModes"])
    : runWith(command, places, "sandbox/entered.ts", [
        chosen.place,
        name,
        ...(all ? ["--all"] : []),
        ...set,
        ...rest,
      ]);
}

exitWith(explainingFullDisk(main(), layout()));
