/** Pulumi.yaml and Pulumi.STACK.yaml, as the Pulumi CLI reads them: the only reader of both, and what has their names. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { sectionOf } from "../../components/sections";
import type { Plain, PlainValues } from "../../components/settings/plain";
import { clone, guide } from "../../lib/clone";
import { UserError } from "../../lib/errors";
import { NotYaml, readYaml, type Yaml } from "./pulumi-yaml";

/** The project's file, in its folder. */
export const projectFileName = "Pulumi.yaml";

/** A stack's file. */
export const stackFileName = (stack: string) => `Pulumi.${stack}.yaml`;

type Fields = Readonly<Record<string, unknown>>;

/** The contents of Pulumi.yaml. */
export interface ProjectFile {
  readonly name: string;
  /** Everything in it except the folder of the stack files. */
  readonly content: Fields;
  /** The project's own settings for a section that a stack lacks, by section. */
  readonly defaults: Fields;
  /** The folder of the stack files. */
  readonly folder: string;
}

export interface StackFile {
  /** The file's name. */
  readonly file: string;
  /** By full key, such as `istio-auth0:cluster`; a section of the project's own that is JSON text is parsed. */
  readonly config: Record<string, unknown>;
  /** Everything else in the file, such as `environment` and `encryptionsalt`. */
  readonly rest: Fields;
  /** The project's own plain values, by setting: `istio.version`. */
  readonly plain: PlainValues;
}

const fields = z.record(z.string(), z.unknown());

const projectShape = z.looseObject({
  name: z.string(),
  config: z.union([fields, z.string(), z.null()]).optional(),
  stackConfigDir: z.string().optional(),
});

/** @throws UserError if it cannot be read */
export function readProjectFile(folder: string): ProjectFile {
  const { data } = projectShape.safeParse(readFile(folder, projectFileName).value);
  if (data === undefined)
    throw new UserError(
      `${projectFileName} is not an object with the project's name, and settings`,
    );
  const { stackConfigDir = "", config, ...rest } = data;
  const { name } = rest;
  // A text is the folder, in an older form.
  if (typeof config === "string")
    return { name, content: rest, defaults: {}, folder: join(folder, config) };
  return {
    name,
    content: { ...rest, ...(config && { config }) },
    defaults: defaultsOf(name, config ?? {}),
    folder: join(folder, stackConfigDir),
  };
}

/** A setting is described by an object with its default, or is its default. */
function defaultsOf(project: string, config: Fields): Fields {
  const entries = Object.entries(config).flatMap(([key, described]) => {
    const section = ownSection(project, fullKey(project, key));
    if (section === undefined) return [];
    const { data } = fields.safeParse(described);
    const value = data === undefined ? described : data.default;
    return value === undefined || value === null ? [] : [[section, value]];
  });
  return Object.fromEntries(entries) as Fields;
}

const stackShape = z.looseObject({ config: fields.nullish() }).nullable();

/**
 * @param stack only its name
 * @throws UserError if there is no such stack, or its file cannot be read
 */
export function readStackFile(project: ProjectFile, stack: string): StackFile {
  const file = stackFileName(stack);
  if (!/^\w[\w.-]*$/.test(stack) || !existsSync(join(project.folder, file)))
    throw new UserError(
      `there is no stack ${stack}: ${knownStacks(project.folder)}${templateOf(file)}`,
    );
  return stackFileOf(readFile(project.folder, file), file, project.name);
}

/** The contents of a stack's file with this text; a file that does not exist yet has none. */
export function parseStackFile(text: string, file: string, project: string): StackFile {
  return stackFileOf(parse(text, file), file, project);
}

function stackFileOf({ value, plain }: Yaml, file: string, project: string): StackFile {
  const { data, success } = stackShape.safeParse(value);
  if (!success)
    throw new UserError(`${file} is not an object whose config is an object of settings`);
  const { config, ...rest } = data ?? {};
  const entries = Object.entries(config ?? {}).map(([key, setting]): [string, unknown] => {
    const full = fullKey(project, key);
    return [full, ownSection(project, full) === undefined ? setting : sectionOf(setting)];
  });
  return { file, config: Object.fromEntries(entries), rest, plain: ownPlain(plain, project) };
}

/** By `config.istio-auth0:istio.version` and by `config.istio.version` in the file. */
function ownPlain(plain: PlainValues, project: string): PlainValues {
  const own = [...plain].flatMap(([path, value]): [string, Plain][] => {
    const [, key, below = ""] = /^config\.([\w:-]+)(.*)$/.exec(path) ?? [];
    const section = key === undefined ? undefined : ownSection(project, fullKey(project, key));
    return section === undefined ? [] : [[section + below, value]];
  });
  return new Map(own);
}

/** Pulumi's full form of a key: one without a namespace is the project's own. */
function fullKey(project: string, key: string): string {
  const [namespace = "", ...names] = key.split(":");
  if (names.length === 0) return `${project}:${key}`;
  // An older form.
  return names.length === 2 && names[0] === "config" ? `${namespace}:${names[1] ?? ""}` : key;
}

const ownSection = (project: string, key: string): string | undefined =>
  key.startsWith(`${project}:`) ? key.slice(project.length + 1) : undefined;

/** The project's own settings among these, by section. */
export function sectionsOf(project: string, config: Fields): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(config).flatMap(([key, value]) => {
      const section = ownSection(project, key);
      return section === undefined ? [] : [[section, value]];
    }),
  );
}

/** The stacks that have files in a folder. */
export function stacksOf(folder: string): string[] {
  return readdirSync(folder)
    .flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? [])
    .sort();
}

/** Where a stack's file to begin with is, if there is one. */
function templateOf(file: string): string {
  const place = join("template", file);
  return existsSync(join(clone, place)) ? `. ${guide(place)} is one to begin with` : "";
}

function knownStacks(folder: string): string {
  if (!existsSync(folder)) return `there is no folder ${folder}`;
  const names = stacksOf(folder);
  return names.length === 0
    ? `${folder} has no file ${stackFileName("STACK")}`
    : `there are ${names.join(", ")}`;
}

function readFile(folder: string, file: string): Yaml {
  if (!existsSync(folder)) throw new UserError(`there is no folder ${folder}`);
  let text: string;
  try {
    text = readFileSync(join(folder, file), "utf8");
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    throw new UserError(`${join(folder, file)} cannot be read (${reason})`);
  }
  return parse(text, file);
}

function parse(text: string, file: string): Yaml {
  try {
    return readYaml(text);
  } catch (error) {
    if (!(error instanceof NotYaml)) throw error;
    throw new UserError(`${file} is not YAML that Pulumi can read: ${error.message}`);
  }
}
