/** Packs parts of the toolchain as files of a release. */
import { createHash } from "node:crypto";
import { rmSync, statSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { constants, zstdCompress } from "node:zlib";
import { run } from "../../lib/processes";
import { type Part, partName } from "./parts";
import { fileOf, type Pins } from "./release";

/** The same folder gives the same file: members are sorted by name, without times and owners. */
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
 * @param root the folder of the parts
 * @param folder the folder for the files
 * @param address the address at which they will be published
 * @returns what to write into release.json
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

/** At once, not as a stream: the result of a stream depends on how its input is split. */
async function pack(folder: string, path: string): Promise<string> {
  const tar = `${path}.tar`;
  await run("tar", ["-c", ...alike, "-C", folder, "-f", tar, "."]);
  const content = await compress(await readFile(tar), level);
  rmSync(tar);
  await writeFile(path, content);
  return createHash("sha256").update(content).digest("hex");
}
