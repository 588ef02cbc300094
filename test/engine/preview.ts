/** Runs `npm run preview` for a user who has nothing but PATH and a home, with the tools that are there already. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { stringify } from "yaml";
import { digest } from "../../lib/files";
import { programArguments } from "../../local/programs";
import { builtArguments, bundle } from "../runner/build";
import { temporaryFolder } from "../unit/local/images/reading";
import { pulumiExecutable } from "./engine";

export const root = join(__dirname, "../..");

interface Options {
  /** The clone whose command it is. */
  readonly clone?: string;
  readonly environment?: Readonly<NodeJS.ProcessEnv>;
  /** The user's folder of caches, for runs that share it. Default: a new one. */
  readonly caches?: string;
  /** Node's arguments that run the command. Default: those of the clone's own, as its sources are now. */
  readonly main?: readonly string[];
  /** What starts it: a program and its arguments. */
  readonly within?: readonly string[];
  /** Called with each part of what it says on standard error. */
  readonly onSaid?: (said: string, signal: (name: NodeJS.Signals) => void) => void;
}

/** What a run of the command said, how it ended, and the files that it left: in the cache only compiled code is none. */
export async function preview(args: readonly string[], options: Options = {}) {
  const { clone = root, environment = {}, within = [], onSaid } = options;
  const { caches = temporaryFolder() } = options;
  const home = temporaryFolder();
  const [cache, temporary] = [join(caches, "istio-auth0"), join(home, "tmp")];
  for (const folder of [cache, temporary]) mkdirSync(folder, { recursive: true });
  const compiled = process.env.NODE_COMPILE_CACHE;
  for (const [name, there] of Object.entries({
    toolchain: pulumiExecutable && dirname(dirname(dirname(pulumiExecutable))),
    compiled,
  }))
    if (there !== undefined && !existsSync(join(cache, name)))
      symlinkSync(there, join(cache, name));
  const main = options.main ?? (await programOf(clone));
  const [program = "", ...rest] = [...within, process.execPath, ...main, ...args];
  const child = spawn(program, rest, {
    cwd: clone,
    env: {
      HOME: home,
      XDG_CACHE_HOME: caches,
      PATH: process.env.PATH,
      TMPDIR: temporary,
      TSX_DISABLE_CACHE: "1",
      NODE_COMPILE_CACHE: compiled,
      ...environment,
    },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 120_000,
  });
  child.stderr.on("data", (chunk: Buffer) => {
    onSaid?.(chunk.toString(), (name) => child.kill(name));
  });
  const closed = once(child, "close");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  await closed;
  const made = readdirSync(home, { recursive: true, encoding: "utf8" });
  const cached = readdirSync(cache).filter((name) => name !== "toolchain" && name !== "compiled");
  const left = [...made.filter((path) => path !== "tmp"), ...cached];
  return { code: child.exitCode, stdout, stderr: stderr.replaceAll(home, "HOME"), left };
}

/** What the command is made of, each a process of its own, by where it is built. */
const programs = Object.fromEntries(
  [
    "policies/index.ts",
    ...globSync("{commands/preview,local/plugins}/**/main.ts", { cwd: root }),
  ].map((source) => [source.replace(/\.ts$/, ""), source]),
);

/** Node's arguments that run the command of a clone, as its sources are now: those of the same sources are built once. */
export async function programOf(clone: string): Promise<string[]> {
  if (clone === root) return programArguments("commands/preview/main.ts");
  const sources = globSync(["*.ts", `{${folders.join()}}/**/*.ts`], { cwd: clone }).sort();
  const contents = sources.map((file) => readFileSync(join(clone, file), "utf8"));
  const folder = join(clone, "built", digest(...sources, ...contents));
  if (!existsSync(folder))
    await bundle(clone, programs, folder, { "process.env.ISTIO_AUTH0_PROGRAMS": folder });
  return [...builtArguments, join(folder, "commands/preview/main.js")];
}

/** The folders of a clone's sources. */
const folders = ["commands", "components", "examples", "lib", "local", "policies", "sandbox"];

/** A clone with other stack files in addition to its own; their choices for the policy pack are the sandbox's. */
export function cloneWith(
  stacks: Readonly<Record<string, unknown>>,
  policies: unknown = JSON.parse(readFileSync(join(root, "policies.sandbox.json"), "utf8")),
): string {
  const clone = temporaryFolder();
  const parts = [
    "Pulumi.yaml",
    "Pulumi.sandbox.yaml",
    "application.ts",
    "index.ts",
    "package.json",
    "settings.ts",
    "tsconfig.json",
    "workloads.ts",
  ];
  for (const part of [...parts, ...folders]) {
    cpSync(join(root, part), join(clone, part), { recursive: true });
  }
  for (const [name, content] of Object.entries(stacks)) {
    writeStack(clone, name, content);
    writeFileSync(join(clone, `policies.${name}.json`), JSON.stringify(policies));
  }
  symlinkSync(join(root, "node_modules"), join(clone, "node_modules"));
  return clone;
}

/** Writes a stack's file. */
export function writeStack(clone: string, name: string, content: unknown): void {
  writeFileSync(join(clone, `Pulumi.${name}.yaml`), stringify(content));
}

/** Has a clone's command plan a stack once for the same sources and settings: for what it says of a plan. */
export function keepPlans(clone: string): void {
  const file = "test/engine/kept-plans";
  cpSync(join(root, `${file}.ts`), join(clone, `${file}.ts`));
  replaceIn(clone, "commands/preview/on-stack.ts", '"./engine-process"', `"../../${file}"`);
}

/** Replaces a text in a file of a clone, where it has to be. */
export function replaceIn(clone: string, file: string, old: string, now: string): void {
  const text = readFileSync(join(clone, file), "utf8");
  assert.ok(text.includes(old), `${file} has no ${old}`);
  writeFileSync(join(clone, file), text.replace(old, now));
}
