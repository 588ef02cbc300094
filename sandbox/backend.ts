/** Pulumi's file backend of a sandbox: whether it has the stack, and what an interrupted command has left in it. */
import { existsSync, globSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../lib/errors";
import { parseJson, readIfThere } from "../lib/files";
import { readProcess } from "../lib/processes";
import { type Layout } from "./layout";
import { stackName } from "../commands/stack/project";

export const backendFolder = (layout: Layout) => join(layout.pulumi, "backend");

/** The files of the backend, in Pulumi's own layout. */
const within = (layout: Layout, ...path: readonly string[]) =>
  join(backendFolder(layout), ".pulumi", ...path);

const stateFile = (layout: Layout) =>
  within(layout, "stacks", layout.project.name, `${stackName}.json`);

/** Whether the stack was made: the backend has its state. */
export const isThere = (layout: Layout): boolean => existsSync(stateFile(layout));

const lock = z.object({ pid: z.number() });

/** The process of Pulumi that holds a lock, if it still runs. */
function holderOf(file: string): number | undefined {
  const { data } = lock.safeParse(parseJson(readIfThere(file) ?? ""));
  return data !== undefined && /(^|\/)pulumi\0/.test(readProcess(data.pid, "cmdline"))
    ? data.pid
    : undefined;
}

const isReadable = (file: string) => parseJson(readIfThere(file) ?? "{}") !== undefined;

/** Whether the state cannot be read: the engine writes it in place, and a full disk or a kill can cut it off. */
export const isDamaged = (layout: Layout): boolean => !isReadable(stateFile(layout));

/**
 * Removes what keeps every Pulumi command from the stack after one was interrupted: locks, which may be empty, and
 * attributes of a file that cannot be read; Pulumi needs none of them. The caller holds the sandbox's lock, and has
 * ended the engines that were left.
 * @throws UserError if a Pulumi is running that the user has started in the sandbox's shell
 */
export function removeRemains(layout: Layout): void {
  const locks = globSync("**/*", { cwd: within(layout, "locks") })
    .map((at) => within(layout, "locks", at))
    .filter((path) => statSync(path).isFile());
  const holder = locks.map(holderOf).find((pid) => pid !== undefined);
  if (holder !== undefined)
    throw new UserError(
      `pulumi (process ${holder}) is changing this sandbox: let it end, and try again`,
    );
  rmSync(within(layout, "locks"), { recursive: true, force: true });
  const attributes = globSync("**/*.attrs", { cwd: within(layout) }).map((at) =>
    within(layout, at),
  );
  for (const file of attributes.filter((one) => !isReadable(one))) rmSync(file, { force: true });
}
