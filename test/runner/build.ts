/**
 * Makes one file of JavaScript of each group of test files, which runs in a process of its own: a source that several of
 * its tests import is loaded once. The libraries are one file for all groups, as those of the programs are
 * (scripts/programs.mjs): to load them from node_modules takes longer than most tests.
 */
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import * as esbuild from "esbuild";

const root = join(__dirname, "../..");

/** Where built tests are: below node_modules, where they find the libraries. */
const cache = join(root, "node_modules/.cache/tests");

/** What a group's program says by what its files leave, and what it ends. */
const state = join(root, "test/support/state.ts");
const group = join(root, "test/support/group.ts");

/** What runs the built tests: their stack traces name the sources. */
export const builtArguments = ["--enable-source-maps"];

/** The library that an import is from; one of types alone takes nothing. */
const imported = /^import (?!type )[^;"]*"([^".][^"]*)";$/gm;

/** The libraries that any source names: what is built of them does not depend on which tests are run. */
function namedLibraries(): readonly string[] {
  const sources = globSync("{*,!(node_modules)/**/*}.ts", { cwd: root });
  return sources.flatMap((file) =>
    [...readFileSync(join(root, file), "utf8").matchAll(imported)].map(([, name = ""]) => name),
  );
}

/**
 * Builds sources of a clone.
 * @param files their paths, by the path in the folder of what is built of each
 * @param define what expressions stand for
 */
export async function bundle(
  clone: string,
  files: Readonly<Record<string, string>>,
  folder: string,
  define: Readonly<Record<string, string>>,
): Promise<void> {
  const programs = await import("../../scripts/programs.mjs");
  const file = join(folder, "libraries.js");
  const { metafile } = await esbuild.build({
    absWorkingDir: clone,
    entryPoints: { ...files },
    outdir: folder,
    bundle: true,
    external: [...programs.external],
    platform: "node",
    target: "node24",
    format: "cjs",
    logLevel: "error",
    sourcemap: "linked",
    sourcesContent: false,
    metafile: true,
    define: Object.fromEntries(
      Object.entries(define).map(([name, value]) => [name, JSON.stringify(value)]),
    ),
    plugins: [programs.places(esbuild), programs.apart(JSON.stringify(file))],
  });
  const isLeft = (name: string) => isBuiltin(name) || programs.external.includes(name);
  const named = namedLibraries().filter((name) => !isLeft(name));
  const names = [...new Set([...programs.librariesIn(metafile.inputs), ...named])].sort();
  const built = await programs.libraryBundle(esbuild, root, cache, names);
  writeFileSync(file, `module.exports = require(${JSON.stringify(built)});\n`);
}

/** How many groups this process has built. */
let builds = 0;

/** The last build's end: two at once would write the same programs and libraries, which have names of this process. */
let last: Promise<unknown> = Promise.resolve();

interface Tests {
  readonly built: readonly string[];
  remove(): void;
}

/**
 * Builds groups of test files into a folder of their own, which `remove` takes away.
 * @param groups their files' paths in the clone
 * @returns the program of each group, in the same order: it has a suite for each file, of the file's name
 */
export function buildTests(groups: readonly (readonly string[])[]): Promise<Tests> {
  const building = last.then(() => build(groups));
  last = building.catch(() => undefined);
  return building;
}

async function build(groups: readonly (readonly string[])[]): Promise<Tests> {
  const { builtPrograms } = await import("../../scripts/programs.mjs");
  const { removeOld } = await import("../../scripts/caches.mjs");
  const folder = join(cache, `${(builds += 1)}.${process.pid}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  removeOld(cache);
  const named = groups.map((files, at) => {
    const name = `group-${at}`;
    const source = join(folder, `${name}.cjs`);
    writeFileSync(source, groupProgram(files));
    return [name, source] as const;
  });
  // A test that runs the stack's program loads it anew each time.
  const program = { index: join(root, "index.ts") };
  await bundle(root, { ...Object.fromEntries(named), ...program }, folder, {
    "process.env.ISTIO_AUTH0_PROGRAMS": await builtPrograms(root),
    "process.env.ISTIO_AUTH0_TESTS": folder,
  });
  const built = named.map(([name]) => join(folder, `${name}.js`));
  return {
    built,
    remove: () => {
      rmSync(folder, { recursive: true });
    },
  };
}

/**
 * Loads Node's test runner. To know whose an error is that no test awaits, it would hear of each promise, which takes a
 * fifth of what the tests take. In its place an asynchronous local variable has the id of the test that runs.
 */
const loadTest = `const hooks = require("node:async_hooks");
const { createHook, executionAsyncId, AsyncLocalStorage, AsyncResource } = hooks;
const { runInAsyncScope } = AsyncResource.prototype;
const running = new AsyncLocalStorage();
hooks.executionAsyncId = () => running.getStore() ?? executionAsyncId();
hooks.createHook = ({ init }) => {
  AsyncResource.prototype.runInAsyncScope = function (work, self, ...values) {
    const id = this.asyncId();
    init(id, "", 0, this);
    // What is no test belongs to the one that has made it: of that, Node restores the variable.
    const inTest = (...given) => {
      const owner = "subtests" in this ? id : (running.getStore() ?? id);
      return running.run(owner, () => Reflect.apply(work, self, given));
    };
    return runInAsyncScope.call(this, inTest, self, ...values);
  };
  return { enable: () => undefined, disable: () => undefined };
};
const { after, describe } = require("node:test");
hooks.createHook = createHook;
hooks.executionAsyncId = executionAsyncId;
`;

/**
 * The program of a group. A file's hooks are those of its suite, and it fails where it leaves another environment or
 * working folder to the file after it.
 */
function groupProgram(files: readonly string[]): string {
  const suites = files.map(
    (file) => `describe(${JSON.stringify(file)}, () => {
  require(${JSON.stringify(join(root, file))});
  after(() => deepEqual(changesSince(before), [], "the environment or the working folder is not as it was"));
});
`,
  );
  return `const { deepEqual } = require("node:assert/strict");
${loadTest}const { changesSince, stateOfProcess } = require(${JSON.stringify(state)});
const { endGroup } = require(${JSON.stringify(group)});
const before = stateOfProcess();
${suites.join("")}after(endGroup);
`;
}
