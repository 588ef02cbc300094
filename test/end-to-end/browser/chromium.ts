/** A real browser for tests: Debian's Chromium, unpacked into the project's cache and never installed. */
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { Failure } from "../../../sandbox/failure";
import { digest, madeWhole } from "../../../sandbox/files";
import { layout } from "../../../sandbox/layout";
import { run } from "../../../sandbox/processes";

/** Its pages are drawn with a font, and nothing else may be missing. */
const packages = ["chromium", "fonts-dejavu-core"];

/** One copy is kept for as long as Debian's release is this one; its archive keeps no older version to pin. */
const release = "bookworm";

const libraries = ["usr/lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu/pulseaudio"];

/** The folder in which Chromium and those of its libraries are that this machine has not installed. */
async function unpacked(): Promise<string> {
  const cache = join(layout().cache, "toolchain");
  mkdirSync(cache, { recursive: true, mode: 0o700 });
  const folder = join(cache, `chromium-${digest(release, ...packages).slice(0, 12)}`);
  await madeWhole(folder, unpack, "chromium-");
  return folder;
}

/** apt checks what it downloads by the archive's own signatures; its lists and cache are the folder's. */
async function unpack(folder: string): Promise<void> {
  const work = join(folder, "apt");
  const archives = join(work, "cache/archives");
  for (const part of [join(work, "lists/partial"), join(archives, "partial")])
    mkdirSync(part, { recursive: true });
  const apt = (...args: string[]) =>
    run("apt-get", [
      `-oDir::State::Lists=${work}/lists`,
      `-oDir::Cache=${work}/cache`,
      "-oAPT::Sandbox::User=root",
      "-oDebug::NoLocking=1",
      "-qqy",
      ...args,
    ]);
  try {
    await apt("update");
    await apt("install", "--download-only", "--reinstall", "--no-install-recommends", ...packages);
  } catch (error) {
    const [, cause = ""] = /: (E: .*)$/.exec(String(error)) ?? [];
    throw new Failure(
      `apt-get cannot download Debian's ${packages.join(" and ")}, which the browser's tests need${cause && ` (${cause})`}: see that this machine reaches Debian's archive`,
    );
  }
  const files = readdirSync(archives).filter((file) => file.endsWith(".deb"));
  for (const file of files) await run("dpkg-deb", ["-x", join(archives, file), folder]);
  rmSync(work, { recursive: true });
}

/**
 * Starts the browser, in a session of its own that is removed when it is closed. Playwright has it freeze no page that
 * is left: Back loads each again, from what the browser has kept of it or from its server.
 * @param resolve where names lead that only the sandbox knows: `MAP *.localhost 127.0.0.1`
 */
export async function openBrowser(resolve: string): Promise<Browser> {
  const folder = await unpacked();
  return chromium.launch({
    executablePath: join(folder, "usr/lib/chromium/chromium"),
    // Tests run as root, for whom Chromium's own sandbox cannot be.
    // What it would show by Back is to be seen.
    ignoreDefaultArgs: ["--disable-back-forward-cache"],
    args: ["--no-sandbox", "--disable-gpu", `--host-resolver-rules=${resolve}`],
    env: {
      PATH: process.env.PATH ?? "",
      HOME: process.env.HOME ?? "",
      LD_LIBRARY_PATH: libraries.map((path) => join(folder, path)).join(":"),
      DBUS_SESSION_BUS_ADDRESS: "disabled:",
    },
  });
}
