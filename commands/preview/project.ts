/** A Pulumi project of a preview's own, in a private folder, with an empty stack. */
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../lib/errors";
import { writePrivate } from "../../lib/files";
import { officialPlugins } from "../../local/plugins/choice";
import {
  dynamicPlugin,
  packPlugin,
  type StandInName,
  standIns,
  writeDynamicLauncher,
  writePackLauncher,
  writePluginLauncher,
} from "../../local/plugins/launchers";
import type { LocalPlugin } from "../../local/plugins/official";
import { makePulumiHome } from "../../local/pulumi-home";
import { writeYaml } from "../stack/pulumi-yaml";
import { projectFileName, readProjectFile, stackFileName } from "../stack/stack-file";
import type { PreviewConfiguration } from "./configuration";

/** The stand-ins of which a preview has its own version. */
const ownPlugins: Readonly<Partial<Record<StandInName, string>>> = {
  kubernetes: "commands/preview/plugins/kubernetes/main.ts",
};

/**
 * The official plug-ins of every package on this machine.
 * @throws UserError that names those that are missing, with the command that installs each
 */
export async function requireOfficial(): Promise<readonly LocalPlugin[]> {
  const { plugins, missing } = await officialPlugins(standIns);
  if (missing.length === 0) return plugins;
  const lines = missing.map(
    ({ name, version }) =>
      `--official: there is no plug-in ${name} ${version} in PULUMI_HOME or on PATH: pulumi plugin install resource ${name} ${version}`,
  );
  throw new UserError(lines.join("\n"));
}

/** Where the engine finds a project, and its environment in addition to PATH and HOME. */
export interface PreviewProject {
  readonly folder: string;
  /** The folder of the launchers of its plug-ins. */
  readonly launchers: string;
  readonly name: string;
  readonly stack: string;
  /** The folder of the project that is previewed. */
  readonly root: string;
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Writes the project's own settings, with its plug-ins, for a folder other than the project's.
 * @param root the folder of the project that is previewed
 * @param folder a folder to make; the engine writes all its files there
 * @param official the plug-ins. Default: the stand-ins, because an official one may read something outside, and the
 *   plan would differ
 */
export function writeProject(
  root: string,
  stack: string,
  { config }: Pick<PreviewConfiguration, "config">,
  folder: string,
  official?: readonly LocalPlugin[],
): PreviewProject {
  const { name, content } = readProjectFile(root);
  const launchers = join(folder, "plugins");
  const ownStandIns = () =>
    standIns.map(({ name, version }) => ({
      name,
      version,
      path: writePluginLauncher(launchers, name, ownPlugins[name]),
    }));
  const providers = [
    ...(official ?? ownStandIns()),
    { name: dynamicPlugin, path: writeDynamicLauncher(launchers) },
  ];
  const analyzers = [{ name: packPlugin, path: writePackLauncher(launchers) }];
  for (const part of ["backend", "tmp"]) {
    mkdirSync(join(folder, part), { recursive: true, mode: 0o700 });
  }
  makePulumiHome(join(folder, "home"));
  writePrivate(
    join(folder, projectFileName),
    writeYaml({ ...content, main: root, plugins: { providers, analyzers } }),
  );
  writePrivate(join(folder, stackFileName(stack)), writeYaml({ config }));
  return {
    folder,
    launchers,
    name,
    stack,
    root,
    environment: {
      PULUMI_HOME: join(folder, "home"),
      PULUMI_BACKEND_URL: `file://${join(folder, "backend")}`,
      PULUMI_CONFIG_PASSPHRASE: randomBytes(32).toString("hex"),
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      TMPDIR: join(folder, "tmp"),
    },
  };
}
