// Installs what package-lock.json names, unless that is there: `node scripts/install.mjs`
// The package has no such file: npm has installed it, with everything that it needs.
//
// A fresh clone starts here, so this file needs no dependency and runs on the machine's own Node.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chownSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { clearInterval, setInterval } from "node:timers";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** Whether this is a clone, and not the installed package: npm leaves the lock file out of every package. */
export const isClone = existsSync(join(root, "package-lock.json"));
export const modules = join(root, "node_modules");
/** The folder of an installed dependency, of which npm may put one of a package next to it. */
export const dependency = (name) =>
  dirname(createRequire(join(root, "package.json")).resolve(`${name}/package.json`));
const stamp = join(modules, ".installed-lock");
/** The clone's owner, who owns what is installed in it, even if root runs the command (sudo). */
const owner = statSync(root);
const forAnother = process.getuid?.() === 0 && owner.uid !== 0;

/** How often the installation reports its progress, in milliseconds. */
const sayEvery = 5_000;

/** Installs the locked dependencies, unless the last complete installation was of this very lock file. */
export async function install() {
  if (!isClone) return;
  const text = readFileSync(join(root, "package-lock.json"), "utf8");
  const lock = createHash("sha256").update(text).digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  console.error("Installing the npm dependencies that package-lock.json names …");
  // Optional ones are for other systems and processors.
  const folders = Object.entries(JSON.parse(text).packages)
    .filter(([folder, { optional }]) => folder !== "" && !optional)
    .map(([folder]) => folder);
  const progress = setInterval(() => {
    const there = folders.filter((folder) => existsSync(join(root, folder, "package.json")));
    console.error(`… ${there.length} of ${folders.length} packages`);
  }, sayEvery);
  const failure = await asOwner(npmCi);
  clearInterval(progress);
  if (failure !== undefined) {
    fail(
      `cannot install the dependencies: ${failure}. Check the npm registry's address and try again.`,
    );
  }
  writeFileSync(stamp, lock);
  if (forAnother) chownSync(stamp, owner.uid, owner.gid);
}

/** Runs npm, and returns why it failed, if it did. */
function npmCi(options) {
  const quiet = ["--no-audit", "--no-fund", "--no-progress", "--loglevel=error"];
  const npm = spawn("npm", ["ci", ...quiet], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    ...options,
  });
  return new Promise((resolve) => {
    npm.on("error", (error) => resolve(error.message));
    npm.on("exit", (code, signal) => {
      resolve(code === 0 ? undefined : `npm ci exited with ${code ?? signal}`);
    });
  });
}

/** Returns a program's options with which it runs as the clone's owner, who has their own npm settings and cache. */
async function asOwner(run) {
  if (!forAnother) return run({});
  const { uid, gid } = owner;
  const known = homeOf(uid);
  const home = known ?? mkdtempSync(join(tmpdir(), "istio-auth0-home-"));
  try {
    if (known === undefined) chownSync(home, uid, gid);
    // npm tells its scripts the settings and cache of the user who started it.
    const env = { ...process.env, HOME: home };
    delete env.npm_config_cache;
    delete env.npm_config_userconfig;
    return await run({ uid, gid, env });
  } finally {
    if (known === undefined) rmSync(home, { recursive: true, force: true });
  }
}

/** A user's home, if the machine knows one. */
function homeOf(uid) {
  const { stdout } = spawnSync("getent", ["passwd", String(uid)], { encoding: "utf8" });
  return stdout?.trim().split(":")[5] || undefined;
}

export function fail(message) {
  console.error(`error: ${message}`);
  process.exit(1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await install();
