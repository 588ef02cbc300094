/**
 * Where a stack's configuration comes from: its file, and the Pulumi CLI for values that are encrypted or stored
 * elsewhere.
 */
import { z } from "zod";
import { sectionOf } from "../../components/sections";
import { secretSettings } from "../../components/settings";
import { find, type Path, settingText } from "../../components/settings/path";
import type { PlainValues } from "../../components/settings/plain";
import { readProjectFile, readStackFile, sectionsOf } from "../stack/stack-file";
import type { Printed } from "./printed";

export type Sections = Readonly<Record<string, unknown>>;

export interface Configuration {
  /** The project's own settings, by section. An encrypted value is `{ secure: … }` unless it was decrypted. */
  readonly sections: Sections;
  /** Why the Pulumi CLI could not be used; undefined if it could. */
  readonly undecrypted: string | undefined;
  /** Whether the file has values from Pulumi ESC, which only the CLI can read. */
  readonly environments: boolean;
  /** The secrets that the file has in plain text. */
  readonly exposed: readonly Path[];
  /** The file's values that are not text, as they are written. */
  readonly plain: PlainValues;
  /** The file's name. */
  readonly file: string;
}

const printed = z.record(
  z.string(),
  z.object({ value: z.string().optional(), objectValue: z.unknown().optional() }),
);

/**
 * @param directory the Pulumi project's folder
 * @param stack its name, which may include the organisation and the project
 * @param asked what Pulumi's command prints of it
 * @throws UserError if there is no such stack, or its file cannot be read
 */
export async function readConfiguration(
  directory: string,
  stack: string,
  asked: Promise<Printed>,
): Promise<Configuration> {
  // Other readers of the file use the last part of the name.
  const name = /^(?:\w[\w.-]*\/){0,2}(\w[\w.-]*)$/.exec(stack)?.[1] ?? stack;
  const project = readProjectFile(directory);
  const { file, config, rest, plain } = readStackFile(project, name);
  const own = { ...project.defaults, ...sectionsOf(project.name, config) };
  const values = decrypted(await asked);
  return {
    sections: typeof values === "string" ? own : sectionsOf(project.name, values),
    undecrypted: typeof values === "string" ? values : undefined,
    environments: rest.environment !== undefined,
    exposed: find(own, plainSecret).map(({ path }) => path),
    plain,
    file,
  };
}

const plainSecret = (value: unknown, path: Path) =>
  typeof value === "string" && secretSettings.has(settingText(path)) ? value : undefined;

/** All values, or one line that says why there are none. */
function decrypted(from: Printed): Sections | string {
  if ("problem" in from) return from.problem;
  const { data } = printed.safeParse(jsonIn(from.text));
  if (data === undefined) return "pulumi config did not print what it is asked for";
  return Object.fromEntries(
    Object.entries(data).map(([key, { value, objectValue }]) => [
      key,
      value === undefined ? objectValue : sectionOf(value),
    ]),
  );
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
