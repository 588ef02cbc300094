/** A `pulumi` command that writes down what it was asked, and does what a script says. */
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface FakePulumi {
  /** The folder that holds it, to be put on PATH. */
  readonly directory: string;
  does(script: string): Promise<void>;
  prints(outputs: unknown): Promise<void>;
  /** Where it was last run, and its arguments. */
  asked(): Promise<readonly string[]>;
  remove(): Promise<void>;
}

export async function fakePulumi(): Promise<FakePulumi> {
  const directory = await mkdtemp(join(tmpdir(), "verify-pulumi-"));
  const program = join(directory, "pulumi");
  const asked = join(directory, "asked");
  const does = async (script: string) => {
    const record = `{ pwd; printf '%s\\n' "$@"; } > '${asked}'`;
    await writeFile(program, `#!/bin/sh\n${record}\n${script}\n`);
    await chmod(program, 0o700);
  };
  return {
    directory,
    does,
    async prints(outputs) {
      const file = join(directory, "outputs.json");
      await writeFile(file, JSON.stringify(outputs), { mode: 0o600 });
      await does(`cat '${file}'`);
    },
    asked: async () => (await readFile(asked, "utf8")).trimEnd().split("\n"),
    remove: () => rm(directory, { recursive: true }),
  };
}
