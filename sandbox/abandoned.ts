import { readdirSync, readlinkSync } from "node:fs";
import { UserError } from "../lib/errors";
import type { Layout } from "./layout";
import { isTrueWithin } from "../lib/poll";
import { end, hasEnded, endTimeoutMs, processIds, readProcess, statOf } from "../lib/processes";

/**
 * Ends a command of this sandbox that no process waits for any more. If only npm, or another process above the command,
 * was killed, the command would continue unseen and keep the lock.
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

/** The files that a process has open; none if it has ended in the meantime. */
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
 * Whether npm, or a process between it and this one, has ended. All of them are in one process group, and npm sets a
 * variable for what it starts that it does not have itself: so the chain of parents in the group either ends above npm,
 * or is broken.
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
