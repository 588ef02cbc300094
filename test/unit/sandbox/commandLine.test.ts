/** `istio-auth0 sandbox` explains its commands, refuses each wrong argument in one line, and then leaves no file. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { machineProblem } from "../../../sandbox/machine";
import { argumentsFor } from "../../support/node";
import { temporaryFolder } from "../local/images/reading";

const root = join(__dirname, "../../..");

/** Runs the command for a user whose home is empty, and tells what it left there. */
async function sandbox(args: readonly string[], { clone = root, path = "/nowhere" } = {}) {
  const home = temporaryFolder();
  const cache = join(home, "cache");
  const child = spawn(process.execPath, [...argumentsFor("sandbox/main.ts", clone), ...args], {
    // With no program on its PATH it cannot start a sandbox even where it should refuse to and does not.
    env: {
      HOME: home,
      XDG_STATE_HOME: home,
      XDG_CACHE_HOME: cache,
      PATH: path,
      // As run.mjs gives it.
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
    },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 60_000,
  });
  const closed = once(child, "close");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  await closed;
  const left = readdirSync(home, { recursive: true });
  return { code: child.exitCode, stdout, stderr: stderr.replace(home, "HOME"), left };
}

test("--help says how to call it, and what every command does", async () => {
  const { stdout, ...rest } = await sandbox(["--help"]);
  assert.deepEqual(rest, { code: 0, stderr: "", left: [] });
  const [first, , ...others] = stdout.split("\n");
  assert.equal(first, "Usage: istio-auth0 sandbox [options] [command]");
  const described = others.flatMap((line) => /^ {2}(\S+) {2,}\S/.exec(line)?.[1] ?? []);
  const commands = ["up", "down", "status", "shell", "verify", "explain", "token", "preflight"];
  assert.deepEqual(described, ["--help", ...commands, "0", "1"]);
});

const see = (command: string) => `. See istio-auth0 ${command} --help.`;
const alone = (other: string) =>
  `verify --all-modes takes nothing else but --project, and not ${other}: each mode has a report of its own${see("sandbox verify")}`;
const expected = "expected SETTING=VALUE, such as gateway.url=http://localhost:9000";
for (const [args, message] of [
  // A name that every object has.
  [["constructor"], `unknown command 'constructor'${see("sandbox")}`],
  [
    ["down", "now"],
    `too many arguments for 'down'. Expected 0 arguments but got 1${see("sandbox down")}`,
  ],
  [["--set"], `option '--set <SETTING=VALUE>' argument missing${see("sandbox up")}`],
  [
    ["--set", "gateway.url", "--set", "gateway.nodePort=1", "--set=2"],
    `--set gateway.url: ${expected}\n--set 2: ${expected}${see("sandbox up")}`,
  ],
  [["status", "--all"], `unknown option '--all'${see("sandbox status")}`],
  [["verify", "--all-modes", "--json", "all.json"], alone("--json")],
  [["verify", "--html=all.html", "--all-modes"], alone("--html=all.html")],
  [["verify", "--stak"], `unknown option '--stak' (Did you mean --stack?)${see("sandbox verify")}`],
] as const) {
  test(`"${args.join(" ")}" is refused, each mistake in one line`, async () => {
    const failed = { code: 1, stdout: "", stderr: `error: ${message}\n`, left: [] };
    assert.deepEqual(await sandbox(args), failed);
  });
}

const skip = machineProblem() ?? false;

for (const [command, start] of [
  ["status", "npm run sandbox"],
  ["verify", "npm run sandbox"],
  ["shell", "npm run sandbox"],
  ["verify --project examples/orders", "npm run sandbox -- --project examples/orders"],
] as const) {
  test(`${command} without a sandbox says how to start one`, { skip }, async () => {
    assert.deepEqual(await sandbox(command.split(" ")), {
      code: 1,
      stdout: "",
      stderr: `error: this project has no sandbox: start it with "${start}"\n`,
      left: [],
    });
  });
}

/** A clone of its own, whose control groups and processes no other clone uses: down ends and removes what it finds. */
function anotherClone(): string {
  const clone = temporaryFolder();
  for (const part of [
    "Pulumi.yaml",
    "application.ts",
    "index.ts",
    "package.json",
    "settings.ts",
    "tsconfig.json",
    "workloads.ts",
    "commands",
    "components",
    "lib",
    "local",
    "policies",
    "sandbox",
  ]) {
    cpSync(join(root, part), join(clone, part), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(clone, "node_modules"));
  return clone;
}

test("down without a sandbox ends well, and leaves no file", { skip }, async () => {
  const { stderr, left, ...rest } = await sandbox(["down"], {
    clone: anotherClone(),
    path: process.env.PATH,
  });
  assert.deepEqual(rest, { code: 0, stdout: "" });
  assert.match(
    stderr,
    /^ +\d+\.\d s {2}down {7}nothing is left but tools and images in HOME\/cache\/istio-auth0\n$/,
  );
  assert.deepEqual(
    left.filter((path) => path !== "istio-auth0"),
    [],
  );
});
