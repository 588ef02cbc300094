/** All that the toolchain's build lacks is named in one line before it begins, with the command that installs it. */
import assert from "node:assert/strict";
import { readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { UserError } from "../../../../lib/errors";
import { ensureParts } from "../../../../local/toolchain/parts";
import {
  apt,
  checkRequirements,
  compiler,
  go,
  pip,
  type Requirement,
  type System,
} from "../../../../local/toolchain/requirements";
import { temporaryFolder } from "../images/reading";

/** Has PATH be one folder until the test ends, and gives that. */
function onlyPath(context: TestContext): string {
  const before = process.env.PATH;
  const folder = temporaryFolder();
  process.env.PATH = folder;
  context.after(() => {
    process.env.PATH = before;
  });
  return folder;
}

function program(folder: string, name: string, script: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

async function complaint(
  needed: readonly Requirement[],
  systems?: readonly System[],
): Promise<string> {
  try {
    await checkRequirements(needed, systems);
    return "";
  } catch (error) {
    assert(error instanceof UserError);
    return error.message;
  }
}

test("all that is missing is named at once, in one line, before anything is made", async (context) => {
  onlyPath(context);
  const root = temporaryFolder();
  const make = () => assert.fail("made");
  const part = { name: "part", key: "0123456789abcdef", make };
  const parts = [
    { ...part, needs: [go] },
    { ...part, name: "other", needs: [go, compiler, apt] },
    { ...part, name: "third", needs: [pip] },
    { ...part, name: "last", needs: [] },
  ];
  await assert.rejects(
    ensureParts(root, parts, undefined, () => undefined),
    (error) => {
      assert(error instanceof UserError);
      assert.match(
        error.message,
        /^missing on this machine: Go 1\.21 or newer; gcc with the C library's headers; Debian 12's apt-get and dpkg-deb; Python 3 with pip\. [^\n]*$/,
      );
      return true;
    },
  );
  assert.deepEqual(readdirSync(root), []);
});

const install =
  'curl -fsSL https://go.dev/dl/go1.26.8.linux-amd64.tar.gz | tar -xzC /usr/local; export PATH="$PATH:/usr/local/go/bin"';

for (const [system, expected] of [
  ["Debian", `apt-get install gcc libc6-dev python3-pip apt dpkg; ${install}`],
  [
    "Fedora",
    "dnf install golang gcc glibc-devel python3-pip; run it in a Debian 12, such as podman run -it --privileged debian:12",
  ],
] as const) {
  test(`the command is that of ${system}`, async (context) => {
    onlyPath(context);
    const told = await complaint([go, compiler, pip, apt], [system]);
    assert.equal(told.slice(told.indexOf(`. ${system}: `)), `. ${system}: ${expected}`);
  });
}

test("a Mac builds the Pulumi CLI alone, and needs Go for it", async (context) => {
  onlyPath(context);
  assert.equal(
    await complaint([go], ["macOS"]),
    "missing on this machine: Go 1.21 or newer. macOS: brew install go",
  );
});

test("what is there is not named: an old Go is not enough, nor a gcc without headers", async (context) => {
  const folder = onlyPath(context);
  symlinkSync("/bin/sh", join(folder, "sh"));
  program(folder, "go", "echo go1.19.8");
  program(folder, "gcc", "echo 'stdlib.h: No such file or directory' >&2; exit 1");
  program(folder, "python3", "exit 0");
  const all = [go, compiler, pip];
  assert.match(
    await complaint(all),
    /^missing on this machine: Go 1\.21 or newer; gcc with the C library's headers\. /,
  );
  program(folder, "go", "echo go1.21.0");
  program(folder, "gcc", "exit 0");
  assert.equal(await complaint(all), "");
});
