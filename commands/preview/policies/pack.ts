/** The policy pack as a preview gives it to the engine. */
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { readIfThere, writePrivate } from "../../../lib/files";
import { packProcess, packRuntime } from "../../../local/plugins/launchers";
import { crossGuardConfiguration, type PackConfiguration } from "./configuration";

/** The pack's name in policies/index.ts. */
export const packName = "istio-auth0";

/** Where the engine finds a pack. */
export interface Pack {
  readonly folder: string;
  /** The file with its configuration. */
  readonly file: string;
}

/**
 * Writes a folder from which any CLI's engine starts the pack with this project's own launcher.
 *
 * Every rule that is run is advisory there: a preview with a mandatory violation has to show the whole plan, and the
 * engine gives none for one. The preview itself decides what a violation means.
 * @param root the clone's folder
 * @param folder a folder to make
 */
export function writePack(root: string, configuration: PackConfiguration, folder: string): Pack {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writePrivate(join(folder, "PulumiPolicy.yaml"), stringify({ runtime: packRuntime }));
  // The SDK reads the pack's version here.
  cpSync(join(root, "policies", "package.json"), join(folder, "package.json"));
  const file = join(folder, "configuration.json");
  const asked = Object.entries(configuration).map(([name, { level, settings }]) => {
    return [name, { level: level === "mandatory" ? "advisory" : level, settings }] as const;
  });
  writePrivate(file, crossGuardConfiguration(Object.fromEntries(asked)));
  return { folder, file };
}

/**
 * Ends the pack's process, if there is one: an engine that is told to end waits for the pack's answer.
 * @param launchers the folder of the preview's launchers
 */
export function endPack(launchers: string): void {
  const id = Number(readIfThere(join(launchers, packProcess)) ?? "");
  if (id === 0) return;
  try {
    process.kill(id, "SIGKILL");
  } catch {
    // It has ended.
  }
}
