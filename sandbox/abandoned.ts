import { readdirSync, readlinkSync } from "node:fs";
import { UserError } from "../lib/errors";
import type { Layout } from "./layout";
import { isTrueWithin } from "../lib/poll";
import { end, hasEnded, endTimeoutMs, processIds, readProcess, statOf } from "../lib/processes";

/**
 * Ends a command of this sandbox that nobody waits for: where only npm, or another process above it, was
 * killed, it would go on unseen and hold the lock.
 */
export async function endAbandoned(layout: Layout): Promise<void> {
  for (const pid of holdersOf(layout.lock).filter(isAbandoned)) {
    end(pid, "SIGKILL");
    if (!(await isTrueWithin(endTimeoutMs, () => hasEnded(pid)))) {
      throw new UserError(`an earlier command (process ${pid}) does not end`);
    }
  }
}

/** The processes that have a file open. */
function holdersOf(path: string): number[] {
  return processIds()
    .filter((pid) => openFiles(pid).includes(path))
    .map(Number);
}

/** What a process has open; nothing where it has ended meanwhile. */
function openFiles(pid: string): string[] {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).map((descriptor) => {
      try {
        return readlinkSync(`${folder}/${descriptor}`);
      } catch {
        return "";
      }
    });
  } catch {
    return [];
  }
}

/**
 * Whether npm, or what stands between it and the process, has ended. All of them are of one process group, and
 * npm gives what it starts a variable that it has not got itself: so the chain of parents in the group ends
 * above npm, or it is broken.
 */
function isAbandoned(pid: number): boolean {
  let top = familyOf(pid);
  for (let above = top; above.pid !== 0 && above.group === top.group;) {
    top = above;
    above = familyOf(top.parent);
  }
  return readProcess(top.pid, "environ").includes("npm_lifecycle_event=");
}

/** A process's parent and group. */
function familyOf(pid: number): { pid: number; parent: number; group: number } {
  const [, parent = "0", group = "0"] = statOf(pid);
  return { pid, parent: Number(parent), group: Number(group) };
}
