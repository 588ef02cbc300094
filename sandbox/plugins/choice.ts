import { join } from "node:path";
import type { Layout } from "../layout";
import { run } from "../processes";
import { reachesPulumi } from "../toolchain/pulumi";
import { type StandInName, standIns, writePluginLauncher } from "./launchers";

/** Which provider plug-ins the engine is given. */
export interface Plugins {
  /** Stand-ins, as the project's settings name local plug-ins. */
  readonly standIns: readonly {
    readonly name: string;
    readonly version: string;
    readonly path: string;
  }[];
  /** Names of the official ones. */
  readonly official: readonly string[];
}

/** The sandbox runs on a node of its own, so it needs no cloud's plug-in. */
const onSandbox: readonly StandInName[] = ["auth0", "kubernetes", "random"];

/**
 * Takes the official plug-ins where Pulumi's downloads can be reached, and this project's stand-ins
 * otherwise: all of one kind, so that what was made by one is never updated by the other's idea of it.
 *
 * @param names the packages whose plug-ins the stack needs. Default: those of the sandbox's own stack
 */
export async function choosePlugins(
  layout: Layout,
  names: readonly StandInName[] = onSandbox,
): Promise<Plugins> {
  const needed = standIns.filter(({ name }) => names.includes(name));
  if (!(await reachesPulumi())) {
    const folder = join(layout.state, "plugins");
    return {
      official: [],
      standIns: needed.map(({ name, version }) => ({
        name,
        version,
        path: writePluginLauncher(folder, name),
      })),
    };
  }
  for (const { name, version } of needed) {
    await run("pulumi", ["plugin", "install", "resource", name, version]);
  }
  return { official: needed.map(({ name }) => name), standIns: [] };
}
