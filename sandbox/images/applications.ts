import { build } from "esbuild";
import { basename, join } from "node:path";

/** The folder of the applications' sources. */
const sources = join(__dirname, "../apps");

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
export function buildApplications(): Promise<Programs> {
  return buildPrograms(applications.map((name) => join(sources, `${name}.ts`)));
}

type Programs = Readonly<Record<string, Uint8Array>>;

/** The same of any sources. */
export async function buildPrograms(entryPoints: string[]): Promise<Programs> {
  const { outputFiles } = await build({
    entryPoints,
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
