/** Pulumi's Automation API, without the runs of the CLI whose answers are known. */
import { join } from "node:path";
import { PulumiCommand } from "@pulumi/pulumi/automation";
import { SemVer } from "semver";
import { pulumiVersion } from "./tools";

/**
 * An object of the SDK's that is asked for what is known here without a run of the CLI, and is the SDK's in all else: what
 * a subclass would be, which its private constructors do not allow. The original stays as it is.
 */
export const knowing = <Original extends object>(
  original: Original,
  known: Partial<Original>,
): Original => Object.assign(Object.create(original) as Original, known);

/**
 * The CLI of a folder. The SDK's own way to find it runs `pulumi version` without the environment of the other commands,
 * so that Pulumi writes a log into the user's own home.
 */
export const commandIn = (folder: string): PulumiCommand =>
  knowing(PulumiCommand.prototype, {
    command: join(folder, "bin", "pulumi"),
    version: new SemVer(pulumiVersion),
  });

/** What the SDK runs each command with; its types leave it out. */
interface Runner {
  run(...args: readonly unknown[]): Promise<unknown>;
}

/** The same CLI, which calls `load` as soon as it has started a command: what takes long to load is loaded meanwhile. */
export function loading(cli: PulumiCommand, load: () => void): PulumiCommand {
  const runner = cli as PulumiCommand & Runner;
  return knowing(runner, {
    run: (...args) => {
      const ran = runner.run(...args);
      setImmediate(load);
      return ran;
    },
  });
}
