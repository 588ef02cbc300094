import { existsSync, statfsSync } from "node:fs";
import { dirname, join } from "node:path";
import { UserError } from "../lib/errors";
import type { Layout } from "./layout";

const megabyte = 1024 ** 2;

/**
 * How many bytes a sandbox needs on its state's disk: to be made, mostly images and containers, and to keep running.
 */
const needed = { new: 1536 * megabyte, existing: 32 * megabyte } as const;

/**
 * Checks that there is room for the sandbox's state, before anything is started.
 * @throws UserError that names the folder whose disk is too full
 */
export function requireSpace(layout: Layout): void {
  const free = freeSpace(layout.state);
  const wanted = existsSync(layout.node) ? needed.existing : needed.new;
  if (free < wanted) throw new UserError(complaint(layout.state, free, wanted));
}

/** The longest path of a socket, in bytes, and the longest that the kubelet makes in the node's folder. */
const longestSocket = 107;
const kubeletSocket = "kubelet/pod-resources/4294967295";

/**
 * Checks that the node's sockets can have their paths: the kubelet would end again and again without them.
 * @throws UserError that says how much too long the state's path is
 */
export function requireShortPath({ node, state }: Pick<Layout, "node" | "state">): void {
  const over = Buffer.byteLength(join(node, kubeletSocket)) - longestSocket;
  if (over <= 0) return;
  throw new UserError(
    `the path of the sandbox's state is too long for the node's sockets, by ${over} characters: ${state}. Set XDG_STATE_HOME to a folder with a shorter path`,
  );
}

/** With fewer bytes free the disk counts as full: the failed command may have removed what it had begun to write. */
const full = megabyte;

/**
 * The result of a command, such as its exit code. If it fails because a disk is full, which each program reports in
 * another way, the error is one line that names the disk.
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

/** The bytes that are free on the folder's disk for any user; the folder does not have to exist yet. */
function freeSpace(folder: string): number {
  if (!existsSync(folder)) return freeSpace(dirname(folder));
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
