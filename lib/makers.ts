/** Marks in the names of what a process makes, by which another finds what a killed one has left. */
import { readlinkSync } from "node:fs";

/** A container has process ids of its own: this process sees only those of its own namespace. */
const namespace = ownNamespace();

/** What stands for this process in a name. */
export const ownMark = `${namespace}-${process.pid}`;

/**
 * Whether the process that a mark stands for has ended. Where another process has got its id since, it counts as running
 * until that one has ended, too; and so does a process that this one cannot see.
 * @param mark as `ownMark` is made; anything else is no mark, and of no process that has ended
 */
export function hasMakerEnded(mark: string): boolean {
  const [, seenFrom, pid] = /^(\d+)-([1-9]\d*)$/.exec(mark) ?? [];
  return seenFrom === namespace && pid !== undefined && hasEnded(Number(pid));
}

function hasEnded(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}

function ownNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "0";
  } catch {
    // Only Linux has them.
    return "0";
  }
}
