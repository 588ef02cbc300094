/** Where this code runs from: a clone, or the installed package; where the project is, and what users call a command. */
import { existsSync } from "node:fs";
import { join } from "node:path";

/** The folder of the clone, or of the installed package, that this code runs from. */
export const clone = join(__dirname, "..");

/**
 * The folder of the project that these programs were built for (scripts/programs.mjs): in a clone its own, otherwise the
 * user's. Empty if the user is in no project and names none.
 */
export const ownFolder = process.env.ISTIO_AUTH0_PROJECT ?? clone;

/** Whether a folder is a clone's, and not that of a package's compiled components, which has no package.json of its own. */
export const isCloneFolder = (folder: string) => existsSync(join(folder, "package.json"));

/** Whether this is a clone: its examples are projects as well, and npm has scripts of the commands' names. */
export const isClone = process.env.ISTIO_AUTH0_PROJECT === undefined && isCloneFolder(clone);

/**
 * What a user types to run a command of ours, in a clone or with the package.
 * @param name of a script of the clone's package.json
 * @param args its arguments. Default: none
 * @param run how npm runs the script. Default: with npm's own lines on standard output
 * @returns such as `npm run sandbox -- down`, or `npx istio-auth0 sandbox down`
 */
export function commandLine(
  name: string,
  args: readonly string[] = [],
  run: "npm run" | "npm run -s" = "npm run",
): string {
  if (!isClone) return ["npx istio-auth0", name, ...args].join(" ");
  return [run, name, ...(args.length > 0 ? ["--", ...args] : [])].join(" ");
}

/** Where a user finds one of the guides, such as `docs/settings.md`. */
export const guide = (page: string) => (isClone ? page : `node_modules/istio-auth0/${page}`);
