/** Pulumi's file backend of a sandbox: whether it has the stack, and what a command that was cut off has left in it. */
import { existsSync, globSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseJson, readIfThere } from "../lib/files";
import { type Layout } from "./layout";
import { stackName } from "../commands/stack/project";

export const backendFolder = (layout: Layout) => join(layout.pulumi, "backend");

/** What the backend holds, by Pulumi's own layout of it. */
const within = (layout: Layout, ...path: readonly string[]) =>
  join(backendFolder(layout), ".pulumi", ...path);

const stateFile = (layout: Layout) =>
  within(layout, "stacks", layout.project.name, `${stackName}.json`);

/** Whether the stack was made: the backend has its state. */
export const isThere = (layout: Layout): boolean => existsSync(stateFile(layout));

const isReadable = (file: string) => parseJson(readIfThere(file) ?? "{}") !== undefined;

/** Whether the state cannot be read: the engine writes it in place, and a full disk or a kill cuts it off. */
export const isDamaged = (layout: Layout): boolean => !isReadable(stateFile(layout));

/**
 * Removes what keeps every Pulumi command from the stack after one was cut off: locks, which may be empty, and
 * attributes of a file that cannot be read; Pulumi needs none. The caller holds the sandbox's lock, and has ended the
 * engines that were left, so that no process uses them.
 */
export function removeRemains(layout: Layout): void {
  rmSync(within(layout, "locks"), { recursive: true, force: true });
  const attributes = globSync("**/*.attrs", { cwd: within(layout) }).map((at) =>
    within(layout, at),
  );
  for (const file of attributes.filter((one) => !isReadable(one))) rmSync(file, { force: true });
}
