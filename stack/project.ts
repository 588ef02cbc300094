/** The projects of this clone: a folder with Pulumi.yaml, index.ts, and application.ts, which has its table. */
import { existsSync, readdirSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import type { Application } from "../components/application";
import { StackError } from "./errors";

const clone = join(__dirname, "..");

/** Where projects beside the clone's own are. */
const examples = "examples";

const parts = ["Pulumi.yaml", "index.ts", "application.ts"];

export interface Project {
  readonly folder: string;
  /** Its place in the clone: empty for the clone itself, or `examples/NAME`. */
  readonly place: string;
  readonly application: Application;
}

/** The project of the clone itself. */
export const ownProject = (): Project => projectAt(clone);

/**
 * The project that a person names by `--project`.
 * @param named its folder, from where the person is; default: the clone's
 * @throws StackError where it is none
 */
export function projectNamed(named: string | undefined): Project {
  if (named === undefined) return ownProject();
  // npm changes into the clone.
  const from = process.env.INIT_CWD ?? process.cwd();
  const folder = resolve(from, named);
  if (isProject(folder)) return projectAt(folder);
  const known = [".", ...examplesOf().map((name) => `${examples}/${name}`)];
  throw new StackError(
    `--project ${named}: no folder of this clone with ${parts.join(", ")}; there are ${known.join(", ")}`,
  );
}

function projectAt(folder: string): Project {
  const place = relative(clone, folder);
  return { folder, place, application: applicationOf(place) };
}

function isProject(folder: string): boolean {
  return ["", ...examplesOf().map((name) => join(examples, name))].includes(
    relative(clone, folder),
  );
}

function examplesOf(): readonly string[] {
  const folder = join(clone, examples);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) =>
    parts.every((part) => existsSync(join(folder, name, part))),
  );
}

function applicationOf(place: string): Application {
  /* eslint-disable @typescript-eslint/no-require-imports -- which one is known only now */
  const loaded =
    place === ""
      ? require("../application")
      : // The built programs have every one that this matches.
        require(`../examples/${place.slice(examples.length + 1)}/application.ts`);
  /* eslint-enable @typescript-eslint/no-require-imports */
  return (loaded as { readonly application: Application }).application;
}
