/** The settings of a stack file, by their paths. */
import { z } from "zod";
import type { Project } from "../commands/stack/project";
import { sectionsOf, type StackFile } from "../commands/stack/stack-file";
import { UserError } from "../lib/errors";

/** A project's stack file, as it is or as it will be written. Every setting of the program is an object. */
export interface Configuration extends Pick<StackFile, "config" | "rest" | "plain"> {
  readonly project: Project;
}

/** A path's steps: `a.b[0].c` is the setting a, its field b, the first entry of that list and the entry's field c. */
const stepsOf = (path: string) => path.split(/[.[\]]+/).filter((step) => step !== "");

/** Sets a value in the settings; `a.b.c` is the field c of b of the setting a. */
export function set(
  { project, config }: Pick<Configuration, "project" | "config">,
  path: string,
  value: unknown,
): void {
  const [setting = "", ...fields] = stepsOf(path);
  const last = fields.pop();
  if (last === undefined) {
    throw new UserError(`--set ${path}: name a field of a setting, such as gateway.url`);
  }
  let target: Record<string, unknown> = config;
  for (const field of [`${project.name}:${setting}`, ...fields]) {
    requireEntry(target, field, path);
    const found = container.safeParse(target[field] ?? {});
    if (!found.success) throw new UserError(`--set ${path}: ${field} has no fields`);
    target[field] = found.data;
    target = found.data as Record<string, unknown>;
  }
  requireEntry(target, last, path);
  target[last] = value;
}

/** A list accepts a value in place of an entry, or after the last. */
function requireEntry(target: object, field: string, path: string): void {
  if (!Array.isArray(target) || (/^\d+$/.test(field) && Number(field) <= target.length)) return;
  throw new UserError(`--set ${path}: a list of ${target.length} has no [${field}]`);
}

/** Removes a value from the settings. */
export function take(
  { project, config }: Pick<Configuration, "project" | "config">,
  path: string,
): unknown {
  const [setting = "", ...fields] = stepsOf(path);
  const last = fields.pop() ?? "";
  let target: Record<string, unknown> = config;
  for (const field of [`${project.name}:${setting}`, ...fields]) {
    const found = container.safeParse(target[field]);
    if (!found.success) return undefined;
    target = found.data as Record<string, unknown>;
  }
  const value = target[last];
  // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- a copy of the file's content
  delete target[last];
  return value;
}

/** What has fields: an object, or a list, whose fields are its entries. It is not copied. */
const container = z.custom<object>((value) => typeof value === "object" && value !== null);

/** The settings of the program only, by their own names. */
export const settingsOf = ({
  project,
  config,
}: Pick<Configuration, "project" | "config">): Record<string, unknown> =>
  structuredClone({ ...project.defaults, ...sectionsOf(project.name, config) });
