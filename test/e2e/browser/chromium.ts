/** A real browser for tests: Debian's Chromium, unpacked into the project's cache and never installed. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { digest, madeWhole } from "../../../lib/files";
import { layout } from "../../../sandbox/layout";
import {
  type DebianPackages,
  libraryFoldersOf,
  tryUnpacked,
  unpackDebian,
} from "../../../local/toolchain/debian";

/** Its pages are drawn with a font. It opens no other program, and asks no desktop for its settings. */
const packages: DebianPackages = {
  packages: ["chromium", "fonts-dejavu-core"],
  without: ["xdg-utils", "x11-utils", "dconf-gsettings-backend", "adwaita-icon-theme", "debconf"],
};

/** One copy is kept for as long as Debian's release is this one; its archive keeps no older version to pin. */
const release = "bookworm";

const program = "usr/lib/chromium/chromium";

/** Draws an empty page: for its version alone it opens no file. */
async function tryOut(folder: string): Promise<void> {
  const profile = mkdtempSync(join(tmpdir(), "istio-auth0-chromium-"));
  try {
    const options = ["--headless", "--no-sandbox", "--disable-gpu", `--user-data-dir=${profile}`];
    await tryUnpacked(folder, program, [...options, "--dump-dom", "about:blank"]);
  } finally {
    rmSync(profile, { recursive: true, force: true });
  }
}

/** The folder in which Chromium and its libraries are. */
async function unpacked(): Promise<string> {
  const cache = join(layout().cache, "toolchain");
  mkdirSync(cache, { recursive: true, mode: 0o700 });
  const folder = join(cache, `chromium-${digest(release, JSON.stringify(packages)).slice(0, 12)}`);
  await madeWhole(
    folder,
    (unfinished) => unpackDebian(packages, unfinished, () => undefined),
    "chromium-",
    tryOut,
  );
  return folder;
}

/**
 * Starts the browser, in a session of its own that is removed when it is closed. Playwright has it freeze no page that
 * is left: Back loads each again, from what the browser has kept of it or from its server.
 * @param resolve where names lead that only the sandbox knows: `MAP *.localhost 127.0.0.1`
 */
export async function openBrowser(resolve: string): Promise<Browser> {
  const folder = await unpacked();
  return chromium.launch({
    executablePath: join(folder, program),
    // Tests run as root, for whom Chromium's own sandbox cannot be.
    // What it would show by Back is to be seen.
    ignoreDefaultArgs: ["--disable-back-forward-cache"],
    args: ["--no-sandbox", "--disable-gpu", `--host-resolver-rules=${resolve}`],
    env: {
      PATH: process.env.PATH ?? "",
      HOME: process.env.HOME ?? "",
      LD_LIBRARY_PATH: libraryFoldersOf(folder).join(":"),
      DBUS_SESSION_BUS_ADDRESS: "disabled:",
    },
  });
}
