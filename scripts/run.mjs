// Runs one of this project's TypeScript programs: `node scripts/run.mjs FILE [ARGUMENT]...`
//
// A fresh clone starts here, so this file needs no dependency and runs on the machine's own Node.
// It installs what package-lock.json names, then goes on under the Node that package.json pins.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { constants, homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, "node_modules");
const stamp = join(modules, ".installed-lock");
/** The clone's owner: what is installed in it is theirs, also where root runs the command (sudo). */
const owner = statSync(root);
const forAnother = process.getuid?.() === 0 && owner.uid !== 0;

/** Installs the locked dependencies, unless the last complete installation was of this very lock file. */
function install() {
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  console.error("Installing the npm dependencies that package-lock.json names …");
  const npm = asOwner((options) =>
    spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
      ...options,
    }),
  );
  if (npm.error || npm.status !== 0) {
    const reason = npm.error ? npm.error.message : `npm ci exited with ${npm.status ?? npm.signal}`;
    fail(
      `cannot install the dependencies: ${reason}. Check the npm registry's address and try again.`,
    );
  }
  writeFileSync(stamp, lock);
  if (forAnother) chownSync(stamp, owner.uid, owner.gid);
}

/** Gives a program's options with which it runs as the clone's owner, who has their own npm settings and cache. */
function asOwner(run) {
  if (!forAnother) return run({});
  const { uid, gid } = owner;
  const known = homeOf(uid);
  const home = known ?? mkdtempSync(join(tmpdir(), "istio-auth0-home-"));
  try {
    if (known === undefined) chownSync(home, uid, gid);
    // npm tells its scripts where the settings and the cache of whoever started it are.
    const env = { ...process.env, HOME: home };
    delete env.npm_config_cache;
    delete env.npm_config_userconfig;
    return run({ uid, gid, env });
  } finally {
    if (known === undefined) rmSync(home, { recursive: true, force: true });
  }
}

/** A user's home, if the machine knows one. */
function homeOf(uid) {
  const { stdout } = spawnSync("getent", ["passwd", String(uid)], { encoding: "utf8" });
  return stdout?.trim().split(":")[5] || undefined;
}

/** The folder for compiled code of the last run: not in the clone, where root's files would be in its owner's way. */
function compileCache() {
  const named = process.env.XDG_CACHE_HOME;
  const caches = named?.startsWith("/") ? named : join(homedir(), ".cache");
  const ours = join(caches, "istio-auth0");
  mkdirSync(ours, { recursive: true, mode: 0o700 });
  return join(ours, "compiled");
}

function fail(message) {
  console.error(`error: ${message}`);
  process.exit(1);
}

/** Node's arguments for the program: the built one, or its source where it is none of those that are built. */
async function argumentsFor(program) {
  const { builtPrograms } = await import("./programs.mjs");
  const built = await builtPrograms(root).catch((error) =>
    fail(`cannot build the programs: ${error.message}`),
  );
  const file = join(built, program.replace(/\.ts$/, ".js"));
  if (existsSync(file)) return ["--enable-source-maps", file];
  const loader = pathToFileURL(join(modules, "tsx", "dist", "loader.mjs")).href;
  return ["--import", loader, join(root, program)];
}

const [program, ...rest] = process.argv.slice(2);
if (program === undefined) fail("usage: node scripts/run.mjs FILE [ARGUMENT]...");
install();

const node = join(modules, "node", "bin", "node");
if (!existsSync(node)) fail(`${node} is missing. Delete node_modules and run the command again.`);
const child = spawn(node, [...(await argumentsFor(program)), ...rest], {
  stdio: "inherit",
  env: {
    ...process.env,
    PATH: `${dirname(node)}:${process.env.PATH}`,
    // Compiled code of the last run: the large libraries load in half the time.
    NODE_COMPILE_CACHE: compileCache(),
    // tsx would keep its own in the machine's folder for temporary files, where others may have put theirs.
    TSX_DISABLE_CACHE: "1",
  },
});
// The terminal sends Ctrl-C to the whole group; the program decides, and this process reports its end.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    if (signal !== "SIGINT") child.kill(signal);
  });
}
child.on("error", (error) => fail(`cannot start ${node}: ${error.message}`));
child.on("exit", (code, signal) => {
  process.exit(code ?? 128 + constants.signals[signal]);
});
