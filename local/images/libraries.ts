import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { UserError } from "../../lib/errors";
import type { Layer, LayerEntry } from "./specification";

/**
 * Libraries that programs open without linking them: the C library those that resolve names (separate files before
 * glibc 2.34), and iptables its extensions.
 */
const opened = ["libnss_files.so.2", "libnss_dns.so.2", "libresolv.so.2", "libm.so.6"];

/**
 * The shared libraries that a program needs, and the loader, as entries of a layer; none for a
 * static program.
 *
 * All are put into the folder where this machine has its C library: on every distribution the loader searches there, so
 * the image needs no loader cache.
 *
 * @param program absolute path
 * @param searchFirst folders to search for libraries before this machine's own
 * @throws UserError when a library or ldd is missing
 */
export function sharedLibraries(program: string, searchFirst: readonly string[] = []): Layer {
  const found = listLibraries(program, searchFirst);
  const library = found.find((path) => basename(path) === "libc.so.6");
  if (library === undefined) return [];
  const folder = dirname(library);
  const unnamed = opened.map((name) => join(folder, name)).filter((path) => existsSync(path));
  return [...new Set([...found, ...unnamed])].map((source) => entry(source, folder));
}

function entry(source: string, folder: string): LayerEntry {
  // Programs name the loader by its absolute path, and every other library by its name only.
  const loader = basename(source).startsWith("ld-linux");
  const path = (loader ? source : join(folder, basename(source))).slice(1);
  return { kind: "file", path, source, mode: 0o755 };
}

function listLibraries(program: string, searchFirst: readonly string[]): string[] {
  const { error, stdout } = spawnSync("ldd", [program], {
    encoding: "utf8",
    env: { PATH: process.env.PATH, LC_ALL: "C", LD_LIBRARY_PATH: searchFirst.join(":") },
  });
  if (error) {
    throw new UserError(
      `cannot run ldd, which names the libraries for the images: ${error.message}. Install the package that holds it (Debian: libc-bin).`,
    );
  }
  const missing = [...stdout.matchAll(/^\s+(\S+) => not found$/gm)].map(([, name]) => name);
  if (missing.length > 0) {
    throw new UserError(
      `cannot write the images: this machine lacks ${missing.join(", ")}, needed by ${program}. Install the packages that hold them.`,
    );
  }
  return [...stdout.matchAll(/^\s+(?:\S+ => )?(\/.+) \(0x[0-9a-f]+\)$/gm)].flatMap(([, path]) =>
    path === undefined ? [] : [path],
  );
}
