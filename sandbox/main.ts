/** `istio-auth0 sandbox`: the whole system on this machine, without a cloud, an account or Docker. */
import { existsSync } from "node:fs";
import { UserError } from "../lib/errors";
import { exitWith } from "../lib/run";
import { projectNamed, sandboxCommand } from "../commands/stack/project";
import { clone } from "../lib/clone";
import { readArguments } from "./arguments";
import { layout } from "./layout";
import { machineProblem, runWith, type Needs } from "./machine";
import { explainingFullDisk } from "./space";

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

async function main(): Promise<number> {
  // What the sandbox writes, and what it starts, is for its owner only.
  process.umask(0o077);
  const { name, args, project: named, allModes } = readArguments(process.argv.slice(2));
  const needs = allModes ? changing : commands[name];
  if (needs === undefined) throw new UserError(`${name} is no command of the sandbox`);
  const problem = machineProblem();
  if (problem !== undefined) throw new UserError(problem);
  const chosen = projectNamed(named);
  const places = layout(process.env, clone, chosen);
  if (name !== "up" && name !== "down" && !allModes && !existsSync(places.state)) {
    const start = sandboxCommand(chosen);
    throw new UserError(`this clone has no sandbox: start it with "${start}"`);
  }
  const program = allModes ? ["allModes"] : [name, ...args];
  return runWith(needs, places, "sandbox/entered.ts", [chosen.place, ...program]);
}

/** The same, where a full disk is told in one line. */
async function run(): Promise<number> {
  return explainingFullDisk(main(), layout());
}

exitWith(run());
