/** Node's arguments for this project's TypeScript and programs, from any folder. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { programArguments } from "../../local/programs";

/** What Node needs to run this project's TypeScript as it is, from any folder. */
export const loaderArguments = [
  "--import",
  pathToFileURL(join(__dirname, "../../node_modules/tsx/dist/loader.mjs")).href,
];

const root = join(__dirname, "../..");

/** Node's arguments for one of the programs: where the tests are built the built one, if it is this clone's. */
export const argumentsFor = (source: string, clone = root): string[] =>
  clone === root ? programArguments(source) : [...loaderArguments, join(clone, source)];
