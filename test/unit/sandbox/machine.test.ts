/**
 * The sandbox runs only as root on Linux on x86-64, and its message elsewhere says what to do instead. A command that
 * asks for the sandbox's lock is told that another has it; any other ends with its own exit code.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test, type TestContext } from "node:test";
import { programArguments } from "../../../local/programs";
import { layout } from "../../../sandbox/layout";
import { machineProblem, runWith } from "../../../sandbox/machine";
import { temporaryFolder } from "../local/images/reading";

/** Has this process be another user's, on another machine, until the test ends. */
function pretend(context: TestContext, platform: string, arch: string, user: number): void {
  for (const [name, value] of Object.entries({ platform, arch, getuid: () => user })) {
    const own = Object.getOwnPropertyDescriptor(process, name);
    assert(own);
    context.after(() => Object.defineProperty(process, name, own));
    Object.defineProperty(process, name, { ...own, value });
  }
}

const elsewhere = (machine: string, command = "") =>
  `the sandbox runs on Linux on x86-64, and this is ${machine}: use a virtual machine${command}, or a real cluster (docs/clusters.md)`;

const lima =
  " (brew install lima; limactl start --arch=x86_64 template:debian-12; limactl shell debian-12)";

for (const [platform, arch, user, expected] of [
  ["linux", "x64", 0, undefined],
  [
    "linux",
    "x64",
    1000,
    "the sandbox makes namespaces and mounts: run it as root (sudo npm run sandbox)",
  ],
  ["linux", "arm64", 0, elsewhere("linux on arm64")],
  ["darwin", "x64", 1000, elsewhere("darwin on x64", lima)],
] as const) {
  test(`${platform} on ${arch} as user ${user}: ${expected ?? "no problem"}`, (context) => {
    pretend(context, platform, arch, user);
    assert.equal(machineProblem(), expected);
  });
}

/** A program of the test's own, named as `runWith` is told of the project's. */
function programThat(code: string): string {
  const file = join(temporaryFolder(), "program.js");
  writeFileSync(file, code);
  const [inProject = ""] = programArguments("program.js").slice(-1);
  return relative(dirname(inProject), file);
}

test("what asks for no lock may end with any code", async () => {
  const places = layout({ XDG_STATE_HOME: temporaryFolder() });
  const needs = { lock: false, tenant: false };
  for (const code of [0, 75])
    assert.equal(await runWith(needs, places, programThat(`process.exit(${code})`), []), code);
});

test("what asks for the lock runs alone", async (context) => {
  const places = layout({ XDG_STATE_HOME: temporaryFolder() });
  const needs = { lock: true, tenant: false };
  assert.equal(await runWith(needs, places, programThat("process.exit(3)"), []), 3);
  mkdirSync(dirname(places.lock), { recursive: true });
  const holder = spawn("flock", [places.lock, "sh", "-c", "echo held; read line"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  context.after(() => holder.stdin.end());
  await once(holder.stdout, "data");
  await assert.rejects(runWith(needs, places, programThat("process.exit(0)"), []), {
    name: "UserError",
    message: "another command is changing this sandbox: wait for it to end",
  });
});
