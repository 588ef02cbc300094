import { join } from "node:path";
import { commandLine } from "../../lib/clone";
import { UserError } from "../../lib/errors";
import { readIfThere, writePrivate } from "../../lib/files";
import type { Folders } from "../layout";
import { run } from "../../lib/processes";
import { reachesPulumi } from "../toolchain/pulumi";
import { type StandInName, standIns, writePluginLauncher } from "./launchers";
import { type LocalPlugin, officialPlugin, personalPlaces, type Places } from "./official";

/** Which provider plug-ins the engine uses: all are of one kind. */
export interface Plugins {
  /**
   * `found`: official ones that are on this machine; `downloaded`: official ones in the sandbox's own Pulumi folder;
   * `stand-in`: this project's.
   */
  readonly kind: "found" | "downloaded" | "stand-in";
  readonly names: readonly string[];
  /** The plug-ins that the engine does not find itself. */
  readonly providers: readonly LocalPlugin[];
}

/** The sandbox runs on its own node, so it needs no cloud's plug-in. */
const onSandbox: readonly StandInName[] = ["auth0", "kubernetes", "random"];

interface Ways {
  /** Where official plug-ins may be already. Default: the user's own folders, and the sandbox's Pulumi folder. */
  readonly places?: Places;
  /** Whether Pulumi's downloads can be reached. */
  readonly reaches?: () => Promise<boolean>;
  /** The Pulumi CLI's environment, in addition to this process's own. Default: nothing */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Uses the official plug-ins of this machine, if their versions fit; otherwise downloads them, if that is possible;
 * otherwise uses this project's stand-ins. All are of one kind, which stays until `down`, so that no resource is made
 * by one plug-in and updated by another.
 *
 * @param home the sandbox's own Pulumi folder, where plug-ins are downloaded to
 * @throws UserError if the sandbox was made with the official ones, and they are gone and cannot be downloaded
 */
export async function choosePlugins(
  layout: Folders,
  home: string,
  { places = withHome(personalPlaces, home), reaches = reachesPulumi, environment }: Ways = {},
): Promise<Plugins> {
  const needed = standIns.filter(({ name }) => onSandbox.includes(name));
  const names = needed.map(({ name }) => name);
  const maker = makerOf(layout);
  const isOpen = maker !== "stand-in";
  const found = isOpen ? await officialPlugins(needed, places) : undefined;
  if (found?.missing.length === 0) {
    decide(layout, "official");
    return { kind: "found", names, providers: found.plugins };
  }
  if (!isOpen || !(await reaches())) {
    if (maker === "official") {
      const missing = found?.missing.map(({ name }) => name).join(", ") ?? "";
      throw new UserError(
        `the sandbox was made by the official plug-ins, and these are neither here nor can they be downloaded: ${missing}. Install them (pulumi plugin install), or begin anew: ${commandLine("sandbox", ["down"])}`,
      );
    }
    decide(layout, "stand-in");
    const folder = join(layout.state, "plugins");
    const providers = needed.map(({ name, version }) => ({
      name,
      version,
      path: writePluginLauncher(folder, name),
    }));
    return { kind: "stand-in", names, providers };
  }
  for (const { name, version } of needed) {
    await run("pulumi", ["plugin", "install", "resource", name, version], {
      env: { ...process.env, ...environment },
    });
  }
  decide(layout, "official");
  return { kind: "downloaded", names, providers: [] };
}

/** Which plug-ins the sandbox was made with. */
type Maker = "official" | "stand-in";

/** A file of the sandbox's state. */
const makerFile = ({ state }: Folders) => join(state, "plug-in-maker");

/** Undefined until it is decided. */
function makerOf(layout: Folders): Maker | undefined {
  const text = readIfThere(makerFile(layout));
  return text === "official" || text === "stand-in" ? text : undefined;
}

function decide(layout: Folders, maker: Maker): void {
  writePrivate(makerFile(layout), maker);
}

const withHome = ({ homes, path }: Places, home: string): Places => ({
  homes: [...homes, home],
  path,
});

/** The official plug-ins of these packages on this machine, and the packages that have none there. */
export async function officialPlugins<Wanted extends { name: StandInName; version: string }>(
  wanted: readonly Wanted[],
  places: Places = personalPlaces,
): Promise<{ plugins: readonly LocalPlugin[]; missing: readonly Wanted[] }> {
  const found = await Promise.all(
    wanted.map(async (one) => ({ one, plugin: await officialPlugin(one, places) })),
  );
  return {
    plugins: found.flatMap(({ plugin }) => (plugin === undefined ? [] : [plugin])),
    missing: found.flatMap(({ one, plugin }) => (plugin === undefined ? [one] : [])),
  };
}

/** What messages say about the choice. */
export function describePlugins({ kind, names, providers }: Plugins): string {
  const list = names.join(", ");
  if (kind === "downloaded") return `official: ${list}`;
  if (kind === "stand-in") {
    return `stand-ins, since the official ones were neither here nor could they be downloaded: ${list}`;
  }
  const versions = providers.map(({ name, version }) => `${name} ${version}`);
  return `official, found on this machine: ${versions.join(", ")}`;
}
