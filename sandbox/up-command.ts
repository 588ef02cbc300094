/** The command that brings a sandbox up as it is: with the settings that its last `up` was given. */
import { join } from "node:path";
import { z } from "zod";
import { mayBeSecret } from "../components/settings/secrets";
import { type Project, sandboxCommand } from "../commands/stack/project";
import { parseJson, readIfThere, writePrivate } from "../lib/files";
import { quoted } from "../lib/shell";
import type { Layout } from "./layout";

const file = (layout: Layout) => join(layout.pulumi, "set.json");
const known = z.array(z.string()).catch([]);

/** Keeps the settings of an `up`, each as `SETTING=VALUE`. */
export function rememberSettings(layout: Layout, set: readonly string[]): void {
  writePrivate(file(layout), JSON.stringify(set));
}

/** The settings in the arguments of `up`. */
export const settingsIn = (args: readonly string[]) => args.filter((each) => each !== "--all");

/** The command for the sandbox that is up. No secret is in it. */
export const upCommandOf = (layout: Layout): string =>
  upCommandWith(known.parse(parseJson(readIfThere(file(layout)) ?? "")), layout.project);

/** The same for these settings. */
export function upCommandWith(set: readonly string[], project: Pick<Project, "place">): string {
  return set.length === 0 ? sandboxCommand(project) : commandOf(set.map(withoutSecret), project);
}

/**
 * The command that brings a sandbox up with these settings alone.
 * @param assignments each as `SETTING=VALUE`
 */
export function commandOf(assignments: readonly string[], project: Pick<Project, "place">): string {
  const set = assignments.flatMap((assignment) => ["--set", asWord(assignment)]);
  return [sandboxCommand(project, "up"), ...set].join(" ");
}

const asWord = (text: string) => (/^[\w./:=-]+$/.test(text) ? text : quoted(text));

function withoutSecret(assignment: string): string {
  const [path = ""] = assignment.split("=", 1);
  return mayBeSecret(path.replace(/\[\d+\]/g, "[]")) ? `${path}=…` : assignment;
}
