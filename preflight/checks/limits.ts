import { inotifyAdvice } from "../../lib/inotify";
import { type Check, failed, notTried, ok } from "../check";

/** Whether this machine's kernel lets a node have what it needs. */
export function limitsCheck(problems: () => readonly string[], platform = process.platform): Check {
  const run = () => {
    if (platform !== "linux") {
      return notTried("Docker's own machine has the limit", `There: ${inotifyAdvice}`);
    }
    const found = problems();
    return found.length === 0
      ? ok("enough inotify instances")
      : failed(found.join("; "), inotifyAdvice);
  };
  return { name: "kernel", run };
}
