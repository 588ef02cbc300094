import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { bookinfoSettings, type BookinfoSettings } from "../../components/settings";
import { digest, parseJson, readIfThere, writePrivate } from "../files";
import { clone } from "../layout";
import { writeImages } from "./archive";
import { sandboxImages, type ImageInputs } from "./images";

const stamp = z.object({ key: z.string(), archive: z.string() });

/**
 * The archive of the sandbox's images in a folder, written where it is missing or what it is made of
 * changed. To tell, files are compared by path, size and time: hashing them takes seconds.
 */
export async function preparedImages(
  folder: string,
  inputs: ImageInputs,
  names: BookinfoSettings = bookinfoSettings.parse({}),
): Promise<string> {
  const file = join(folder, "prepared.json");
  const key = digest(keyOf(inputs), JSON.stringify(names));
  const known = stamp.safeParse(parseJson(readIfThere(file) ?? ""));
  if (known.success && known.data.key === key && existsSync(known.data.archive)) {
    return known.data.archive;
  }
  const { archive } = await writeImages(folder, await sandboxImages(inputs, names));
  writePrivate(file, JSON.stringify({ key, archive }));
  return archive;
}

function keyOf(inputs: ImageInputs): string {
  const binaries = Object.values<string>({ ...inputs }).map((path) => {
    const { size, mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? { size: 0, mtimeMs: 0 };
    return `${path} ${size} ${mtimeMs}`;
  });
  const sources = globSync("sandbox/{apps,images}/**/*.{ts,css}", { cwd: clone }).sort();
  return digest(...binaries, ...sources.map((path) => readFileSync(join(clone, path), "utf8")));
}
