import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";

/** Writes a file that only its owner may read, whole or not at all. Its folder is made where it is missing. */
export function writePrivate(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const unfinished = `${path}.new`;
  rmSync(unfinished, { force: true });
  writeFileSync(unfinished, content, { mode: 0o600 });
  renameSync(unfinished, path);
}

/**
 * Makes a folder that appears under its name only when it is complete, unless it is there already. What an
 * interrupted making has left is removed.
 * @param folder its own folder has to exist
 * @param make fills the folder that it is given
 * @param family how the names begin of what was left and is in nobody's way any more; default: the folder's name
 * @param tryOut fails where the folder it is given is of no use: one that is there is then made anew
 * @returns whether it was made
 */
export async function madeWhole(
  folder: string,
  make: (unfinished: string) => Promise<void>,
  family = basename(folder),
  tryOut: (folder: string) => Promise<void> = () => Promise.resolve(),
): Promise<boolean> {
  if (existsSync(folder)) {
    try {
      await tryOut(folder);
      return false;
    } catch {
      removeWhole(folder);
    }
  }
  const beside = dirname(folder);
  for (const left of readdirSync(beside).filter(
    (entry) => entry.startsWith(family) && isAbandoned(entry),
  )) {
    rmSync(join(beside, left), { recursive: true, force: true });
  }
  const unfinished = `${folder}.unfinished-${process.pid}`;
  mkdirSync(unfinished, { mode: 0o755 });
  try {
    await make(unfinished);
    await tryOut(unfinished);
    // Another clone may have made the same meanwhile; theirs is as good.
    if (!existsSync(folder)) renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return true;
}

/** Whether an unfinished folder's maker has gone. */
function isAbandoned(entry: string): boolean {
  const pid = /\.unfinished-(\d+)$/.exec(entry)?.[1];
  return pid !== undefined && !existsSync(`/proc/${pid}`);
}

/** Removes a file or a folder. Interrupted, it leaves nothing half-removed under that name. */
export function removeWhole(path: string): void {
  const removed = `${path}.removed`;
  rmSync(removed, { recursive: true, force: true });
  if (existsSync(path)) renameSync(path, removed);
  rmSync(removed, { recursive: true, force: true });
}

/** The file's text, or undefined where there is no such file. */
export function readIfThere(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

/** A hexadecimal digest of texts, in order. */
export function digest(...texts: string[]): string {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(`${text.length}:`).update(text);
  return hash.digest("hex");
}

/** The value that a text of JSON stands for, or undefined where it is none: a file may have been damaged. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
