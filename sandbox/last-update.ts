/** The result of the last update of the sandbox's stack, read without the Pulumi CLI. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { stackName } from "../commands/stack/project";
import { updateRecord } from "../commands/stack/last-update";
import { parseJson, readIfThere } from "../lib/files";
import { type Layout } from "./layout";
import { upCommandOf } from "./up-command";

/**
 * This file exists while an update runs, and after one that was killed. After an update that failed to create something
 * in the tenant it contains the name of that.
 */
export const updating = (layout: Layout) => join(layout.pulumi, "updating");

/** What a user has to know about an update that did not finish, and what to do; undefined if the last one finished. */
export function unfinishedUpdate(layout: Layout): string | undefined {
  const advice = `"${upCommandOf(layout)}" finishes it`;
  if (readIfThere(updating(layout)) === "") return `runs, or was interrupted: ${advice}`;
  return hasFailed(layout) ? `did not finish: ${advice}` : undefined;
}

/** Pulumi's file backend keeps a file for each update, with the time in its name. */
function hasFailed(layout: Layout): boolean {
  const folder = join(layout.pulumi, "backend/.pulumi/history", layout.project.name, stackName);
  if (!existsSync(folder)) return false;
  const last = readdirSync(folder)
    .filter((name) => name.endsWith(".history.json"))
    .sort()
    .at(-1);
  const text = last === undefined ? undefined : readIfThere(join(folder, last));
  const { data } = updateRecord.safeParse(parseJson(text ?? ""));
  return data !== undefined && data.result !== "succeeded";
}
