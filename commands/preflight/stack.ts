/** A stack as its configuration describes it, with the secrets that could be read. */
import type { Application } from "../../components/application";
import type * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { z } from "zod";
import { type Settings, settingsComplaint, settingsProblems } from "../../components/config";
import { secretSettings, settingsSchema } from "../../components/settings";
import { find, type Path, pathText, settingText, valueAt } from "../../components/settings/path";
import { commandLine } from "../../lib/clone";
import { UserError } from "../../lib/errors";
import { stackName } from "../stack/project";
import { stackFileName } from "../stack/stack-file";
import { type Configuration, readConfiguration, type Sections } from "./configuration";
import { Redactor } from "../../lib/redaction";
import { printedConfiguration } from "./printed";
import { withValue } from "./values";

/** A secret that could not be read, and what to do about it. */
export interface Missing {
  /** True if it is not set; otherwise it only cannot be read here. */
  readonly unset: boolean;
  readonly found: string;
  readonly advice: string;
}

export interface Stack {
  readonly name: string;
  /** The application of the stack. */
  readonly application: Application;
  readonly file: string;
  /** Whether it is the sandbox's stack. */
  readonly isSandbox: boolean;
  /**
   * Whether it is the sandbox's stack as it is committed: only a sandbox knows the addresses of its tenant and cluster.
   */
  readonly isAbsent: boolean;
  /** The checked settings. A missing secret has a placeholder, which must not be sent to any server. */
  readonly settings: Settings;
  /** By setting: `cluster.token`. */
  readonly missing: ReadonlyMap<string, Missing>;
  /** The secrets that the stack's file has in plain text. */
  readonly plain: readonly string[];
  readonly secrets: Redactor;
}

/**
 * Reads a stack's configuration and checks all of it.
 * @param application the application of the stack
 * @param directory the Pulumi project's folder
 * @param asked what Pulumi's command prints of it. Default: it is asked
 * @throws UserError that names every problem, or says that there is no such stack
 */
export async function readStack(
  application: Application,
  directory: string,
  name: string,
  asked = printedConfiguration(directory, name),
): Promise<Stack> {
  const configuration = await readConfiguration(directory, name, asked);
  const { sections, missing } = complete(application, configuration, name);
  const problems = settingsProblems(application, sections, configuration.plain);
  const { data } = settingsSchema(application).safeParse(sections);
  if (data === undefined) throw new UserError(settingsComplaint(name, problems));
  const secrets = new Redactor();
  remember(secrets, sections, missing);
  return {
    name,
    application,
    file: configuration.file,
    isSandbox: configuration.file === sandboxFile,
    isAbsent: configuration.file === sandboxFile && missing.has(pathText(kubeconfigPath)),
    settings: data,
    missing,
    plain: configuration.exposed.map(pathText),
    secrets,
  };
}

/** The text of a secret setting. It is not for a stack's outputs: this program has none. */
export function textOf(secret: pulumi.Output<string>): Promise<string> {
  return new Promise((resolve) => {
    secret.apply(resolve);
  });
}

const sealedValue = z.strictObject({ secure: z.string() });
const sealed = (value: unknown) => sealedValue.safeParse(value).data;

/** The stack file of `npm run sandbox`, which runs a copy of it with secrets of its own. */
const sandboxFile = stackFileName(stackName);

/** The settings with a placeholder for every secret that could not be read, so that everything else can be checked. */
function complete(
  application: Application,
  { sections, undecrypted, environments, file }: Configuration,
  name: string,
): { readonly sections: Sections; readonly missing: ReadonlyMap<string, Missing> } {
  const missing = new Map<string, Missing>();
  let whole: unknown = sections;
  const put = (path: Path, reason: Missing) => {
    missing.set(pathText(path), reason);
    whole = withValue(whole, path, standIn(path, sections));
  };
  const outOfReach = (what: string): Missing => ({
    unset: false,
    found: `${what}: ${undecrypted ?? ""}`,
    advice: `Run this where \`pulumi config --show-secrets --stack ${name}\` works.`,
  });
  const encrypted = find(sections, sealed).map(({ path }) => path);
  const other = encrypted.filter((path) => !secretSettings.has(settingText(path)));
  if (other.length > 0) {
    const { found, advice } = outOfReach(
      `${other.map(pathText).join(", ")} cannot be decrypted, and nothing can be checked without them`,
    );
    throw new UserError(`${found}. ${advice}`);
  }
  for (const path of encrypted) put(path, outOfReach(`${pathText(path)} cannot be decrypted`));
  const unsetPaths = unsetSecrets(application, whole);
  const bySandbox: Missing = {
    unset: false,
    found: `${unsetPaths.map(pathText).join(", ")} not in ${file} itself`,
    advice: `The sandbox sets what is missing: ${commandLine("sandbox")}.`,
  };
  for (const path of unsetPaths) {
    if (file === sandboxFile) {
      put(path, bySandbox);
      continue;
    }
    const setting = pathText(path);
    const elsewhere = undecrypted !== undefined && environments;
    const unset = {
      unset: true,
      found: `${setting} is not set`,
      advice: `Set it: pulumi config set --secret --path ${setting} --stack ${name}.`,
    };
    put(path, elsewhere ? outOfReach(`${setting} is not in ${file} itself`) : unset);
  }
  return { sections: whole as Sections, missing };
}

const kubeconfigPath: Path = ["cluster", "kubeconfig"];
const withoutKubeconfig = z.object({
  cluster: z.object({
    kind: z.literal("existing"),
    kubeconfig: z.undefined().optional(),
    kubeconfigPath: z.undefined().optional(),
  }),
});

/** The secrets that the settings need and lack. */
function unsetSecrets(application: Application, sections: unknown): Path[] {
  const { error } = settingsSchema(application).safeParse(sections);
  const needed = (error?.issues ?? [])
    .map(({ path }) => path as Path)
    .filter(
      (path) =>
        secretSettings.has(settingText(path)) &&
        (valueAt(sections, path) ?? undefined) === undefined,
    );
  // A kubeconfig can be given in two ways, so neither setting is missing by itself.
  return withoutKubeconfig.safeParse(sections).success ? [...needed, kubeconfigPath] : needed;
}

/** A value of the right form for a secret that could not be read. */
function standIn(path: Path, sections: Sections): string {
  if (pathText(path) !== pathText(kubeconfigPath)) return "not known";
  const { data } = z.object({ context: z.string() }).safeParse(sections.cluster);
  const context = data?.context ?? "unknown";
  return JSON.stringify({
    "current-context": context,
    clusters: [{ name: "unknown", cluster: { server: "https://unknown.invalid" } }],
    contexts: [{ name: context, context: { cluster: "unknown", user: "unknown" } }],
    users: [{ name: "unknown" }],
  });
}

/** Registers every secret, and the secrets in a kubeconfig. */
function remember(
  secrets: Redactor,
  sections: Sections,
  missing: ReadonlyMap<string, Missing>,
): void {
  const texts = find(sections, (value, path) =>
    typeof value === "string" && secretSettings.has(settingText(path)) ? value : undefined,
  );
  for (const { path, found } of texts) {
    if (missing.has(pathText(path))) continue;
    secrets.add(found);
    if (pathText(path) === pathText(kubeconfigPath)) rememberCredentials(secrets, found);
  }
}

const credentials = z.object({ users: z.array(z.object({ user: z.unknown().optional() })) });

/** Every text in a kubeconfig's list of users may be a credential. */
export function rememberCredentials(secrets: Redactor, kubeconfig: string): void {
  const { data } = credentials.safeParse(parse(kubeconfig));
  const texts = find(
    data?.users.map(({ user }) => user),
    (value) => (typeof value === "string" ? value : undefined),
  );
  for (const { found } of texts) secrets.add(found);
}
