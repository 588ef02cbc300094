// What runs of this project keep for the next ones, and what of it is removed: built programs and libraries, in
// node_modules/.cache of a clone, and the code that Node has compiled. Each is made again where it is missing.
//
// A fresh clone starts here, so this file needs no dependency and runs on the machine's own Node.
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
} from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

/** How many sets of programs are kept that were not used for an hour. */
const keptSets = 4;

/**
 * Milliseconds within which another process may still be building, or building on, what it has just used; or start
 * another program of the set that it is from.
 */
const hour = 3_600_000;
const day = 24 * hour;

/** Bytes of compiled code that are kept: some ten times what the programs of one set have. */
const keptCode = 256 * 1024 * 1024;

/** Files of it that are removed at once: a build does not wait for the rest, which the next build removes. */
const mostCode = 2000;

/** The folder for what this user's runs keep of all clones and packages. */
function cacheFolder() {
  const named = process.env.XDG_CACHE_HOME;
  const caches = named?.startsWith("/") ? named : join(homedir(), ".cache");
  return join(caches, "istio-auth0");
}

/** The folder for compiled code: not in the clone, where root's files would be in its owner's way. */
export const compiledFolder = () => join(cacheFolder(), "compiled");

/**
 * The folder for the programs of an installed package, whose own folder may be another user's or read-only. They find
 * the libraries that are not built into them as the package does: in its own folder, then next to it.
 * @param root the package's folder
 */
export function packagePrograms(root) {
  const place = createHash("sha256").update(root).digest("hex").slice(0, 16);
  const next = join(cacheFolder(), `programs-${place}`);
  const own = join(next, "own");
  mkdirSync(own, { recursive: true, mode: 0o700 });
  link(dirname(root), join(next, "node_modules"));
  link(join(root, "node_modules"), join(own, "node_modules"));
  return own;
}

function link(target, path) {
  try {
    symlinkSync(target, path);
  } catch (error) {
    // It belongs to the folder's name, so that an earlier one is the same.
    if (error.code !== "EEXIST") throw error;
  }
}

/** Removes the programs of packages that are no longer installed where they were. */
export function removeOldPackages() {
  for (const { name, path, mtimeMs } of entriesOf(cacheFolder())) {
    // Another process may just be making it.
    if (!/^programs-[0-9a-f]{16}$/.test(name) || mtimeMs > Date.now() - hour) continue;
    if (!existsSync(join(path, "node_modules"))) remove(path);
  }
}

/** Notes that something was used just now. Whether it is there to be used. */
export function used(path) {
  try {
    utimesSync(path, new Date(), new Date());
    return true;
  } catch (error) {
    if (error.code === "ENOENT") return false;
    // Another user's: it is there, and stays as long as they use it.
    return true;
  }
}

/**
 * Removes the sets of programs that were not used for an hour, but for the last ones, the libraries that none of the
 * others takes, and what killed builds have left.
 * @param {string} cache the folder of them
 */
export function removeOld(cache) {
  const entries = entriesOf(cache);
  for (const { name, path, mtimeMs } of entries) {
    if (isLeft(name) && mtimeMs < Date.now() - hour) remove(path);
  }
  const sets = entries
    .filter(({ name }) => /^sources-\w+$/.test(name))
    .sort((one, other) => other.mtimeMs - one.mtimeMs);
  const isKept = ({ mtimeMs }, at) => at < keptSets || mtimeMs > Date.now() - hour;
  for (const { path } of sets.filter((set, at) => !isKept(set, at))) remove(path);
  const kept = sets.filter(isKept).map(({ path }) => librariesOf(path));
  if (kept.includes(undefined)) return;
  const taken = new Set(kept.flat());
  for (const { name, path, mtimeMs } of entries) {
    if (!/^libraries-\w+\.js$/.test(name) || taken.has(name)) continue;
    // Another process may have found it there, and build a set that takes it.
    if (mtimeMs < Date.now() - day) remove(path);
  }
}

/** The names of the libraries' files that a set of programs takes; undefined where another process removes the set. */
function librariesOf(set) {
  try {
    return readdirSync(set, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".libraries.js"))
      .flatMap(
        (file) => readFileSync(join(set, file), "utf8").match(/\blibraries-\w+\.js\b/g) ?? [],
      );
  } catch {
    return undefined;
  }
}

/** Whether something bears the id of a process that has ended. */
function isLeft(name) {
  const [, pid] = /(?:^|\.)([1-9]\d*)$/.exec(name) ?? [];
  if (pid === undefined) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}

/**
 * Removes the compiled code that was not used for longest. A process that misses some compiles it.
 * @param {string} folder the cache of Node: a folder for each of its versions
 */
export function removeOldCode(folder, { limit = keptCode, most = mostCode } = {}) {
  const files = entriesOf(folder).flatMap(({ path }) => entriesOf(path));
  // Most machines note when a file was read, at least once a day.
  const lastUse = ({ mtimeMs, atimeMs }) => Math.max(mtimeMs, atimeMs);
  let total = 0;
  const old = files
    .sort((one, other) => lastUse(other) - lastUse(one))
    .filter(({ size }) => (total += size) > limit);
  for (const { path } of old.slice(-most)) remove(path);
}

/** What is in a folder, with its size in bytes and its times; nothing where there is no such folder. */
function entriesOf(folder) {
  let names = [];
  try {
    names = readdirSync(folder);
  } catch {
    // Not there, or a file.
  }
  return names.flatMap((name) => {
    const path = join(folder, name);
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) return [];
    const { size, mtimeMs, atimeMs } = found;
    return [{ name, path, size, mtimeMs, atimeMs }];
  });
}

/** Another process may remove it, too, and another user's stays. */
function remove(path) {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // It disturbs no other process.
  }
}
