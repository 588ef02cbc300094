import { PulumiCommand } from "@pulumi/pulumi/automation";
import { SemVer } from "semver";

/** Installs the official CLI of a version into a folder, with Pulumi's own installer. */
export async function installPulumi(folder: string, version: string): Promise<void> {
  await PulumiCommand.install({ root: folder, version: new SemVer(version) });
}
