/** Makes copies of the clone, as it is or with a larger table. */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { clone } from "../../../lib/clone";
import { type AddedService, edited, editsFor } from "./table";

/** Makes a copy of the clone whose table has these services as well. */
export function copyWithServices(folder: string, added: readonly AddedService[]): void {
  copyClone(folder);
  for (const edit of editsFor(added)) {
    const path = join(folder, edit.file);
    writeFileSync(path, edited(readFileSync(path, "utf8"), edit));
  }
}

/** Makes a folder with the files that git tracks or would track, and this clone's packages. */
export function copyClone(folder: string): void {
  mkdirSync(folder);
  const listing = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const listed = execFileSync("git", listing, { cwd: clone, encoding: "utf8" }).split("\0");
  for (const file of listed.filter((name) => name !== "" && existsSync(join(clone, name)))) {
    cpSync(join(clone, file), join(folder, file));
  }
  symlinkSync(join(clone, "node_modules"), join(folder, "node_modules"));
}
