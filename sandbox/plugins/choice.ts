import { join } from "node:path";
import type { Layout } from "../layout";
import { run } from "../processes";
import { reachesPulumi } from "../toolchain/pulumi";
import { standIns, writePluginLauncher } from "./launchers";

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

/**
 * Takes the official plug-ins where Pulumi's downloads can be reached, and this project's stand-ins
 * otherwise: all of one kind, so that what was made by one is never updated by the other's idea of it.
 */
export async function choosePlugins(layout: Layout): Promise<Plugins> {
  if (!(await reachesPulumi())) {
    const folder = join(layout.state, "plugins");
    return {
      official: [],
      standIns: standIns.map(({ name, version }) => ({
        name,
        version,
        path: writePluginLauncher(folder, name),
      })),
    };
  }
  for (const { name, version } of standIns) {
    await run("pulumi", ["plugin", "install", "resource", name, version]);
  }
  return { official: standIns.map(({ name }) => name), standIns: [] };
}
