/**
 * The kernel's inotify instances. Each user may have `fs.inotify.max_user_instances` of them (128 by default). The
 * programs of a node and every sidecar take some; a program that gets none ends with `too many open files`.
 */
import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";

/** Whose instances count together: the programs of the node run as root, and all sidecars run as Istio's proxy user. */
export interface Wanted {
  /** The user's id. */
  readonly user: number;
  /** How many instances it is going to take. */
  readonly instances: number;
}

/** What one sidecar takes: its agent two, Envoy one (counted on Istio 1.30). */
export const perSidecar = 3;

/** What a node's kubelet, API server, containerd and the others take, rounded up (13 counted on Kubernetes 1.35). */
export const perNode = 16;

/**
 * What is wrong with the limit, one line for each user; no line if the limit suffices, or if this is not Linux.
 * @param proc the folder of the processes and of the kernel's settings. Only root sees what the processes of other users
 *   have open
 */
export function inotifyProblems(wanted: readonly Wanted[], proc = "/proc"): readonly string[] {
  const limit = limitIn(proc);
  if (limit === undefined) return [];
  const used = usedIn(proc);
  return wanted.flatMap(({ user, instances }) => {
    const taken = used.get(user) ?? 0;
    return taken + instances <= limit
      ? []
      : [
          `user ${user} has ${taken} of ${limit} inotify instances in use, and ${instances} are needed (fs.inotify.max_user_instances)`,
        ];
  });
}

/** What to do about it. */
export const inotifyAdvice =
  "Raise the limit: sysctl -w fs.inotify.max_user_instances=1024, and the same in /etc/sysctl.d to keep it.";

function limitIn(proc: string): number | undefined {
  try {
    return Number(readFileSync(join(proc, "sys/fs/inotify/max_user_instances"), "utf8"));
  } catch {
    return undefined;
  }
}

/** How many each user has, by the user's id. */
function usedIn(proc: string): ReadonlyMap<number, number> {
  const used = new Map<number, number>();
  for (const entry of readdirSync(proc).filter((name) => /^\d+$/.test(name))) {
    const { uid, count } = instancesOf(join(proc, entry));
    used.set(uid, (used.get(uid) ?? 0) + count);
  }
  return used;
}

/** The instances of one process: none if the process has ended in the meantime, or is another user's. */
function instancesOf(process: string): { readonly uid: number; readonly count: number } {
  try {
    const { uid } = statSync(process);
    const descriptors = join(process, "fd");
    const names = readdirSync(descriptors).filter((name) => isInotify(join(descriptors, name)));
    return { uid, count: names.length };
  } catch {
    return { uid: -1, count: 0 };
  }
}

function isInotify(descriptor: string): boolean {
  try {
    return readlinkSync(descriptor) === "anon_inode:inotify";
  } catch {
    return false;
  }
}
