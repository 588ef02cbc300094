/** The planned resources as a reviewed file has them: every run on every machine gives the same text. */
import { join } from "node:path";
import { structuredPatch } from "diff";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { commandLine } from "../../lib/clone";
import type { Project } from "../stack/project";
import { type Plan, type PlannedResource, titleOf } from "./plan";

const entrySchema = z.looseObject({
  type: z.string(),
  name: z.string(),
  /** Titles. */
  dependencies: z.array(z.string()).optional(),
  inputs: z.record(z.string(), z.unknown()).optional(),
});

/** A resource in the file. */
export type Entry = z.infer<typeof entrySchema>;

/**
 * The file of a stack's reviewed graph, relative to the clone's folder; for an example it is in the example's folder.
 */
export const graphFile = ({ place }: Pick<Project, "place">, stack: string) =>
  join(place, "plans", `${stack}.yaml`);

const yaml = { lineWidth: 0, aliasDuplicateObjects: false };

/** The command that writes the file. */
export const acceptCommand = ({ place }: Pick<Project, "place">, stack: string) =>
  commandLine("preview", [stack, ...(place === "" ? [] : ["--project", place]), "--accept"]);

/** The text of the file. */
export function graphOf(project: Pick<Project, "place">, { stack, resources }: Plan): string {
  const command = acceptCommand(project, stack);
  const heading = `# What stack ${stack} plans to make from nothing. \`${command}\` writes this file.\n`;
  return heading + stringify(resources.map(entryOf), yaml);
}

export function entryOf(resource: PlannedResource): Entry {
  const { type, name, parent, provider, protect, dependencies, inputs } = resource;
  return {
    type,
    name,
    ...(parent !== undefined && { parent: titleOf(parent) }),
    ...(provider !== undefined && { provider: titleOf(provider) }),
    ...(protect && { protect }),
    ...(dependencies.length > 0 && { dependencies: dependencies.map(titleOf).sort() }),
    ...(Object.keys(inputs).length > 0 && { inputs }),
  };
}

/**
 * Compares two texts of such a file, resource by resource.
 * @returns the lines that differ, each group with its resource's title; empty if there is no difference
 */
export function graphDifference(reviewed: string, planned: string): string[] {
  // The usual case: to read both takes longer than to compare them.
  if (reviewed === planned) return [];
  const before = entriesOf(reviewed);
  const after = entriesOf(planned);
  const titles = [...new Set([...before.keys(), ...after.keys()])].sort();
  return titles.flatMap((title) => {
    const old = before.get(title);
    const now = after.get(title);
    if (old === now) return [];
    const sign = old === undefined ? "+" : now === undefined ? "-" : "~";
    return [`${sign} ${title}`, ...changedLines(old ?? "", now ?? "").map((line) => `    ${line}`)];
  });
}

function changedLines(old: string, now: string): string[] {
  const { hunks } = structuredPatch("", "", old, now, "", "", { context: 2 });
  return hunks.flatMap(({ lines }, position) => (position === 0 ? lines : ["  …", ...lines]));
}

/** As it is written: what is parsed by a schema has the schema's order. */
const written = z.array(z.custom<Entry>((value) => entrySchema.safeParse(value).success));

/** @throws Error if the text is not such a file's */
export function readGraph(text: string): readonly Entry[] {
  return written.parse(parse(text) ?? []);
}

/** Each resource's text by its title. Two of one type and name are distinguished by their positions. */
function entriesOf(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const entry of readGraph(text)) found.set(freeTitle(found, entry), stringify(entry, yaml));
  return found;
}

function freeTitle(taken: ReadonlyMap<string, string>, { type, name }: Entry): string {
  let title = `${type} ${name}`;
  for (let number = 2; taken.has(title); number += 1) title = `${type} ${name} (${number})`;
  return title;
}
