import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { clone } from "../lib/clone";
import { cacheFolder } from "./layout";

/** Set if scripts/programs.mjs built this program: the folder of the programs that were built together. */
const built = process.env.ISTIO_AUTH0_PROGRAMS;

/** The compiled code of earlier runs, under the name that scripts/run.mjs uses. It outlives the sandbox. */
export const compiledCode = join(cacheFolder(), "compiled");

/** This project's Node. */
export const nodeProgram = join(
  dirname(require.resolve("node/package.json", { paths: [clone] })),
  "bin/node",
);

/**
 * Node's arguments that run one of the project's programs: the built one of the set that this process belongs to, or
 * the source if this process runs from its source, as tests do.
 * @param source the program's file in the clone, such as `local/tenant/main.ts`
 */
export function programArguments(source: string): string[] {
  return built === undefined
    ? [
        "--import",
        pathToFileURL(join(clone, "node_modules/tsx/dist/loader.mjs")).href,
        join(clone, source),
      ]
    : ["--enable-source-maps", join(built, source.replace(/\.ts$/, ".js"))];
}

/**
 * Goes on as another of the project's programs, which ends this process.
 * @param source as for `programArguments`
 * @param words its arguments
 */
export function continueAs(source: string, words: readonly string[]): void {
  const [file = ""] = programArguments(source).slice(-1);
  process.argv.splice(1, Infinity, file, ...words);
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- a built program of its own
  require(file);
}
