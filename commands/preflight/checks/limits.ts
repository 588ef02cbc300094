import { inotifyAdvice } from "../../../lib/inotify";
import { type Check, failed, notTried, ok } from "../check";

/** Where the check runs. Default: this machine and this process. */
interface Where {
  readonly platform: NodeJS.Platform;
  /** The user's id. */
  readonly user: number | undefined;
}

/** Whether this machine's kernel has limits that are high enough for a node. */
export function limitsCheck(
  problems: (signal: AbortSignal) => Promise<readonly string[]> | readonly string[],
  { platform, user }: Where = { platform: process.platform, user: process.getuid?.() },
): Check {
  const run = async (signal: AbortSignal) => {
    if (platform !== "linux")
      return notTried("Docker's own machine has the limit", `There: ${inotifyAdvice}`);
    const found = await problems(signal);
    if (found.length > 0) return failed(found.join("; "), inotifyAdvice);
    if (user === 0) return ok("enough inotify instances");
    return notTried(
      "the limit of inotify instances is high enough, but only root sees how many are in use",
      'Run this as root, or look for pods that end with "too many open files".',
    );
  };
  return { name: "kernel", run };
}
