import { build, type BuildFailure, type BuildOptions } from "esbuild";
import { basename, join } from "node:path";
import { UserError } from "../../lib/errors";

/** The folder of the applications' sources. */
const sources = join(__dirname, "../apps");

/** The stylesheet that productpage reads at run time, next to its program. */
export const staticFiles = [
  { path: "static/bookinfo.css", source: join(sources, "static", "bookinfo.css") },
] as const;

/** The services of Bookinfo, each a program of its own. */
export const applications = ["productpage", "details", "reviews", "ratings"] as const;

export type Application = (typeof applications)[number];

/**
 * Builds each application as one JavaScript file, for a Node without other files: the content by `NAME.js`.
 */
export function buildApplications(): Promise<Programs> {
  return buildPrograms(applications.map((name) => join(sources, `${name}.ts`)));
}

/** The program that serves the files of an image that is made from a folder of them. */
export const fileServer = join(sources, "files.ts");

type Programs = Readonly<Record<string, Uint8Array>>;

/** As `require` of a module that is bundled as one of ECMAScript, for libraries that are none. */
const requiring =
  'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

/**
 * The same for one program of JavaScript or TypeScript. It stays a module of ECMAScript if its name says that it is one.
 * @throws UserError that says which file is missing or wrong, a line each
 */
export async function buildProgram(source: string): Promise<{ name: string; content: Uint8Array }> {
  const isModule = /\.m[jt]s$/.test(source);
  const [built] = Object.entries(
    await bundled([source], {
      ...(isModule && {
        format: "esm",
        outExtension: { ".js": ".mjs" },
        banner: { js: requiring },
      }),
    }),
  );
  if (built === undefined) throw new Error(`nothing was built of ${source}`);
  const [name, content] = built;
  return { name, content };
}

/**
 * The same for any sources.
 * @param packages whether the libraries that they import are built in. Default: they are
 * @throws UserError that says which file is missing or wrong, a line each
 */
export async function buildPrograms(
  entryPoints: string[],
  packages: "bundle" | "external" = "bundle",
): Promise<Programs> {
  return bundled(entryPoints, { packages });
}

async function bundled(entryPoints: string[], options: BuildOptions): Promise<Programs> {
  const { outputFiles } = await build({
    entryPoints,
    outdir: sources,
    bundle: true,
    platform: "node",
    target: "node24",
    format: "cjs",
    // Otherwise comments in the output would contain this clone's path.
    absWorkingDir: sources,
    // The schema of a service that speaks gRPC.
    loader: { ".proto": "text" },
    logLevel: "silent",
    ...options,
    write: false,
  }).catch((error: unknown) => {
    const { errors } = error as BuildFailure;
    throw new UserError(errors.map(complaintOf).join("\n"));
  });
  return Object.fromEntries(outputFiles.map(({ path, contents }) => [basename(path), contents]));
}

/** Its path is from the folder of the applications. */
function complaintOf({ text, location }: BuildFailure["errors"][number]): string {
  const place = location === null ? "" : `${join(sources, location.file)}:${location.line}: `;
  return `cannot build the services' program: ${place}${text}`;
}
