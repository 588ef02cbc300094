/** The environments of what the sandbox starts: each process is given its own, and this one's stays as it is. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { upVariable } from "../commands/stack/last-update";
import { sandboxCommand, stackName } from "../commands/stack/project";
import { UserError } from "../lib/errors";
import { Progress } from "../lib/progress";
import { kubeconfigPath, nodeService } from "../local/node/node";
import { ensureToolchain, type Toolchain } from "../local/toolchain/toolchain";
import { backendFolder } from "./backend";
import type { Layout } from "./layout";
import { upCommandOf } from "./up-command";

/** Pulumi's own folder, where official plug-ins go: any clone may use them again. */
export const pulumiHome = (layout: Layout) => join(layout.cache, "pulumi-home");

/**
 * The environment of every Pulumi, kubectl and Helm command on the sandbox's stack, in addition to this process's own.
 * Nothing of it is in the user's own Pulumi home.
 */
export function pulumiEnvironment(
  layout: Layout,
  toolchain: Pick<Toolchain, "path">,
): Record<string, string> {
  return {
    PATH: [...toolchain.path, process.env.PATH ?? ""].join(":"),
    PULUMI_HOME: pulumiHome(layout),
    PULUMI_BACKEND_URL: `file://${backendFolder(layout)}`,
    PULUMI_CONFIG_PASSPHRASE_FILE: join(layout.pulumi, "passphrase"),
    PULUMI_STACK: stackName,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    KUBECONFIG: kubeconfigPath(layout),
    KUBECACHEDIR: join(layout.state, "kubectl"),
    HELM_CACHE_HOME: join(layout.state, "helm"),
    HELM_CONFIG_HOME: join(layout.state, "helm"),
    HELM_DATA_HOME: join(layout.state, "helm"),
  };
}

/**
 * The same for a program that asks the sandbox that is up, with what it tells the user to run.
 * @throws UserError where no sandbox is up
 */
export async function runningEnvironment(layout: Layout): Promise<Record<string, string>> {
  if (nodeService(layout).pid === undefined || !existsSync(kubeconfigPath(layout)))
    throw new UserError(
      `no sandbox runs for this project: start it with "${sandboxCommand(layout.project)}"`,
    );
  const toolchain = await ensureToolchain(layout.cache, new Progress().of("tools"));
  return {
    ...pulumiEnvironment(layout, toolchain),
    [upVariable]: upCommandOf(layout),
  };
}
