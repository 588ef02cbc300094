/** Compiles the sources and lints them in one process: both need all types, and to find these takes longest. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";
import { z } from "zod";
import { parseJson, writePrivate } from "../../../lib/files";

/** What the compiler and the linter complain of; empty where there is nothing. */
export interface Complaints {
  readonly types: string;
  readonly lint: string;
  /** How many files were linted. */
  readonly linted: number;
}

/** What decides how every source is judged, in addition to the source and what it imports. */
const common = [
  // What npm has installed: the lock file need not say so.
  "node_modules/.package-lock.json",
  "tsconfig.json",
  "eslint.config.mjs",
  "scripts/imports.mjs",
];

/** Sources without types. */
const untyped = "**/*.{js,cjs,mjs}";

/**
 * @param root the folder of the sources, with tsconfig.json and eslint.config.mjs
 * @param cache a folder that keeps what passed: that is not linted again until it, or what it imports at any remove, has
 * changed. Default: everything is judged
 */
export async function judgeSources(root: string, cache?: string): Promise<Complaints> {
  const builder = compiled(root, cache);
  const types = [
    ...builder.getConfigFileParsingDiagnostics(),
    ...builder.getOptionsDiagnostics(),
    ...builder.getSyntacticDiagnostics(),
    ...builder.getGlobalDiagnostics(),
    ...builder.getSemanticDiagnostics(),
  ];
  // Writes what the compiler keeps, and nothing else.
  if (cache !== undefined) builder.emit();
  const passed = cache === undefined ? undefined : new Passed(root, cache, builder);
  const found = await lintedBy(root, builder.getProgram(), passed);
  return { types: described(root, types), ...found };
}

/** The file of what the compiler keeps. */
const keptIn = (cache: string) => join(cache, "tsc.json");

function compiled(root: string, cache: string | undefined): ts.SemanticDiagnosticsBuilderProgram {
  const kept = cache === undefined ? {} : { incremental: true, tsBuildInfoFile: keptIn(cache) };
  const configuration = ts.getParsedCommandLineOfConfigFile(
    join(root, "tsconfig.json"),
    { noEmit: true, ...kept },
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: fail },
  );
  if (configuration === undefined) throw new Error(`cannot read ${root}/tsconfig.json`);
  const { fileNames: rootNames, options, errors: configFileParsingDiagnostics } = configuration;
  return ts.createIncrementalProgram({
    rootNames,
    options,
    configFileParsingDiagnostics,
    host: ts.createIncrementalCompilerHost(options),
    createProgram: ts.createSemanticDiagnosticsBuilderProgram,
  });
}

function fail(diagnostic: ts.Diagnostic): never {
  throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n"));
}

const described = (root: string, diagnostics: readonly ts.Diagnostic[]) =>
  ts.formatDiagnostics(ts.sortAndDeduplicateDiagnostics(diagnostics), {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => root,
    getNewLine: () => "\n",
  });

/** @param passed those that are not linted again */
async function lintedBy(
  root: string,
  program: ts.Program,
  passed: Passed | undefined,
): Promise<Pick<Complaints, "lint" | "linted">> {
  const { ESLint } = await import("eslint");
  const eslint = new ESLint({
    cwd: root,
    errorOnUnmatchedPattern: false,
    overrideConfig: {
      files: ["**/*.ts"],
      languageOptions: {
        parserOptions: { projectService: false, project: null, programs: [program] },
      },
    },
  });
  const results = await eslint.lintFiles(
    passed === undefined ? ["."] : [untyped, ...passed.others],
  );
  const complained = results.filter(
    ({ errorCount, warningCount }) => errorCount + warningCount > 0,
  );
  passed?.write(complained.map(({ filePath }) => filePath));
  const formatter = await eslint.loadFormatter("stylish");
  return { lint: await formatter.format(complained), linted: results.length };
}

/** Which sources have passed, each by a key of everything that its types are from. */
class Passed {
  /** The sources that are to be linted. */
  readonly others: readonly string[];
  readonly #file: string;
  readonly #keys: ReadonlyMap<string, string>;

  constructor(root: string, cache: string, builder: ts.BuilderProgram) {
    this.#file = join(cache, "lint.json");
    this.#keys = keysOf(root, builder, declarationsIn(cache));
    const { data: known = {} } = z.record(z.string(), z.string()).safeParse(readJson(this.#file));
    this.others = [...this.#keys]
      .filter(([file, key]) => known[file] !== key)
      .map(([file]) => file);
  }

  write(complained: readonly string[]): void {
    const passed = [...this.#keys].filter(([file]) => !complained.includes(file));
    writePrivate(this.#file, JSON.stringify(Object.fromEntries(passed)));
  }
}

const readJson = (file: string) =>
  existsSync(file) ? parseJson(readFileSync(file, "utf8")) : undefined;

/** Whether a source declares something for all others. */
const isGlobal = (file: ts.SourceFile) =>
  !ts.isExternalModule(file) || /\bdeclare (global|module)\b/.test(file.text);

/** The part of the compiler's file that says what each source declares; a signature is missing where it is the version. */
const kept = z.object({
  fileNames: z.array(z.string()),
  fileInfos: z.array(
    z.union([
      z.string(),
      z.object({ version: z.string(), signature: z.string().optional().catch(undefined) }),
    ]),
  ),
});

/**
 * What each source declares to those that import it, by its path: a hash of its declarations, or, as long as the
 * compiler has not needed them, of its text.
 */
function declarationsIn(cache: string): ReadonlyMap<string, string> {
  const { fileNames, fileInfos } = kept.parse(readJson(keptIn(cache)));
  return new Map(
    fileInfos.map((info, at) => [
      join(cache, fileNames[at] ?? ""),
      typeof info === "string" ? info : (info.signature ?? info.version),
    ]),
  );
}

/** The key of each source, by its path. Libraries are those that npm has installed. */
function keysOf(
  root: string,
  builder: ts.BuilderProgram,
  declarations: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const own = builder
    .getSourceFiles()
    .filter(({ fileName }) => !fileName.includes("/node_modules/"));
  const isOwn = new Set(own.map(({ fileName }) => fileName));
  const hashWithImports = (file: ts.SourceFile) => {
    const imported = builder.getAllDependencies(file).filter((name) => isOwn.has(name));
    const theirs = [...new Set(imported)].sort().map((name) => {
      const declared = declarations.get(name);
      if (declared === undefined) throw new Error(`the compiler keeps nothing of ${name}`);
      return [relative(root, name), declared];
    });
    return hashOf(JSON.stringify([file.text, theirs]));
  };
  const always = [
    ...common.map((name) => hashOf(readFileSync(join(root, name), "utf8"))),
    ...own.filter(isGlobal).map(hashWithImports),
  ];
  return new Map(
    own
      .filter(({ fileName }) => fileName.endsWith(".ts"))
      .map((file) => [file.fileName, hashOf([...always, hashWithImports(file)].join())]),
  );
}

const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");
