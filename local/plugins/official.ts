/** The official plug-ins that are on this machine already, in the folders in which Pulumi itself looks for them. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, existsSync, readdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import * as grpc from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import type { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { compare, satisfies } from "semver";
import type { StandIn } from "./launchers";

/** How long a plug-in on PATH may take to print its version, in milliseconds. */
const timeoutMs = 10_000;

/** A plug-in as `plugins.providers` of a project's settings names it: `path` is its folder. */
export interface LocalPlugin {
  readonly name: string;
  readonly version: string;
  readonly path: string;
}

/** Where official plug-ins may be. */
export interface Places {
  /** Pulumi's own folders, in the form of PULUMI_HOME. */
  readonly homes: readonly string[];
  /** The folders of programs, in the form of PATH. */
  readonly path: string;
}

const isSet = (value: string | undefined): value is string => value !== undefined && value !== "";

/** The user's own places. */
export const personalPlaces: Places = {
  homes: [isSet(process.env.PULUMI_HOME) ? process.env.PULUMI_HOME : join(homedir(), ".pulumi")],
  path: process.env.PATH ?? "",
};

/**
 * The official plug-in of a package, if one fits: it has the major version of the package's SDK, and is not older than
 * the SDK. Of several in Pulumi's folders, the one nearest to the SDK is used; one on PATH comes after them.
 */
export async function officialPlugin(
  wanted: Pick<StandIn, "name" | "version">,
  { homes, path }: Places,
): Promise<LocalPlugin | undefined> {
  const { name } = wanted;
  const fits = ({ version }: LocalPlugin) => satisfies(version, `^${wanted.version}`);
  const [nearest] = homes
    .flatMap((home) => installed(join(home, "plugins"), name))
    .filter(fits)
    .sort((one, other) => compare(one.version, other.version));
  if (nearest !== undefined) return nearest;
  const folder = path
    .split(delimiter)
    .find((each) => each !== "" && isProgram(join(each, fileOf(name))));
  if (folder === undefined) return undefined;
  const version = await versionOf(join(folder, fileOf(name)));
  if (version === undefined) return undefined;
  const found = { name, version, path: folder };
  return fits(found) ? found : undefined;
}

const fileOf = (name: string) => `pulumi-resource-${name}`;

/**
 * The plug-ins of the package in a folder, as Pulumi installs them: `resource-NAME-vVERSION/pulumi-resource-NAME`. For
 * an unfinished installation there is a file of the same name with `.partial` next to it.
 */
function installed(folder: string, name: string): LocalPlugin[] {
  const beginning = `resource-${name}-v`;
  return entriesOf(folder)
    .filter((entry) => entry.startsWith(beginning))
    .map((entry) => ({
      name,
      version: entry.slice(beginning.length),
      path: join(folder, entry),
    }))
    .filter(({ path }) => !existsSync(`${path}.partial`) && isProgram(join(path, fileOf(name))));
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** The version that a plug-in reports after its start; undefined if it does not report one in time. */
async function versionOf(executable: string): Promise<string | undefined> {
  // Without an engine's address it serves any client, and prints its port first.
  const plugin = spawn(executable, [], { stdio: ["ignore", "pipe", "ignore"] });
  const ended = once(plugin, "close");
  const deadline = setTimeout(() => plugin.kill("SIGKILL"), timeoutMs);
  try {
    const [port] = (await Promise.race([
      once(createInterface({ input: plugin.stdout }), "line"),
      ended,
    ])) as unknown[];
    if (typeof port !== "string") return undefined;
    return (await infoOf(port)).getVersion().replace(/^v/, "");
  } catch {
    return undefined;
  } finally {
    clearTimeout(deadline);
    plugin.kill("SIGKILL");
    await ended.catch(() => undefined);
  }
}

async function infoOf(port: string): Promise<PluginInfo> {
  const client = new ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  try {
    return await new Promise((resolve, reject) => {
      client.getPluginInfo(new Empty(), (error, info) => {
        if (error) reject(error);
        else resolve(info);
      });
    });
  } finally {
    client.close();
  }
}
