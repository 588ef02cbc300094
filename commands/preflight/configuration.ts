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
import { ask } from "./commands";

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

/** How long the Pulumi CLI may take, in milliseconds. */
const timeoutMs = 10_000;

/**
 * @param directory the Pulumi project's folder
 * @param stack its name, which may include the organisation and the project
 * @throws UserError if there is no such stack, or its file cannot be read
 */
export async function readConfiguration(directory: string, stack: string): Promise<Configuration> {
  // Other readers of the file use the last part of the name.
  const name = /^(?:\w[\w.-]*\/){0,2}(\w[\w.-]*)$/.exec(stack)?.[1] ?? stack;
  const project = readProjectFile(directory);
  const { file, config, rest, plain } = readStackFile(project, name);
  const own = { ...project.defaults, ...sectionsOf(project.name, config) };
  const decrypted = await decrypt(directory, stack);
  return {
    sections: typeof decrypted === "string" ? own : sectionsOf(project.name, decrypted),
    undecrypted: typeof decrypted === "string" ? decrypted : undefined,
    environments: rest.environment !== undefined,
    exposed: find(own, plainSecret).map(({ path }) => path),
    plain,
    file,
  };
}

const plainSecret = (value: unknown, path: Path) =>
  typeof value === "string" && secretSettings.has(settingText(path)) ? value : undefined;

/** All values from the Pulumi CLI, over its pipe only; or one line that says why there are none. */
async function decrypt(directory: string, stack: string): Promise<Sections | string> {
  const args = ["config", "--json", "--show-secrets", "--non-interactive", "--stack", stack];
  const signal = AbortSignal.timeout(timeoutMs);
  const { code, stdout, complaint } = await ask("pulumi", args, signal, directory);
  if (code === undefined) return "the pulumi command is not on PATH";
  if (signal.aborted) return `pulumi config printed nothing within ${timeoutMs / 1000} s`;
  if (code !== 0) return `pulumi config: ${complaint || "failed without a message"}`;
  const { data } = printed.safeParse(jsonIn(stdout));
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
