/** Packs parts of the toolchain as a release has them. */
import { createHash } from "node:crypto";
import { rmSync, statSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { constants, zstdCompress } from "node:zlib";
import { run } from "../../lib/processes";
import { type Part, partName } from "./parts";
import { fileOf, type Pins } from "./release";

/** The same folder gives the same file: in order of names, of no time and no owner. */
const alike = [
  "--sort=name",
  "--mtime=@0",
  "--owner=0",
  "--group=0",
  "--numeric-owner",
  "--mode=u+rw,go-w,a+rX",
];

const compress = promisify(zstdCompress);
const level = { params: { [constants.ZSTD_c_compressionLevel]: 12 } };

/**
 * Packs each part into a file.
 * @param root where the parts are
 * @param folder where the files are to be
 * @param address where they will be published
 * @returns what the project is to be pinned to
 */
export async function packParts(
  root: string,
  parts: readonly Part[],
  folder: string,
  address: string,
  say: (text: string) => void,
): Promise<Pins> {
  const packed: Pins["parts"] = {};
  for (const part of parts) {
    const name = partName(part);
    const path = join(folder, fileOf(name));
    const sha256 = await pack(join(root, name), path);
    packed[name] = { sha256, size: statSync(path).size };
    say(`${part.name}: packed`);
  }
  const about = "Made by .github/workflows/toolchain.yml. What has another key than here is built.";
  return { about, address, parts: packed };
}

/** At once, not as a stream: what a stream gives depends on how its input comes. */
async function pack(folder: string, path: string): Promise<string> {
  const tar = `${path}.tar`;
  await run("tar", ["-c", ...alike, "-C", folder, "-f", tar, "."]);
  const content = await compress(await readFile(tar), level);
  rmSync(tar);
  await writeFile(path, content);
  return createHash("sha256").update(content).digest("hex");
}
