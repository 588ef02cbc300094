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
  /** Those that are asked for. One given by its name alone is the release's newest, and checked by its archive's signature. */
  readonly packages: readonly (DebianPackage | string)[];
  /** What they depend on and what is run of them does not need. Default: nothing. */
  readonly without?: readonly string[];
}

/** The machine's own is loaded with every program, so that a second one could only differ from it. */
const machines = ["libc6"];

/**
 * Downloads packages and all that they depend on with the machine's own apt sources, checks them, and unpacks them
 * into a folder. What is installed on the machine makes no difference: apt is told that nothing is. Its lists and
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
  // Nothing in a cache is to run as another user than the one who starts it.
  await run("chmod", ["-R", "ug-s", folder]);
}

/** What dpkg's status file says of a package that is installed, in a version that satisfies any other. */
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

/** Where packages that were unpacked into a folder have their libraries: PulseAudio's name theirs by an absolute path. */
export function libraryFoldersOf(root: string): string[] {
  return globSync("{usr/,}lib/*-linux-gnu{,/pulseaudio}", { cwd: root })
    .sort()
    .map((path) => join(root, path));
}

/**
 * Starts a program of an unpacked folder, with the libraries there.
 * @param program its path in the folder
 * @throws UserError with the program's last words, where it does not start
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
