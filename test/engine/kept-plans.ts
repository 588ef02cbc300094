/**
 * Takes the place of commands/preview/engine-process in a clone's command: it plans a stack once, and takes the same
 * plan where its files and the program are the same, so that a test of what is said of a plan need not have it made anew.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import { previewApart as planApart } from "../../commands/preview/engine-process";
import type { Preview } from "../../commands/preview/engine";
import { stackFileName } from "../../commands/stack/stack-file";
import { digest } from "../../lib/files";

export const previewApart: typeof planApart = async (task, options) => {
  const { folder, stack } = task.project;
  const stackFile = readFileSync(join(folder, stackFileName(stack)), "utf8");
  const key = digest(stackFile, JSON.stringify(task.configuration));
  // The programs of other sources are in another folder.
  const kept = join(process.env.ISTIO_AUTH0_PROGRAMS ?? "", `${key}.plan`);
  if (!existsSync(kept)) writeFileSync(kept, serialize(await planApart(task, options)));
  return deserialize(readFileSync(kept)) as Preview;
};
