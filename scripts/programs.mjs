// Makes one file of JavaScript of each of this project's programs, so that no program reads and compiles hundreds of
// files at each start. The files belong to the exact content of the sources and of package-lock.json: a changed file
// has other programs, and the old ones are never run. Those of an installed package are built with the user's project,
// so that its table and the commands have one copy of each component.
import { createHash } from "node:crypto";
import {
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { basename, dirname, join } from "node:path";
import {
  compiledFolder,
  packagePrograms,
  removeOld,
  removeOldCode,
  removeOldPackages,
  used,
} from "./caches.mjs";

/** The folders of the sources; the files of the stack's own program are next to them. */
const folders = [
  "commands",
  "components",
  "examples",
  "lib",
  "local",
  "policies",
  "sandbox",
  "test/runner",
];

/** Each of these files is a program that another program or a user starts. */
const isProgram = (file) => /(^|\/)(main|entered)\.ts$|^policies\/index\.ts$/.test(file);

/** Left in node_modules until they are asked for: a program of its own, and what only few runs need. */
export const external = [
  "esbuild",
  "typescript",
  "ts-node",
  "tsx",
  "@npmcli/*",
  "pacote",
  "playwright-core",
  "ssh2",
];

/** Of these, the ones that Pulumi's SDK loads at its start and needs only to serialize a function: half a second. */
const late = ["typescript", "@npmcli/arborist"];

const shared = {
  bundle: true,
  platform: "node",
  target: "node24",
  format: "cjs",
  logLevel: "error",
  external,
};

/** Whether a folder is a clone's, and not an installed package's: npm leaves the lock file out of every package. */
const isClone = (root) => existsSync(join(root, "package-lock.json"));

/**
 * The folder of the built programs, each at the path of its source: `sandbox/main.js`. They are built if there are none
 * for this content of the sources.
 * @param {string} root the folder of the clone, with its dependencies installed, or of the package
 * @param {string} [project] of a package, the folder of the project that the programs are about. Default: none
 */
export async function builtPrograms(root, project) {
  const ours = isClone(root);
  const cache = ours ? join(root, "node_modules", ".cache", "programs") : packagePrograms(root);
  const began = Date.now();
  const states = ours ? statesOf(root) : undefined;
  const known = states && foundBefore(cache, states.key);
  if (known !== undefined) return known;
  const sources = readSources(root);
  const list = join(cache, `project-${keyOf(project)}.json`);
  const setOf = () =>
    join(
      cache,
      `sources-${keyOf(root, sources, ours ? {} : { project, files: readListed(list) })}`,
    );
  let folder = setOf();
  if (!existsSync(folder) && project !== undefined && !ours) {
    await listSources(root, project, list);
    folder = setOf();
  }
  if (!existsSync(folder)) {
    const unfinished = `${folder}.${process.pid}`;
    mkdirSync(cache, { recursive: true, mode: 0o700 });
    try {
      const programs = Object.keys(sources).filter(isProgram);
      const own = ours ? root : project;
      await buildAll(root, cache, { unfinished, folder, own }, programs);
      if (ours) giveToOwner(root, cache);
      // Another command may have built the same in the meantime; its files are as good.
      if (!existsSync(folder)) renameSync(unfinished, folder);
    } finally {
      rmSync(unfinished, { recursive: true, force: true });
    }
    removeOld(cache);
    removeOldPackages();
    removeOldCode(compiledFolder());
  }
  used(folder);
  // What changes within the file system's own tick looks unchanged.
  if (states !== undefined && states.newest < began - 1000)
    noteFound(root, cache, { key: states.key, folder });
  return folder;
}

/** In the programs' folder: the set of these sources, by the states of their files. */
const found = "found.json";

/** The set that was found for files in these states, unless it is gone. */
function foundBefore(cache, key) {
  try {
    const last = JSON.parse(readFileSync(join(cache, found), "utf8"));
    return last.key === key && used(last.folder) ? last.folder : undefined;
  } catch {
    return undefined;
  }
}

function noteFound(root, cache, set) {
  try {
    // What has changed since may have been read changed.
    if (statesOf(root).key !== set.key) return;
    writeWhole(join(cache, found), JSON.stringify(set));
    giveToOwner(root, cache);
  } catch {
    // Another user's folder, or read-only: the next command reads the sources again.
  }
}

/**
 * What changes with any source, in a tenth of the time that their contents take: each file's number, size and times.
 * The newest is in milliseconds.
 */
function statesOf(root) {
  let newest = 0;
  const states = sourceFiles(root).map((file) => {
    const { ino, size, mtimeMs, ctimeMs } = statSync(join(root, file));
    newest = Math.max(newest, mtimeMs, ctimeMs);
    return [file, ino, size, mtimeMs, ctimeMs];
  });
  return { key: keyOf(root, states), newest };
}

function writeWhole(path, content) {
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, content);
  renameSync(unfinished, path);
}

/** Gives what root has made to the clone's owner, who could not remove it otherwise. */
function giveToOwner(root, cache) {
  const { uid, gid } = statSync(root);
  if (process.getuid?.() !== 0 || uid === 0) return;
  const made = readdirSync(cache, { recursive: true, encoding: "utf8" });
  for (const name of ["", "..", ...made]) {
    try {
      lchownSync(join(cache, name), uid, gid);
    } catch (error) {
      // Another process has renamed or removed what it was making.
      if (error.code !== "ENOENT") throw error;
    }
  }
}

/** The files that the programs are made from, except the libraries. */
function sourceFiles(root) {
  const inFolders = folders
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => sourcesBelow(root, folder));
  const ofStack = readdirSync(root).filter((file) => file.endsWith(".ts"));
  return [...inFolders.sort(), ...ofStack.sort(), "scripts/programs.mjs", lockOf(root)];
}

/** Node's own recursive reading takes five times as long. */
const sourcesBelow = (root, folder) =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory() || (entry.isSymbolicLink() && isFolder(join(root, path))))
      return sourcesBelow(root, path);
    return path.endsWith(".ts") ? [path] : [];
  });

function isFolder(path) {
  try {
    return statSync(path).isDirectory();
  } catch {
    // A link to nothing, or around in a circle.
    return false;
  }
}

/** Their contents, by path. */
function readSources(root) {
  return Object.fromEntries(
    sourceFiles(root).map((file) => [file, readFileSync(join(root, file), "utf8")]),
  );
}

/** What says which libraries are installed: of a package, npm's own note next to it, or the versions that it asks for. */
const lockOf = (root) =>
  ["package-lock.json", "../.package-lock.json", "package.json"].find((file) =>
    existsSync(join(root, file)),
  );

/** The user's sources that the last build has found, with their contents now; a file that has gone has none. */
function readListed(list) {
  if (!existsSync(list)) return [];
  return JSON.parse(readFileSync(list, "utf8")).map((file) => [
    file,
    existsSync(file) ? readFileSync(file, "utf8") : undefined,
  ]);
}

/** Writes down which files a project's program and table are made of: its own, and none of a library. */
async function listSources(root, project, list) {
  const { metafile } = await compilerOf(root).build({
    ...shared,
    absWorkingDir: project,
    entryPoints: ["application.ts", "index.ts"],
    outdir: project,
    packages: "external",
    write: false,
    metafile: true,
    // The error says the same.
    logLevel: "silent",
  });
  const files = Object.keys(metafile.inputs).map((file) => join(project, file));
  writeWhole(list, JSON.stringify(files.sort()));
}

const compilerOf = (root) => createRequire(join(root, "package.json"))("esbuild");

function keyOf(...content) {
  return createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 16);
}

async function buildAll(root, cache, { unfinished, folder, own }, programs) {
  const esbuild = compilerOf(root);
  const nameOf = (program) => program.replace(/\.ts$/, "");
  const { metafile } = await esbuild.build({
    ...shared,
    absWorkingDir: root,
    entryPoints: Object.fromEntries(programs.map((program) => [nameOf(program), program])),
    outdir: unfinished,
    // Of an operation that a table has twice, the last one would count.
    logOverride: { "duplicate-object-key": "error" },
    define: {
      "process.env.ISTIO_AUTH0_PROGRAMS": text(folder),
      "process.env.ISTIO_AUTH0_PROJECT": own === root ? "undefined" : text(own ?? ""),
    },
    sourcemap: "linked",
    sourcesContent: false,
    metafile: true,
    plugins: [
      ...(own === root ? [] : [ofUser(root, own)]),
      places(esbuild),
      apart(`__filename.replace(/js$/, "libraries.js")`),
    ],
  });
  const built = Object.entries(metafile.outputs).filter(([, { entryPoint }]) => entryPoint);
  // One after the other: each takes hundreds of megabytes.
  for (const [output, { inputs }] of built) {
    const getters = [];
    for (const names of inFiles(librariesIn(inputs).sort())) {
      const bundle = await libraryBundle(esbuild, root, cache, names);
      const getter = (name) =>
        `get ${text(name)}() { return require(${text(bundle)})[${text(name)}]; }`;
      getters.push(...names.map(getter));
    }
    // Next to the program, which says by this name where its libraries are.
    const file = join(root, output.replace(/js$/, "libraries.js"));
    writeFileSync(file, `module.exports = {\n${getters.join(",\n")}\n};`);
  }
}

const text = JSON.stringify;

/** Gives each source the path that it has in the clone: sources find other files of the clone by it. */
export const places = (esbuild) => ({
  name: "places",
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const source = readFileSync(path, "utf8");
      const place = `const __filename = ${text(path)}, __dirname = ${text(dirname(path))};`;
      const placed = /\b__(file|dir)name\b/.test(source) ? `${place}${source}` : source;
      if (!/\bmodule\.exports\b/.test(source)) return { contents: placed, loader: "ts" };
      // As Node itself loads it, including exports that it adds at run time.
      const options = { format: "cjs", loader: "ts", sourcemap: "inline", sourcefile: path };
      return { contents: (await esbuild.transform(placed, options)).code, loader: "js" };
    });
  },
});

/**
 * Takes the user's table and program in place of the clone's own, and for what these import from the package its own
 * sources, which the commands are built from as well. There are no examples.
 */
const ofUser = (root, project) => ({
  name: "of the user",
  setup({ onResolve, onLoad, resolve }) {
    onResolve({ filter: /^(\.\.\/)+(application|index)$/ }, ({ path, resolveDir }) => {
      if (dirname(join(resolveDir, path)) !== root) return undefined;
      return project === undefined
        ? { path, namespace: "none" }
        : { path: join(project, `${basename(path)}.ts`) };
    });
    onResolve({ filter: /^\.\/examples$/ }, ({ path, resolveDir }) =>
      resolveDir === join(root, "commands", "stack") ? { path, namespace: "none" } : undefined,
    );
    onLoad({ filter: /./, namespace: "none" }, () => ({ contents: "module.exports = {};" }));
    onResolve({ filter: /^istio-auth0\/components\// }, ({ path, kind }) =>
      resolve(path.replace(/^istio-auth0/, "."), { resolveDir: root, kind }),
    );
  },
});

/** The libraries' names, by the file that they are in. */
function inFiles(names) {
  const files = new Map();
  for (const name of names) {
    const [library] = /^(@[^/]+\/)?[^/]+/.exec(name);
    const kind = together.find((each) => each.test(name)) ?? library;
    files.set(kind, [...(files.get(kind) ?? []), name]);
  }
  return [...files.values()];
}

/**
 * Leaves the libraries out of a program, which loads them from a file: see `librariesIn`.
 * @param file an expression: the file's name or path
 */
export const apart = (file) => ({
  name: "apart",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[^./]/ }, ({ path, kind }) => {
      if (kind === "entry-point" || isBuiltin(path)) return undefined;
      // An `import()` has an import's conditions, and `require.resolve` asks for the file itself.
      const isTaken = kind === "import-statement" || kind === "require-call";
      if (external.includes(path) || !isTaken) return { path, external: true };
      return { path, namespace: "library" };
    });
    onResolve({ filter: /^[./]/, namespace: "library" }, ({ path }) => ({ path, external: true }));
    onLoad({ filter: /./, namespace: "library" }, ({ path }) => ({
      contents: `module.exports = require(${file})[${text(path)}];`,
    }));
  },
});

/**
 * The names of the libraries that `apart` has left out.
 * @param inputs of esbuild's metafile, or of one of its outputs
 */
export const librariesIn = (inputs) =>
  Object.keys(inputs).flatMap((input) => /^library:(.*)/.exec(input)?.[1] ?? []);

/** Loads a library when something of it is used. A module of another kind is passed on unchanged. */
const loadedLate = {
  name: "loaded late",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: new RegExp(`^(${late.join("|")})$`) }, ({ path, namespace }) =>
      namespace === "late" ? undefined : { path, namespace: "late" },
    );
    onLoad({ filter: /./, namespace: "late" }, ({ path }) => ({
      contents: `module.exports = new Proxy({}, {
        get: (_, name) => (name === "__esModule" ? true : require(${text(path)})[name]),
      });`,
    }));
  },
};

/**
 * What Pulumi's SDK does for its own developers, by file, and how it is left out: together a quarter of a program's time.
 * It takes a stack trace of every promise, which it prints only with PULUMI_DEBUG_PROMISE_LEAKS, and sends the engine
 * some four messages about each resource, one after the other, which the engine prints only with --debug.
 */
const leftOut = [
  {
    file: /@pulumi\/pulumi\/runtime\/debuggable\.js$/,
    code: "new Error().stack",
    instead: "exports.debugPromiseLeaks ? new Error().stack : undefined",
  },
  {
    file: /@pulumi\/pulumi\/log\/index\.js$/,
    code: /if \(engine\)(?= \{\s+return log\(engine, engproto\.LogSeverity\.DEBUG,)/,
    instead: "if (engine && settings_1.excessiveDebugOutput)",
  },
];

const withoutDebugging = {
  name: "without debugging",
  setup({ onLoad }) {
    for (const { file, code, instead } of leftOut)
      onLoad({ filter: file }, ({ path }) => ({
        contents: readFileSync(path, "utf8").replace(code, instead),
      }));
  },
};

/**
 * Libraries of one of these kinds are in one file, in which each module is once: they use each other's classes, or have
 * state that may exist only once. Any other library has a file of its own.
 */
const together = [
  /^(@pulumi|@grpc)\/|^google-protobuf\b/,
  /^@kubernetes-models\//,
  /^(koa|oidc-provider)$/,
  /^(cheerio|undici)$/,
  /^(@peculiar\/x509|reflect-metadata)$/,
];

/** Every process reads the whole of each file that it uses, so that its size matters: this halves it. */
const compact = { legalComments: "none", minifyWhitespace: true };

const replaced = leftOut.map(({ code, instead }) => [String(code), instead]);

/** One file of the libraries, each loaded when it is asked for. It stays while it is used: see caches.mjs. */
export async function libraryBundle(esbuild, root, cache, names) {
  const file = join(
    cache,
    `libraries-${keyOf(lockOf(root), external, late, replaced, compact, names)}.js`,
  );
  if (used(file)) return file;
  const getters = names.map((name) => `get ${text(name)}() { return require(${text(name)}); }`);
  const unfinished = `${file}.${process.pid}`;
  await esbuild.build({
    ...shared,
    absWorkingDir: root,
    stdin: { contents: `module.exports = {\n${getters.join(",\n")}\n};`, resolveDir: root },
    outfile: unfinished,
    ...compact,
    plugins: [loadedLate, withoutDebugging],
  });
  renameSync(unfinished, file);
  return file;
}
