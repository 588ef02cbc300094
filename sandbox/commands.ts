/** The sandbox's commands. Each loads what it needs: the engine's libraries take longer to load than some commands to run. */
import { rmSync } from "node:fs";
import { type Project, sandboxCommand, tableProblem } from "../commands/stack/project";
import { knownAddresses } from "./working-copy";
import { unfinishedUpdate } from "./last-update";
import { type Layout } from "./layout";
import { kubeconfigPath, nodeService } from "../local/node/node";
import { columnLine } from "../lib/columns";
import { endShell, foreground } from "../lib/processes";
import { Progress } from "../lib/progress";
import { tenantService } from "./tenant-service";
import { settingsIn } from "./up-command";

/**
 * Starts or updates everything, verifies it and prints the table.
 * @param args settings, each `SETTING=VALUE`, or `--all`, which prints the table of every place
 * @returns the exit code: 0 when the mesh enforces what the table says, 1 when it does not
 */
export async function up(layout: Layout, args: readonly string[]): Promise<number> {
  const [{ bringUp }, { isProven }] = await Promise.all([
    import("./up.js"),
    import("../commands/verify/verify.js"),
  ]);
  const set = settingsIn(args);
  const explain = async () => {
    const { packViolations } = await import("./violations.js");
    process.stdout.write(await packViolations(layout.project));
  };
  const report = await bringUp(layout, set, { all: args.includes("--all"), explain });
  process.stdout.write(addresses(layout));
  return isProven(report) ? 0 : 1;
}

/** `verify --all-modes`: brings up every mode in turn on this sandbox, which ends with its own settings. */
export async function allModes(layout: Layout): Promise<number> {
  const { runModes } = await import("./modes/run.js");
  return runModes(layout);
}

/** One of these modes, in a process of its own: the engine runs the program within this process, and only once. */
export async function oneMode(layout: Layout, args: readonly string[]): Promise<number> {
  const { bringUpOne } = await import("./modes/one.js");
  return bringUpOne(layout, args);
}

/** Ends everything and removes all of it but the cache. */
export async function down(layout: Layout): Promise<number> {
  const progress = new Progress();
  const { remove } = await import("./remove.js");
  await remove(layout);
  rmSync(layout.state, { recursive: true, force: true });
  // Removed last: until here the lock keeps other commands off.
  rmSync(layout.lock, { force: true });
  progress.say("down", `nothing is left but tools and images in ${layout.cache}`);
  return 0;
}

/** Prints what runs, and where, also where the project's table is wrong. Exit code 0 if all of it runs. */
export function status(layout: Layout): Promise<number> {
  const services = [nodeService(layout), tenantService(layout)];
  for (const { name, pid } of services) {
    console.log(labelled(name, pid === undefined ? "does not run" : `runs (process ${pid})`));
  }
  const unfinished = unfinishedUpdate(layout);
  if (unfinished !== undefined) console.log(labelled("last update", unfinished));
  process.stdout.write(addresses(layout));
  return Promise.resolve(services.every(({ pid }) => pid !== undefined) ? 0 : 1);
}

/** A shell, or the commands on standard input, with kubectl, helm and pulumi set for the sandbox. */
export async function shell(layout: Layout): Promise<number> {
  const { runningEnvironment } = await import("./environment.js");
  const environment = await runningEnvironment(layout);
  const interactive = process.stdin.isTTY;
  const program = interactive ? (process.env.SHELL ?? "/bin/sh") : "/bin/sh";
  if (interactive)
    console.error("kubectl, helm and pulumi are set for the sandbox; leave with exit.");
  // Where the user is from now on, npm has not been.
  const env = { ...process.env, ...environment, INIT_CWD: undefined };
  return foreground(program, [], { cwd: layout.pulumi, env }, endShell);
}

/** Where everything is, as far as it has been set up. */
function addresses(layout: Layout): string {
  const { gateway, tenant } = knownAddresses(layout);
  const { title, home, people } = tableOf(layout.project);
  const password = "pulumi stack output userPasswords --show-secrets";
  const lines = [
    [title, gateway && `${gateway}${home}`],
    ["Tenant", tenant],
    ["Kubeconfig", kubeconfigPath(layout)],
    [
      "Passwords",
      people
        ? `echo '${password}' | ${sandboxCommand(layout.project, "shell", "npm run -s")}`
        : undefined,
    ],
    ["Clean up", sandboxCommand(layout.project, "down")],
  ];
  const known = lines.filter(([, value]) => value !== undefined);
  return `\n${known.map(([name = "", value = ""]) => labelled(name, value)).join("\n")}\n`;
}

/** What an address needs of a table, also of one that is wrong. */
function tableOf(project: Project) {
  const problem = tableProblem(project);
  if (problem === undefined) return project.application;
  console.error(problem);
  return { title: "Gateway", home: "", people: false };
}

/** A line of what \`status\` and \`up\` say. */
const labelled = (name: string, value: string) => columnLine([name, value], [11], " ");
