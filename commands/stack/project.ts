/**
 * The projects that a command can be about: a folder with Pulumi.yaml, index.ts, and application.ts, which has its table.
 * A clone has several; the programs of an installed package are built for the one that the user is in or names.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { z } from "zod";
import { tableComplaint } from "../../components/access/problems";
import type { Application } from "../../components/application";
import { commandLine, guide, isClone, ownFolder } from "../../lib/clone";
import { UserError } from "../../lib/errors";
import { fromPerson } from "../../lib/output-files";
import { sdkVersion } from "../../local/plugins/shared/version";
import { exampleTable } from "./examples";
import { projectFileName, readProjectFile } from "./stack-file";

/** The stack of every project's sandbox; its settings are in Pulumi.sandbox.yaml. */
export const stackName = "sandbox";

/** The folder of projects other than the clone's own. */
const examples = "examples";

const parts = [projectFileName, "index.ts", "application.ts"];

export interface Project {
  /** Its name in Pulumi.yaml, with which its settings begin. */
  readonly name: string;
  readonly folder: string;
  /** Its folder in the clone: empty for the clone itself, or `examples/NAME`. Of an installed package it is empty. */
  readonly place: string;
  /**
   * Loaded when it is asked for: some commands need no table, and work when it is wrong.
   * @throws UserError that names every mistake of the table
   */
  readonly application: Application;
  /** The sections that a stack has if its file lacks them, from Pulumi.yaml. Default: none. */
  readonly defaults?: Readonly<Record<string, unknown>>;
}

/** The project of the clone itself; in an installed package, the user's. */
export const ownProject = (): Project => {
  if (ownFolder === "") throw noProject(fromPerson("."));
  return projectAt(ownFolder);
};

/** In an installed package: what the folder lacks, and where it is to be had. */
function noProject(folder: string): UserError {
  const missing = parts.filter((part) => !existsSync(join(folder, part)));
  return new UserError(
    `${folder} is no project: it has no ${missing.join(" and no ")}. Go to a project, name one by --project, or begin with the files of ${guide("template")} (${guide("docs/tutorial.md")})`,
  );
}

/**
 * The project that the user names by `--project`.
 * @param given its folder, relative to the user's; default: the project that the user is in, otherwise `ownProject`
 * @throws UserError if it is not a project
 */
export function projectNamed(given: string | undefined): Project {
  if (given === undefined) {
    const around = projectAround(fromPerson("."));
    return around === undefined ? ownProject() : projectAt(around);
  }
  const folder = fromPerson(given);
  if (isProject(folder)) return projectAt(folder);
  if (!isClone) throw noProject(folder);
  const known = [".", ...examplesOf().map((name) => `${examples}/${name}`)];
  throw new UserError(
    `--project ${given}: no folder of this clone with ${parts.join(", ")}; there are ${known.join(", ")}`,
  );
}

/**
 * The command with which a user runs a command of a project's sandbox.
 * @param command one of its commands; default: the one that brings it up
 * @param run how npm runs it in a clone
 * @returns such as `npm run sandbox -- down --project examples/orders`, or `npx istio-auth0 sandbox down` of a package
 */
export function sandboxCommand(
  { place }: Pick<Project, "place">,
  command?: string,
  run?: Parameters<typeof commandLine>[2],
): string {
  const all = [...(command ? [command] : []), ...(place ? ["--project", place] : [])];
  return commandLine("sandbox", all, run);
}

/**
 * @param folder one that is a project's
 * @throws UserError where its Pulumi.yaml is wrong, or where Pulumi would run another program than these commands
 */
export function projectAt(folder: string): Project {
  const place = relative(ownFolder, folder);
  requireOneProgram(folder);
  requireOneSdk(folder);
  const { name, defaults } = readProjectFile(folder);
  let loaded: Application | undefined;
  return {
    name,
    folder,
    place,
    get application() {
      return (loaded ??= applicationOf(place));
    },
    defaults,
  };
}

/** Node, and so Pulumi, prefers a file of JavaScript; these commands are built from TypeScript. */
function requireOneProgram(folder: string): void {
  for (const part of parts.filter((one) => one.endsWith(".ts"))) {
    const compiled = part.replace(/ts$/, "js");
    if (existsSync(join(folder, part)) && existsSync(join(folder, compiled)))
      throw new UserError(
        `${folder} has ${part} and ${compiled}: Pulumi runs ${compiled}, and these commands read ${part}. Remove ${compiled}; with "noEmit" or an "outDir" in tsconfig.json the compiler makes none there`,
      );
  }
}

const manifest = z.object({ version: z.string() });

/** With another major version than the package's own, the program's resources and the package's are of two SDKs. */
function requireOneSdk(folder: string): void {
  const [own, found] = [sdkVersion("pulumi"), installedSdk(folder)];
  const major = (version: string) => version.split(".", 1).join("");
  if (found !== undefined && major(found) !== major(own))
    throw new UserError(
      `${folder} has @pulumi/pulumi ${found}, and istio-auth0 works with ${own}: write "@pulumi/pulumi": "${own}" into its package.json, and run npm install`,
    );
}

/** The version that a program in a folder imports; undefined where none is installed. */
function installedSdk(folder: string): string | undefined {
  try {
    const file = createRequire(join(folder, "index.ts")).resolve("@pulumi/pulumi/package.json");
    return manifest.parse(JSON.parse(readFileSync(file, "utf8"))).version;
  } catch {
    return undefined;
  }
}

/** What is wrong with a project's table; undefined where it is right. */
export function tableProblem({ place }: Pick<Project, "place">): string | undefined {
  try {
    applicationOf(place);
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

/** The project that a folder is in. */
function projectAround(folder: string): string | undefined {
  if (isProject(folder)) return folder;
  const above = dirname(folder);
  return above === folder ? undefined : projectAround(above);
}

function isProject(folder: string): boolean {
  if (ownFolder === "") return false;
  return ["", ...examplesOf().map((name) => join(examples, name))].includes(
    relative(ownFolder, folder),
  );
}

function examplesOf(): readonly string[] {
  const folder = join(ownFolder, examples);
  if (!isClone || !existsSync(folder)) return [];
  return readdirSync(folder).filter((name) =>
    parts.every((part) => existsSync(join(folder, name, part))),
  );
}

function applicationOf(place: string): Application {
  const loaded: unknown =
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- only now: a command may be about another
    place === "" ? require("../../application") : exampleTable(place);
  return tableIn(loaded as Readonly<Record<string, unknown>>);
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

/**
 * The table among what application.ts exports.
 * @throws UserError that names every mistake of it, or says that there is none, or more than one
 */
export function tableIn(exported: Readonly<Record<string, unknown>>): Application {
  const { application } = exported;
  const names = Object.keys(exported).filter((name) => isTable(exported[name]));
  const others = names.filter((name) => exported[name] !== application);
  if (!isObject(application)) {
    const instead = others.length === 0 ? "" : ` (${others.join(", ")} is one by another name)`;
    throw new UserError(
      `application.ts exports no table${instead}: write export const application = defineApplication({ … })`,
    );
  }
  if (others.length > 0)
    throw new UserError(
      `application.ts exports more tables than one, application and ${others.join(", ")}: these commands are about application alone. Move each other one to a project of its own`,
    );
  // Of any shape: the complaint says what it is to be.
  const complaint = tableComplaint(application as Application);
  if (complaint !== undefined) throw new UserError(complaint);
  return application as Application;
}

const isTable = (value: unknown) =>
  isObject(value) && ["permissions", "services", "requests"].every((part) => part in value);
