import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../failure";
import { run } from "../processes";
import type { DebianPackage } from "./tools";

/**
 * Downloads pinned packages with the machine's own apt sources, checks each against its digest, and
 * unpacks them into a folder. apt's lists and cache stay in that folder too: the machine's are not touched.
 */
export async function unpackDebianPackages(
  packages: readonly DebianPackage[],
  folder: string,
  say: (text: string) => void,
): Promise<void> {
  const work = join(folder, "apt");
  for (const part of ["lists/partial", "cache/archives/partial", "packages"]) {
    mkdirSync(join(work, part), { recursive: true });
  }
  const apt = (...args: string[]) =>
    run(
      "apt-get",
      [
        `-oDir::State::Lists=${work}/lists`,
        `-oDir::Cache=${work}/cache`,
        "-oAPT::Sandbox::User=root",
        "-qq",
        ...args,
      ],
      { cwd: join(work, "packages") },
    );
  say("reading Debian's package lists");
  await apt("update");
  await apt("download", ...packages.map(({ name, version }) => `${name}=${version}`));
  for (const { name, version, sha256 } of packages) {
    const file = readdirSync(join(work, "packages")).find((entry) => entry.startsWith(`${name}_`));
    if (file === undefined) throw new Failure(`apt-get did not download ${name} ${version}`);
    const archive = join(work, "packages", file);
    const found = createHash("sha256").update(readFileSync(archive)).digest("hex");
    if (found !== sha256) {
      throw new Failure(
        `Debian's package ${file} has the digest ${found}, not ${sha256}: the sandbox needs Debian 12's, for x86-64`,
      );
    }
    await run("dpkg-deb", ["-x", archive, folder]);
  }
  rmSync(work, { recursive: true });
}
