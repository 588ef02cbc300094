/** A stack's own configuration, with placeholders for the secrets that a preview does not need. */
import { z } from "zod";
import type { Application } from "../../components/application";
import { settingsComplaint, settingsProblems } from "../../components/config";
import { secretSettings, type Settings, settingsSchema } from "../../components/settings";
import { type Path, pathText } from "../../components/settings/path";
import type { Project } from "../stack/project";
import { readProjectFile, readStackFile, sectionsOf } from "../stack/stack-file";
import { UserError } from "../../lib/errors";
import { kubeconfigOfNothing } from "./nothing";
import { secretsIn } from "./secrets";

/** The placeholder for a secret. */
export const placeholder = "placeholder-of-the-preview";

/** A configuration for the engine, and which of its values are not the stack's own. */
export interface PreviewConfiguration {
  /** By full key: `istio-auth0:cluster`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The settings that have placeholders, most of them secrets: `identity.clientSecret`. */
  readonly placeholders: readonly string[];
  /** The Pulumi ESC environments that the stack file names; a preview reads none. */
  readonly environments: readonly string[];
  /** The stack's settings with their defaults. */
  readonly settings: Settings;
  /** The secrets that the stack's file has in plain text. */
  readonly secrets: readonly string[];
}

type Fields = Record<string, unknown>;

const fieldsOf = (value: unknown): Fields | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : undefined;

/**
 * Reads Pulumi.STACK.yaml, without a passphrase: every encrypted value gets a placeholder, and so does each secret that
 * the settings' schema requires and the file lacks.
 * @param project its folder, and the application that the settings are for
 * @throws UserError if there is no such stack or a file cannot be read; it names every setting that is wrong
 */
export function previewConfiguration(
  { folder: root, application }: Pick<Project, "folder" | "application">,
  stack: string,
): PreviewConfiguration {
  const project = readProjectFile(root);
  const { file, config, rest, plain } = readStackFile(project, stack);
  const prefix = `${project.name}:`;
  const settings = { ...project.defaults, ...sectionsOf(project.name, config) };
  for (const [section, value] of Object.entries(settings)) {
    if (isEncrypted(value)) throw new UserError(wholeSection(file, section));
  }
  const secrets = secretsIn(settings);
  const placeholders = [
    ...replaceEncrypted(settings),
    ...replaceKubeconfigFile(settings),
    ...replaceVersionPrefix(settings),
    ...fillRequired(application, settings),
  ];
  const problems = settingsProblems(application, settings, plain);
  if (problems.length > 0) throw new UserError(settingsComplaint(stack, problems));
  // Another namespace's encrypted value is for a provider that the stack does not use: default providers are disabled.
  const others = Object.entries(config).filter(
    ([key, value]) => !key.startsWith(prefix) && !isEncrypted(value),
  );
  return {
    config: {
      ...Object.fromEntries(others),
      ...Object.fromEntries(
        Object.entries(settings).map(([section, value]) => [prefix + section, value]),
      ),
    },
    placeholders,
    environments: environmentsOf.parse(rest.environment),
    settings: settingsSchema(application).parse(settings),
    secrets,
  };
}

const environmentsOf = z
  .union([
    z.array(z.unknown()).transform((names) => names.map(environmentName)),
    z.unknown().transform(() => ["one of its own"]),
  ])
  .optional()
  .transform((names) => names ?? []);

/** An environment is a text with its name, or an object with one key and its options. */
function environmentName(entry: unknown): string {
  return typeof entry === "string" ? entry : (Object.keys(fieldsOf(entry) ?? {})[0] ?? "one");
}

const wholeSection = (file: string, section: string) =>
  `${file}: the whole section ${section} is encrypted, and a preview has no passphrase. Encrypt its secrets one by one: pulumi config set --secret --path ${section}.NAME`;

/** The form in which Pulumi writes an encrypted value into a stack file. */
function isEncrypted(value: unknown): boolean {
  const fields = fieldsOf(value);
  return (
    fields !== undefined && Object.keys(fields).length === 1 && typeof fields.secure === "string"
  );
}

function replaceEncrypted(settings: Fields): string[] {
  return pathsTo(settings, isEncrypted).map((path) => {
    set(settings, path, placeholderFor(settings, path));
    return pathText(path);
  });
}

/** The paths to every value that is searched for; values within such a value are not searched. */
function pathsTo(value: unknown, wanted: (value: unknown) => boolean, path: Path = []): Path[] {
  if (wanted(value)) return [path];
  if (Array.isArray(value)) {
    return value.flatMap((entry, index) => pathsTo(entry, wanted, [...path, index]));
  }
  return Object.entries(fieldsOf(value) ?? {}).flatMap(([key, field]) =>
    pathsTo(field, wanted, [...path, key]),
  );
}

/** A file of the user's machine is not read: the plan would differ from machine to machine. */
function replaceKubeconfigFile(settings: Fields): string[] {
  const cluster = fieldsOf(settings.cluster);
  if (cluster?.kind !== "existing" || typeof cluster.kubeconfigPath !== "string") return [];
  if (cluster.kubeconfig !== undefined) return [];
  delete cluster.kubeconfigPath;
  cluster.kubeconfig = placeholderFor(settings, ["cluster", "kubeconfig"]);
  return ["cluster.kubeconfigPath"];
}

/** DigitalOcean is not asked for its newest version: it would differ from day to day. */
function replaceVersionPrefix(settings: Fields): string[] {
  const cluster = fieldsOf(settings.cluster);
  if (cluster?.kind !== "digitalocean" || typeof cluster.version !== "string") return [];
  if (!/^\d+\.\d+\.$/.test(cluster.version)) return [];
  cluster.version += "0-do.0";
  return ["cluster.version"];
}

/** Sets a placeholder for each secret whose absence is a problem: then there are fewer problems. */
function fillRequired(application: Application, settings: Fields): string[] {
  const filled: string[] = [];
  for (const path of [...secretSettings].flatMap((pattern) => absent(settings, pattern))) {
    const before = settingsProblems(application, settings).length;
    set(settings, path, placeholderFor(settings, path));
    if (settingsProblems(application, settings).length < before) filled.push(pathText(path));
    else set(settings, path, undefined);
  }
  return filled;
}

/** Where a secret setting is missing although the object that would have it is there. */
function absent(settings: Fields, pattern: string): Path[] {
  const keys = pattern.split(".");
  const last = keys.pop() ?? "";
  const parents = keys.reduce<readonly { path: Path; value: unknown }[]>(
    (found, key) =>
      found.flatMap(({ path, value }) => {
        const name = key.replace(/\[\]$/, "");
        const field = fieldsOf(value)?.[name];
        if (name === key) return [{ path: [...path, name], value: field }];
        const entries: readonly unknown[] = Array.isArray(field) ? field : [];
        return entries.map((entry, index) => ({ path: [...path, name, index], value: entry }));
      }),
    [{ path: [], value: settings }],
  );
  return parents.flatMap(({ path, value }) => {
    const fields = fieldsOf(value);
    return fields !== undefined && fields[last] === undefined ? [[...path, last]] : [];
  });
}

function placeholderFor(settings: Fields, path: Path): string {
  if (pathText(path) !== "cluster.kubeconfig") return placeholder;
  const context = fieldsOf(settings.cluster)?.context;
  return kubeconfigOfNothing(typeof context === "string" ? context : undefined);
}

/** Sets a value at a path whose parents exist; undefined removes it. */
function set(settings: Fields, path: Path, value: unknown): void {
  const last = path.at(-1) ?? "";
  const parent = path
    .slice(0, -1)
    .reduce<unknown>((found, key) => (found as Record<string | number, unknown>)[key], settings);
  const fields = parent as Record<string | number, unknown>;
  if (value === undefined) Reflect.deleteProperty(fields, last);
  else fields[last] = value;
}
