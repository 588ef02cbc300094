import {
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { digest, madeWhole, readIfThere, removeAbandoned, removeWhole } from "../../lib/files";
import { clone } from "../../lib/clone";
import { writeImages } from "../../local/images/archive";
import { buildPrograms } from "./applications";
import { sandboxImages, type ImageNames } from "./images";
import type { ImageInputs } from "../../local/images/inputs";

/** How many archives are kept, with what nodes unpack 1.3 gigabytes each: another clone's node may be about to read one. */
const kept = 3;

/**
 * The archive of the sandbox's images, in a folder of its own for its inputs: any clone may reuse it. To identify the
 * inputs, files are compared by path, size and time, because hashing them takes seconds.
 * @param root the folder of all archives; those unused for the longest time are removed from it
 */
export async function preparedImages(
  root: string,
  inputs: ImageInputs,
  names: ImageNames,
): Promise<string> {
  const key = digest(keyOf(inputs), JSON.stringify(names), await serviceKey(names));
  const folder = join(root, key.slice(0, 16));
  mkdirSync(root, { recursive: true, mode: 0o700 });
  await madeWhole(folder, async (unfinished) => {
    await writeImages(unfinished, await sandboxImages(inputs, names));
  });
  // Sets the time of the last use.
  utimesSync(folder, new Date(), new Date());
  removeOld(root);
  // The node keeps there what it has made of it.
  return join(folder, readdirSync(folder).find((name) => name.endsWith(".tar")) ?? "");
}

function keyOf({ login, ...inputs }: ImageInputs): string {
  const binaries = Object.values<string>({ ...inputs, ...login }).map((path) => {
    const { size, mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? { size: 0, mtimeMs: 0 };
    return `${path} ${size} ${mtimeMs}`;
  });
  const sources = globSync(
    [
      "{sandbox/apps,sandbox/images,local/images}/**/*.{ts,css}",
      // The libraries in the programs.
      "package-lock.json",
    ],
    { cwd: clone },
  ).sort();
  return digest(...binaries, ...sources.map((path) => readFileSync(join(clone, path), "utf8")));
}

/** The sources of the project's own program, with what it imports of them, and the libraries' versions. */
async function serviceKey({ service }: ImageNames): Promise<string> {
  if (service === undefined) return "";
  const programs = Object.values(await buildPrograms([service.source], "external"));
  const lock = readIfThere(join(dirname(service.source), "package-lock.json")) ?? "";
  return digest(lock, ...programs.map((program) => Buffer.from(program).toString()));
}

function removeOld(root: string): void {
  // What killed runs have left, also of images that no run asks for any more.
  removeAbandoned(root, "");
  for (const removed of globSync("*.removed", { cwd: root }))
    rmSync(join(root, removed), { recursive: true, force: true });
  const folders = readdirSync(root)
    .filter((name) => /^[0-9a-f]{16}$/.test(name))
    .map((name) => join(root, name));
  const age = (path: string) => (existsSync(path) ? -statSync(path).mtimeMs : 0);
  const byAge = folders.sort((one, other) => age(one) - age(other));
  byAge.slice(kept).forEach(removeWhole);
}
