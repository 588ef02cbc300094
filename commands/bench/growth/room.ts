/** Whether a machine has room for the services of a larger table while they are verified. */
import { readFileSync } from "node:fs";
import { totalmem } from "node:os";

/** The machine's limits for the services and verify's pods. */
export interface Machine {
  /** fs.inotify.max_user_instances: every sidecar runs as the same user, also in other namespaces. */
  readonly inotifyInstances: number;
  /** In bytes. */
  readonly memory: number;
}

/** For each sidecar's agent: counted in /proc/PID/fd of one. */
const instancesEach = 3;
const mebibyte = 2 ** 20;
/** For a pod with its sidecar, and for everything else. Measured, and rounded up. */
const memoryEach = 140 * mebibyte;
const memoryApart = 2500 * mebibyte;

export function thisMachine(): Machine {
  const limit = readFileSync("/proc/sys/fs/inotify/max_user_instances", "utf8");
  return { inotifyInstances: Number(limit), memory: totalmem() };
}

/** Why so many services cannot be verified on the machine; undefined if they can. */
export function lackFor(
  services: number,
  { inotifyInstances, memory }: Machine = thisMachine(),
): string | undefined {
  // A pod for each service and two more for the service that has three versions, verify's stranger, the gateway.
  const sidecars = services + 4;
  const instances = sidecars * instancesEach;
  if (instances > inotifyInstances)
    return `their ${sidecars} sidecars take ${instances} inotify instances, and fs.inotify.max_user_instances is ${inotifyInstances}`;
  const needed = sidecars * memoryEach + memoryApart;
  if (needed > memory)
    return `their ${sidecars} pods take ${inGibibytes(needed)} of memory, and the machine has ${inGibibytes(memory)}`;
  return undefined;
}

const inGibibytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(0)} GiB`;
