/** Where a stack's configuration comes from: its file, and the Pulumi CLI for what is encrypted or kept elsewhere. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { secretSettings } from "../components/settings";
import { StackError } from "../stack/errors";
import { ask } from "./commands";
import { find, type Path, settingText } from "./values";

export type Sections = Readonly<Record<string, unknown>>;

export interface Configuration {
  /** The project's own settings, by section. An encrypted value is `{ secure: … }` unless it was decrypted. */
  readonly sections: Sections;
  /** Why the Pulumi CLI did not help; undefined where it did. */
  readonly undecrypted: string | undefined;
  /** Whether the file takes values from Pulumi ESC, which only the CLI can read. */
  readonly environments: boolean;
  /** The secrets that the file holds in plain text. */
  readonly plain: readonly Path[];
  /** The file's name. */
  readonly file: string;
}

const stackFile = z.object({
  config: z.record(z.string(), z.unknown()).default({}),
  environment: z.unknown().optional(),
});
const projectFile = z.object({ name: z.string() });
const printed = z.record(
  z.string(),
  z.object({ value: z.string().optional(), objectValue: z.unknown().optional() }),
);

/** How long the Pulumi CLI may take, in milliseconds. */
const patience = 10_000;

/**
 * @param directory the Pulumi project's folder
 * @param stack its name; it may name the organisation and the project before it
 * @throws StackError where there is no such stack, or its file cannot be read
 */
export async function readConfiguration(directory: string, stack: string): Promise<Configuration> {
  const file = `Pulumi.${stack.split("/").at(-1) ?? ""}.yaml`;
  if (!/^(\w[\w.-]*\/){0,2}\w[\w.-]*$/.test(stack) || !existsSync(join(directory, file)))
    throw new StackError(`there is no stack ${stack}: ${stacksOf(directory)}`);
  const { config, environment } = readYaml(directory, file, stackFile);
  const { name } = readYaml(directory, "Pulumi.yaml", projectFile);
  const own = sectionsOf(name, config);
  const decrypted = await decrypt(directory, stack);
  return {
    sections: typeof decrypted === "string" ? own : sectionsOf(name, decrypted),
    undecrypted: typeof decrypted === "string" ? decrypted : undefined,
    environments: environment !== undefined,
    plain: find(own, plainSecret).map(({ path }) => path),
    file,
  };
}

const plainSecret = (value: unknown, path: Path) =>
  typeof value === "string" && secretSettings.has(settingText(path)) ? value : undefined;

function stacksOf(directory: string): string {
  if (!existsSync(directory)) return `there is no folder ${directory}`;
  const names = readdirSync(directory).flatMap((file) => {
    const name = /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1];
    return name === undefined ? [] : [name];
  });
  return names.length === 0
    ? `${directory} has no file Pulumi.STACK.yaml`
    : `there are ${names.sort().join(", ")}`;
}

function readYaml<Shape extends z.ZodType>(
  directory: string,
  file: string,
  shape: Shape,
): z.output<Shape> {
  let content: unknown;
  try {
    content = parse(readFileSync(join(directory, file), "utf8"));
  } catch {
    // The parser's message quotes the file.
    throw new StackError(`${join(directory, file)} is not YAML that can be read`);
  }
  const { data } = shape.safeParse(content ?? {});
  if (data !== undefined) return data;
  throw new StackError(`${join(directory, file)} does not have the shape that Pulumi gives it`);
}

function sectionsOf(project: string, values: Sections): Sections {
  const prefix = `${project}:`;
  return Object.fromEntries(
    Object.entries(values)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), value]),
  );
}

/** All values as the Pulumi CLI knows them, over its pipe only; or in a line why it gives none. */
async function decrypt(directory: string, stack: string): Promise<Sections | string> {
  const args = ["config", "--json", "--show-secrets", "--non-interactive", "--stack", stack];
  const signal = AbortSignal.timeout(patience);
  const { code, stdout, complaint } = await ask("pulumi", args, signal, directory);
  if (code === undefined) return "the pulumi command is not on PATH";
  if (signal.aborted) return `pulumi config said nothing within ${patience / 1000} s`;
  if (code !== 0) return `pulumi config: ${complaint || "failed and said nothing"}`;
  const { data } = printed.safeParse(jsonIn(stdout));
  if (data === undefined) return "pulumi config did not print what it is asked for";
  return Object.fromEntries(
    Object.entries(data).map(([key, { value, objectValue }]) => [
      key,
      objectValue ?? jsonIn(value ?? "") ?? value,
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
