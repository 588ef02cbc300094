/** What a machine has to have before parts of the toolchain can be made on it. */
import { UserError } from "../../lib/errors";
import { readIfThere } from "../../lib/files";
import { run } from "../../lib/processes";
import { goVersion } from "./tools";

export interface Requirement {
  readonly name: string;
  /** Resolves if the machine has it. */
  readonly check: () => Promise<unknown>;
  /** The names of its packages, by system; `elsewhere` says how to get what no package has. */
  readonly packages: Readonly<Partial<Record<System, string>>>;
  readonly elsewhere?: string;
}

export type System = "Debian" | "Fedora" | "macOS";

const installers: Readonly<Record<System, string>> = {
  Debian: "apt-get install",
  Fedora: "dnf install",
  macOS: "brew install",
};

/** An older one cannot download the version that a module requires. */
const oldestGo = { major: 1, minor: 21 };

export const go: Requirement = {
  name: `Go ${oldestGo.major}.${oldestGo.minor} or newer`,
  check: async () => {
    const version = await run("go", ["env", "GOVERSION"], {
      cwd: "/",
      env: { ...process.env, GOTOOLCHAIN: "local" },
    });
    const [, major, minor] = /^go(\d+)\.(\d+)/.exec(version) ?? [];
    if (Number(major) === oldestGo.major && Number(minor) < oldestGo.minor)
      throw new UserError(`${version} is too old`);
  },
  // Debian 12's own is older.
  packages: { Fedora: "golang", macOS: "go" },
  elsewhere: `curl -fsSL https://go.dev/dl/go${goVersion}.linux-amd64.tar.gz | tar -xzC /usr/local; export PATH="$PATH:/usr/local/go/bin"`,
};

export const compiler: Requirement = {
  name: "gcc with the C library's headers",
  check: () => run("gcc", ["-E", "-x", "c", "-"], { input: "#include <stdlib.h>\n" }),
  packages: { Debian: "gcc libc6-dev", Fedora: "gcc glibc-devel" },
};

export const pip: Requirement = {
  name: "Python 3 with pip",
  check: () => run("python3", ["-m", "pip", "--version"]),
  packages: { Debian: "python3-pip", Fedora: "python3-pip" },
};

export const apt: Requirement = {
  name: "Debian 12's apt-get and dpkg-deb",
  check: () => Promise.all([run("apt-get", ["--version"]), run("dpkg-deb", ["--version"])]),
  packages: { Debian: "apt dpkg" },
  elsewhere: "run it in a Debian 12, such as podman run -it --privileged debian:12",
};

/**
 * Checks that the machine has everything that is needed, before anything is made.
 * @param systems the systems whose commands the message gives; default: the machine's own
 * @throws UserError that names everything that is missing, and how to install it, in one line
 */
export async function checkRequirements(
  needed: readonly Requirement[],
  systems: readonly System[] = ownSystems(),
): Promise<void> {
  const found = await Promise.all(
    [...new Set(needed)].map(async (one) => ({ one, there: await isThere(one) })),
  );
  const missing = found.filter(({ there }) => !there).map(({ one }) => one);
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name).join("; ");
  const commands = systems.map((system) => `${system}: ${commandFor(system, missing)}`);
  throw new UserError(`missing on this machine: ${names}. ${commands.join(". ")}`);
}

async function isThere({ check }: Requirement): Promise<boolean> {
  try {
    await check();
    return true;
  } catch {
    return false;
  }
}

function commandFor(system: System, missing: readonly Requirement[]): string {
  const packages = missing.flatMap((one) => one.packages[system] ?? []);
  const others = missing
    .filter((one) => one.packages[system] === undefined)
    .flatMap(({ elsewhere = [] }) => elsewhere);
  const installed = packages.length === 0 ? [] : [`${installers[system]} ${packages.join(" ")}`];
  return [...installed, ...others].join("; ");
}

/** The machine's system; the two most frequent ones if it is neither. */
function ownSystems(): System[] {
  if (process.platform === "darwin") return ["macOS"];
  const release = readIfThere("/etc/os-release") ?? "";
  const kinds = [...release.matchAll(/^ID(?:_LIKE)?=(.*)$/gm)].map(([, kind]) => kind).join(" ");
  if (kinds.includes("debian")) return ["Debian"];
  return kinds.includes("fedora") ? ["Fedora"] : ["Debian", "Fedora"];
}
