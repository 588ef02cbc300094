/** Programs of Debian's, unpacked into a folder and never installed. */
import { createHash } from "node:crypto";
import { globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UserError, messageOf } from "../../lib/errors";
import { run } from "../../lib/processes";

/** A package of Debian 12's, for x86-64. */
export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
}

/** Packages that are unpacked into one folder, with everything that they depend on. */
export interface DebianPackages {
  /**
   * The packages that are requested. A package given only by its name is the release's newest; apt checks it by the
   * archive's signature.
   */
  readonly packages: readonly (DebianPackage | string)[];
  /** Dependencies that the programs that run do not need. Default: none. */
  readonly without?: readonly string[];
}

/** The machine's own is loaded with every program, so a second one is not needed. */
const machines = ["libc6"];

/**
 * Downloads packages and all their dependencies from the machine's own apt sources, checks them, and unpacks them into
 * a folder. Packages that are installed on the machine make no difference: apt is told that none is. Its lists and
 * cache stay in that folder too.
 */
export async function unpackDebian(
  { packages, without = [] }: DebianPackages,
  folder: string,
  say: (text: string) => void,
): Promise<void> {
  const work = join(folder, "apt");
  const downloads = join(work, "packages");
  for (const path of [join(work, "lists/partial"), join(work, "archives/partial"), downloads])
    mkdirSync(path, { recursive: true });
  const status = join(work, "status");
  writeFileSync(status, [...machines, ...without].map(asInstalled).join(""));
  const options = [
    `-oDir::State::Lists=${work}/lists`,
    `-oDir::State::status=${status}`,
    `-oDir::Cache=${work}`,
    "-oAPT::Sandbox::User=root",
    "-oDebug::NoLocking=1",
    "-qq",
  ];
  const apt = (...args: string[]) => run("apt-get", [...options, ...args], { cwd: downloads });
  say("reading Debian's package lists");
  try {
    await apt("update");
    const wanted = packages.map((one) =>
      typeof one === "string" ? one : `${one.name}=${one.version}`,
    );
    const plan = await apt("install", "--simulate", "--no-install-recommends", ...wanted);
    const found = [...plan.matchAll(/^Inst (\S+) \((\S+)/gm)];
    say(`fetching ${found.length} packages`);
    await apt("download", ...found.map(([, name, version]) => `${name}=${version}`));
  } catch (error) {
    const names = packages.map((one) => (typeof one === "string" ? one : one.name)).join(", ");
    const [, cause = ""] = /^apt-get \S+: (?:E: )?(.*)$/.exec(messageOf(error)) ?? [];
    throw new UserError(
      `apt-get cannot download Debian's ${names} (${cause}): see that this machine's apt sources are Debian 12's and can be reached`,
    );
  }
  for (const one of packages) if (typeof one !== "string") checkDigest(one, downloads);
  for (const file of readdirSync(downloads))
    await run("dpkg-deb", ["-x", join(downloads, file), folder]);
  rmSync(work, { recursive: true });
  // No program in a cache may run as a user other than the one who starts it.
  await run("chmod", ["-R", "ug-s", folder]);
}

/** dpkg's status of a package that is installed, in a version that satisfies every dependency. */
function asInstalled(name: string): string {
  const fields = {
    Package: name,
    Status: "install ok installed",
    Architecture: "amd64",
    "Multi-Arch": "same",
    Version: "9999",
    Maintainer: "none",
    Description: "not unpacked",
  };
  const lines = Object.entries(fields).map(([field, value]) => `${field}: ${value}\n`);
  return `${lines.join("")}\n`;
}

function checkDigest({ name, version, sha256 }: DebianPackage, downloads: string): void {
  const file = readdirSync(downloads).find((entry) => entry.startsWith(`${name}_`));
  if (file === undefined) throw new UserError(`apt-get did not download ${name} ${version}`);
  const found = createHash("sha256")
    .update(readFileSync(join(downloads, file)))
    .digest("hex");
  if (found !== sha256) {
    throw new UserError(
      `Debian's package ${file} has the digest ${found}, not ${sha256}: the sandbox needs Debian 12's, for x86-64`,
    );
  }
}

/**
 * The folders in which unpacked packages have their libraries: PulseAudio's packages name theirs by an absolute path.
 */
export function libraryFoldersOf(root: string): string[] {
  return globSync("{usr/,}lib/*-linux-gnu{,/pulseaudio}", { cwd: root })
    .sort()
    .map((path) => join(root, path));
}

/**
 * Starts a program of an unpacked folder, with the libraries in that folder.
 * @param program its path in the folder
 * @throws UserError with the last lines that the program wrote, if it does not start
 */
export async function tryUnpacked(
  folder: string,
  program: string,
  args: readonly string[] = ["--version"],
): Promise<void> {
  await run(join(folder, program), args, {
    env: { PATH: process.env.PATH, LD_LIBRARY_PATH: libraryFoldersOf(folder).join(":") },
  });
}
