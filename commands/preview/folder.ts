/** The private folder of a preview, which tells whose it is: one that was killed cannot remove its own. */
import { lstatSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";

/** How the names begin of the folders whose makers this process can see: a container has process ids of its own. */
const family = `istio-auth0-preview-${namespace()}-`;

export const makeFolder = (beside = tmpdir()) =>
  mkdtempSync(join(beside, `${family}${process.pid}-`));

/** Removes the folders of this user's previews that were killed. */
export function removeAbandoned(beside = tmpdir()): void {
  for (const name of readdirSync(beside)) {
    const path = join(beside, name);
    if (isAbandoned(name) && isOwn(path)) remove(path);
  }
}

/** Where another process has got the id since, the folder stays until that one has ended, too. */
function isAbandoned(name: string): boolean {
  const [pid] = name.startsWith(family) ? name.slice(family.length).split("-") : [];
  return pid !== undefined && /^[1-9]\d*$/.test(pid) && hasEnded(Number(pid));
}

function hasEnded(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}

function isOwn(path: string): boolean {
  const status = lstatSync(path, { throwIfNoEntry: false });
  return status?.isDirectory() === true && status.uid === userInfo().uid;
}

function remove(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // Its engine still writes into it, or another preview removes it: the next one tries again.
  }
}

function namespace(): string {
  try {
    return /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "0";
  } catch {
    // Only Linux has them.
    return "0";
  }
}
