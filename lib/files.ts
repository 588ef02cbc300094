/** Files and folders that are there whole or not at all, and their texts. */
import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { hasMakerEnded, ownMark } from "./makers";

export interface Writing {
  /** Whether the content is on the disk, to outlast the machine's own end, when the writing is over. Default: false */
  readonly durable?: boolean;
}

/**
 * Replaces a file by one that only its owner may read, whole or not at all: a reader, and the next start after a crash,
 * finds the old content or the new. A link in its place is replaced, and what it leads to stays as it is. What killed
 * processes have left of the same file is removed.
 * @param path its folder has to exist
 * @param content a text, or bytes as they come
 */
export async function replaceFile(
  path: string,
  content: string | AsyncIterable<Uint8Array>,
  { durable = false }: Writing = {},
): Promise<void> {
  const unfinished = unfinishedFile(path);
  try {
    await writeFile(unfinished, content, { ...privately, flush: durable });
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
  if (durable) flushFolder(dirname(path));
}

/** The same at once, and for a text. Its folder is made where it is missing. */
export function writePrivate(
  path: string,
  content: string,
  { durable = false }: Writing = {},
): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const unfinished = unfinishedFile(path);
  try {
    writeFileSync(unfinished, content, { ...privately, flush: durable });
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
  if (durable) flushFolder(dirname(path));
}

/** For its owner alone; an existing file, or a link, is not written to. */
const privately = { mode: 0o600, flag: "wx" } as const;

/** How many files this process has begun. */
let begun = 0;

/**
 * The name of a file until it is complete, next to the file whose place it takes. No other process has it.
 * What killed processes have left of the same file is removed.
 */
export function unfinishedFile(path: string): string {
  removeAbandoned(dirname(path), basename(path));
  begun += 1;
  return `${path}${unfinishedMark}${ownMark}.${begun}`;
}

/** A new name in a folder is on the disk when the folder is. */
function flushFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Makes a folder that appears under its name only when it is complete, unless it is there already. Removes what an
 * interrupted earlier run has left.
 * @param folder its own folder has to exist
 * @param make fills the folder that it is given
 * @param family how the names of such leftovers begin; default: the folder's name
 * @param tryOut throws if the folder that it is given cannot be used: a folder that is there already is then made anew
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
  removeAbandoned(dirname(folder), family);
  const unfinished = `${folder}${unfinishedMark}${ownMark}`;
  mkdirSync(unfinished, { mode: 0o755 });
  try {
    await make(unfinished);
    await tryOut(unfinished);
    // Another clone may have made the same folder in the meantime; that one is as good.
    if (!existsSync(folder)) renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return true;
}

/** What stands in a name between what it is to be and who makes it. */
const unfinishedMark = ".unfinished-";

/**
 * Removes the files and folders that killed processes have left unfinished.
 * @param family how their names begin
 */
export function removeAbandoned(folder: string, family: string): void {
  for (const entry of entriesOf(folder)) {
    const [name = "", mark = ""] = entry.split(unfinishedMark);
    const [maker = ""] = mark.split(".");
    if (!name.startsWith(family) || !hasMakerEnded(maker)) continue;
    try {
      rmSync(join(folder, entry), { recursive: true, force: true });
    } catch {
      // It is another user's, or another process removes it: it disturbs no other process.
    }
  }
}

/** Where the folder is not there, or may only be written to, nothing is found; what is done in it next tells. */
function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
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
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && isMissing(error.code)) return undefined;
    throw error;
  }
}

/** Where a folder's place has a file, what would be in the folder is not there either. */
const isMissing = (code: unknown) => code === "ENOENT" || code === "ENOTDIR";

/** A hexadecimal digest of texts, in order. */
export function digest(...texts: string[]): string {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(`${text.length}:`).update(text);
  return hash.digest("hex");
}

/** The value that a text of JSON stands for; undefined if the text is not JSON, as a file may be damaged. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
