import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** What Node needs to run this project's TypeScript as it is, from any folder. */
export const loaderArguments = [
  "--import",
  pathToFileURL(join(__dirname, "../node_modules/tsx/dist/loader.mjs")).href,
];
