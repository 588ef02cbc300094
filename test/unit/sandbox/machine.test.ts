/** The sandbox runs only as root on Linux on x86-64, and its message elsewhere says what to do instead. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { machineProblem } from "../../../sandbox/machine";

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
