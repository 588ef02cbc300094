import { build } from "esbuild";
import { basename, join } from "node:path";

/** The folder of the applications' sources. */
const sources = join(__dirname, "..", "apps");

/** The stylesheet that productpage reads at run time, beside its program. */
export const staticFiles = [
  { path: "static/bookinfo.css", source: join(sources, "static", "bookinfo.css") },
] as const;

/** The services of Bookinfo, each a program of its own. */
export const applications = ["productpage", "details", "reviews", "ratings"] as const;

export type Application = (typeof applications)[number];

/**
 * Makes one file of JavaScript of each application, for a Node that has no other file: `NAME.js`
 * by its content.
 */
export async function buildApplications(): Promise<Readonly<Record<string, Uint8Array>>> {
  const { outputFiles } = await build({
    entryPoints: applications.map((name) => join(sources, `${name}.ts`)),
    outdir: sources,
    write: false,
    bundle: true,
    platform: "node",
    target: "node24",
    format: "cjs",
    // Otherwise the comments in the output would tell where this clone lies.
    absWorkingDir: sources,
    logLevel: "silent",
  });
  return Object.fromEntries(outputFiles.map(({ path, contents }) => [basename(path), contents]));
}
