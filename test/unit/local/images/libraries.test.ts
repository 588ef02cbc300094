/** The libraries that ldd names for a program go into its image, and a missing one, or a missing ldd, is named. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, test } from "node:test";
import { UserError } from "../../../../lib/errors";
import { sharedLibraries } from "../../../../local/images/libraries";
import { temporaryFolder } from "./reading";

const path = process.env.PATH;

afterEach(() => {
  process.env.PATH = path;
});

/** Lets an ldd that prints these lines stand for the machine's own; without lines there is none. */
function printedByLdd(...lines: readonly string[]): void {
  const folder = temporaryFolder();
  if (lines.length > 0) {
    const script = `#!/bin/sh\n${lines.map((line) => `echo '${line}'\n`).join("")}`;
    writeFileSync(join(folder, "ldd"), script, { mode: 0o755 });
  }
  process.env.PATH = folder;
}

test("libraries go where the C library is, the loader to its own path", () => {
  const folder = join(temporaryFolder(), "with space");
  mkdirSync(folder);
  for (const name of ["libc.so.6", "libresolv.so.2"]) writeFileSync(join(folder, name), "");
  printedByLdd(
    "\tlinux-vdso.so.1 (0x00007ffd)",
    "\tlibown.so.1 => /opt/own/libown.so.1 (0x00007f01)",
    `\tlibc.so.6 => ${folder}/libc.so.6 (0x00007f02)`,
    "\t/lib64/ld-linux-x86-64.so.2 (0x00007f03)",
  );
  const file = (path: string, source: string) => ({
    kind: "file",
    path: path.slice(1),
    source,
    mode: 0o755,
  });
  assert.deepEqual(sharedLibraries("/program"), [
    file(`${folder}/libown.so.1`, "/opt/own/libown.so.1"),
    file(`${folder}/libc.so.6`, `${folder}/libc.so.6`),
    file("/lib64/ld-linux-x86-64.so.2", "/lib64/ld-linux-x86-64.so.2"),
    // Not named by the program, but opened by the C library.
    file(`${folder}/libresolv.so.2`, `${folder}/libresolv.so.2`),
  ]);
});

test("a static program has none", () => {
  printedByLdd("\tstatically linked");
  assert.deepEqual(sharedLibraries("/program"), []);
});

test("libraries that the machine lacks are named", () => {
  printedByLdd(
    "\tlibgone.so.1 => not found",
    "\tlibc.so.6 => /lib/libc.so.6 (0x00007f02)",
    "\tlibaway.so.2 => not found",
  );
  assert.throws(
    () => sharedLibraries("/opt/program"),
    new UserError(
      "cannot write the images: this machine lacks libgone.so.1, libaway.so.2, needed by /opt/program. Install the packages that hold them.",
    ),
  );
});

test("a machine without ldd is told so", () => {
  printedByLdd();
  assert.throws(
    () => sharedLibraries("/opt/program"),
    new UserError(
      "cannot run ldd, which names the libraries for the images: spawnSync ldd ENOENT. Install the package that holds it (Debian: libc-bin).",
    ),
  );
});
