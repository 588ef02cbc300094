// Runs one of this project's TypeScript programs: `node scripts/run.mjs FILE [ARGUMENT]...`
//
// A fresh clone starts here, so this file needs no dependency and runs on the machine's own Node.
// It installs what package-lock.json names, then continues under the Node that package.json pins. In an installed
// package it builds the programs for the project that the user is in or names.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { clearInterval, setInterval } from "node:timers";
import { pathToFileURL } from "node:url";
import { compiledFolder } from "./caches.mjs";
import { dependency, fail, install, isClone, modules, root } from "./install.mjs";
import { projectOf } from "./project.mjs";

/** The folder for compiled code, which Node makes in ours. */
function compileCache() {
  const folder = compiledFolder();
  try {
    mkdirSync(dirname(folder), { recursive: true, mode: 0o700 });
  } catch (error) {
    fail(`cannot make the cache's folder: ${error.message}`);
  }
  return folder;
}

/** Node's arguments for the program: the built one, or its source if it is not built. */
async function argumentsFor(program) {
  const { builtPrograms } = await import("./programs.mjs");
  const project = isClone ? undefined : projectOf(rest);
  const built = await builtPrograms(root, project).catch((error) =>
    fail(`cannot build the programs: ${error.message}`),
  );
  const file = join(built, program.replace(/\.ts$/, ".js"));
  if (existsSync(file)) return ["--enable-source-maps", file];
  if (!existsSync(join(root, program))) fail(`there is no program ${program} in ${root}`);
  const loader = pathToFileURL(join(modules, "tsx", "dist", "loader.mjs")).href;
  return ["--import", loader, join(root, program)];
}

const [program, ...rest] = process.argv.slice(2);
if (program === undefined) fail("usage: node scripts/run.mjs FILE [ARGUMENT]...");
await install();

const node = join(dependency("node"), "bin", "node");
if (!existsSync(node)) {
  fail(
    isClone
      ? `${node} is missing. Delete node_modules and run the command again.`
      : `${node} is missing. Let npm run the install script of the package node: npm rebuild node`,
  );
}
const child = spawn(node, [...(await argumentsFor(program)), ...rest], {
  stdio: "inherit",
  env: {
    ...process.env,
    PATH: `${dirname(node)}:${process.env.PATH}`,
    // Compiled code of the last run: the large libraries load in half the time.
    NODE_COMPILE_CACHE: compileCache(),
    // tsx would keep its own in the machine's folder for temporary files, where other users may have put files.
    TSX_DISABLE_CACHE: "1",
  },
});
// The terminal sends Ctrl-C to the whole group; the program decides, and this process reports its end.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    if (signal !== "SIGINT") child.kill(signal);
  });
}
// npm passes a signal on to a shell, which ends by it and does not pass it on: its child then has another parent.
const parent = process.ppid;
const watch = setInterval(() => {
  if (process.ppid === parent) return;
  // Once: a second signal ends a program that removes what it has made.
  clearInterval(watch);
  child.kill("SIGTERM");
}, 200).unref();
child.on("error", (error) => fail(`cannot start ${node}: ${error.message}`));
child.on("exit", (code, signal) => {
  process.exit(code ?? 128 + constants.signals[signal]);
});
