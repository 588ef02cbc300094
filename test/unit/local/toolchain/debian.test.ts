/** A Debian program with the pinned digest is unpacked with all its dependencies, also those that the machine has. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { UserError } from "../../../../lib/errors";
import { madeWhole } from "../../../../lib/files";
import { tryUnpacked, unpackDebian } from "../../../../local/toolchain/debian";
import { temporaryFolder } from "../images/reading";

const skip =
  spawnSync("apt-get", ["--version"]).status === 0 ? false : "apt-get is not on this machine";

const triplet = "x86_64-linux-gnu";

/** Makes a package of some files, each executable, and gives its paragraph of the archive's list. */
function makePackage(
  archive: string,
  name: string,
  depends: string,
  files: Record<string, string>,
): string {
  const root = join(archive, "..", `root-${name}`);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), content);
    chmodSync(join(root, path), 0o4755);
  }
  const fields = [
    `Package: ${name}`,
    "Version: 1:2.0-1",
    "Architecture: amd64",
    "Maintainer: none",
    ...(depends === "" ? [] : [`Depends: ${depends}`]),
    "Description: for a test",
  ];
  mkdirSync(join(root, "DEBIAN"), { recursive: true });
  writeFileSync(join(root, "DEBIAN/control"), `${fields.join("\n")}\n`);
  const file = `${name}_2.0-1_amd64.deb`;
  execFileSync("dpkg-deb", ["--root-owner-group", "-b", root, join(archive, file)]);
  const content = readFileSync(join(archive, file));
  const sums = [`Size: ${content.length}`, `SHA256: ${sha256(content)}`];
  return `${[...fields, `Filename: ./${file}`, ...sums].join("\n")}\n`;
}

const sha256 = (content: Uint8Array) => createHash("sha256").update(content).digest("hex");

/**
 * An archive of three packages, which apt takes for the machine's only one: `tool`, which starts only with the data of
 * `tool-data` and the library of `libtool`, and asks for `helper`, which is not there.
 */
function archive(context: TestContext, status: string): { digest: string } {
  const folder = temporaryFolder();
  const packages = join(folder, "archive");
  mkdirSync(packages);
  const script = `#!/bin/sh
read -r said < "$(dirname "$0")/../share/tool/data" || exit 3
for library in $(echo "$LD_LIBRARY_PATH" | tr : ' '); do
  test -e "$library/libtool.so" && echo "$said" && exit 0
done
echo "libtool.so: not found" >&2
exit 4
`;
  const list = [
    makePackage(packages, "tool", "tool-data (>= 1:1), libtool, libc6 (>= 2), helper", {
      "usr/bin/tool": script,
    }),
    makePackage(packages, "tool-data", "", { "usr/share/tool/data": "said\n" }),
    makePackage(packages, "libtool", "libc6", { [`lib/${triplet}/libtool.so`]: "" }),
  ];
  writeFileSync(join(packages, "Packages"), list.join("\n"));
  writeFileSync(join(folder, "sources"), `deb [trusted=yes] file:${packages} ./\n`);
  writeFileSync(join(folder, "status"), status);
  writeFileSync(
    join(folder, "apt.conf"),
    `Dir::Etc::sourcelist "${folder}/sources";\nDir::Etc::sourceparts "/dev/null";\nDir::State::status "${folder}/status";\n`,
  );
  const before = process.env.APT_CONFIG;
  process.env.APT_CONFIG = join(folder, "apt.conf");
  context.after(() => {
    if (before === undefined) delete process.env.APT_CONFIG;
    else process.env.APT_CONFIG = before;
  });
  return { digest: sha256(readFileSync(join(packages, "tool_2.0-1_amd64.deb"))) };
}

const installed = (...names: string[]) =>
  names
    .map(
      (name) =>
        `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:2.0-1\nMaintainer: none\nDescription: there\n`,
    )
    .join("\n");

const silently = () => undefined;

for (const [machine, status] of [
  ["nothing is installed", ""],
  ["everything is installed", installed("tool", "tool-data", "libtool", "libc6", "helper")],
  ["half of it is installed", installed("tool-data", "libc6")],
] as const) {
  test(
    `a program is unpacked with all that it needs where ${machine}`,
    { skip },
    async (context) => {
      const { digest } = archive(context, status);
      const folder = temporaryFolder();
      const pinned = { name: "tool", version: "1:2.0-1", sha256: digest };
      await unpackDebian({ packages: [pinned], without: ["helper"] }, folder, silently);
      assert.deepEqual(
        readdirSync(folder, { recursive: true, encoding: "utf8", withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map(({ name }) => name)
          .sort(),
        ["data", "libtool.so", "tool"],
      );
      await tryUnpacked(folder, "usr/bin/tool", []);
      // It belonged to root, and every user would have run it as root.
      assert.equal(statSync(join(folder, "usr/bin/tool")).mode & 0o7777, 0o755);
      rmSync(join(folder, "lib"), { recursive: true });
      await assert.rejects(tryUnpacked(folder, "usr/bin/tool", []), /libtool\.so: not found/);
    },
  );
}

test("a folder whose program does not start is made anew", { skip }, async (context) => {
  archive(context, installed("tool-data"));
  const folder = join(temporaryFolder(), "part");
  const make = (unfinished: string) =>
    unpackDebian({ packages: ["tool"], without: ["helper"] }, unfinished, silently);
  const tryOut = (made: string) => tryUnpacked(made, "usr/bin/tool", []);
  const ensure = () => madeWhole(folder, make, "part", tryOut);
  assert.deepEqual([await ensure(), await ensure()], [true, false]);
  rmSync(join(folder, "usr/share"), { recursive: true });
  assert.deepEqual([await ensure(), await ensure()], [true, false]);
});

test("a package with another digest is not unpacked", { skip }, async (context) => {
  archive(context, "");
  const folder = temporaryFolder();
  const pinned = { name: "tool", version: "1:2.0-1", sha256: "0".repeat(64) };
  await assert.rejects(
    unpackDebian({ packages: [pinned], without: ["helper"] }, folder, silently),
    /^UserError: Debian's package tool_.* has the digest [0-9a-f]{64}, not 0{64}/,
  );
  assert.equal(existsSync(join(folder, "usr")), false);
});

test(
  "what cannot be had is named in one line, with apt's own reason",
  { skip },
  async (context) => {
    archive(context, installed("helper"));
    const wanted = [
      [{ packages: ["tool"] }, "tool"],
      [
        {
          packages: [{ name: "tool", version: "3", sha256: "" }, "tool-data"],
          without: ["helper"],
        },
        "tool, tool-data",
      ],
    ] as const;
    for (const [packages, names] of wanted) {
      await assert.rejects(unpackDebian(packages, temporaryFolder(), silently), (error) => {
        assert(error instanceof UserError);
        assert.match(
          error.message,
          new RegExp(
            `^apt-get cannot download Debian's ${names} \\((?!.*apt-get)[^\\n]+\\): see that this machine's apt sources are Debian 12's and can be reached$`,
          ),
        );
        return true;
      });
    }
  },
);
