/** For which machine a program is. */
import { open } from "node:fs/promises";
import { architecture } from "./archive";

/** OCI's names for the processors of programs for Linux, by their number in the program's header (elf(5)). */
const processors: Readonly<Record<number, string>> = { 62: "amd64", 183: "arm64" };

/**
 * Why this machine's node cannot run a program; undefined if it can.
 * @param path a file
 * @returns the end of a sentence that begins with the path
 */
export async function programProblem(path: string): Promise<string | undefined> {
  const file = await open(path);
  const { buffer: header } = await file
    .read(Buffer.alloc(20), 0, 20, 0)
    .finally(() => file.close());
  if (header.toString("latin1", 0, 4) !== "\x7fELF") return "is not a program for Linux";
  const processor = header.readUInt16LE(18);
  const name = processors[processor];
  if (name === architecture()) return undefined;
  return `is a program for ${name === undefined ? `processor ${processor}` : `linux/${name}`}: build it for linux/${architecture()}`;
}
