import { existsSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { UserError } from "../lib/errors";
import type { Layout } from "./layout";

const megabyte = 1024 ** 2;

/** What a sandbox needs of its state's disk, in bytes: to be made, mostly images and containers, and to go on. */
const needed = { new: 1536 * megabyte, existing: 32 * megabyte } as const;

/**
 * Checks that the sandbox's state will find room, before anything is started.
 * @throws UserError naming the folder whose disk is too full
 */
export function requireSpace(layout: Layout): void {
  const free = freeSpace(layout.state);
  const wanted = existsSync(layout.node) ? needed.existing : needed.new;
  if (free < wanted) throw new UserError(complaint(layout.state, free, wanted));
}

/** Less than this, in bytes, is a full disk: whatever failed may have removed what it had begun to write. */
const full = megabyte;

/**
 * What a command gives, such as its exit code. Where it fails because a disk is full, which each program says in words
 * of its own, the error is one line that names the disk.
 */
export async function explainingFullDisk<Result>(
  command: Promise<Result>,
  layout: Layout,
): Promise<Result> {
  try {
    return await command;
  } catch (error) {
    const said = error instanceof Error ? error.message : "";
    if (said.startsWith(beginning)) throw error;
    const { folder, free } = fullest([layout.state, layout.cache]);
    if (free >= full && !/ENOSPC|no space left/i.test(said)) throw error;
    throw new UserError(complaint(folder, free));
  }
}

function fullest(folders: readonly string[]): { folder: string; free: number } {
  return folders
    .map((folder) => ({ folder, free: freeSpace(folder) }))
    .reduce((one, other) => (other.free < one.free ? other : one));
}

const beginning = "no space left on the disk of";

function complaint(folder: string, free: number, wanted?: number): string {
  const room = (bytes: number) => `${Math.floor(bytes / megabyte)} MB`;
  const needs = wanted === undefined ? "" : `, and the sandbox needs ${room(wanted)}`;
  return `${beginning} ${folder} (${room(free)} are free${needs}): free some, and run the command again`;
}

/** What the folder's disk has left for anybody, in bytes; the folder need not exist yet. */
function freeSpace(folder: string): number {
  if (!existsSync(folder)) return freeSpace(dirname(folder));
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
