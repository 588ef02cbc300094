/** The private folder of a preview, which tells whose it is: one that was killed cannot remove its own. */
import { lstatSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { hasMakerEnded, ownMark } from "../../lib/makers";

/** How the names begin. */
const family = "istio-auth0-preview-";

export const makeFolder = (parent = tmpdir()) => mkdtempSync(join(parent, `${family}${ownMark}-`));

/** Removes the folders of this user's previews that were killed. */
export function removeAbandoned(parent = tmpdir()): void {
  for (const name of readdirSync(parent)) {
    const path = join(parent, name);
    if (isAbandoned(name) && isOwn(path)) remove(path);
  }
}

function isAbandoned(name: string): boolean {
  const [, mark = ""] = name.startsWith(family)
    ? (/^(\d+-\d+)-/.exec(name.slice(family.length)) ?? [])
    : [];
  return hasMakerEnded(mark);
}

function isOwn(path: string): boolean {
  const status = lstatSync(path, { throwIfNoEntry: false });
  return status?.isDirectory() === true && status.uid === userInfo().uid;
}

function remove(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // Its engine still writes into it, or another preview removes it: the next preview tries again.
  }
}
