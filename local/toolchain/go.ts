import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { UserError } from "../../lib/errors";
import { clone } from "../../lib/clone";
import { run } from "../../lib/processes";
import { unpackDebian } from "./debian";
import { compiledAtOnce } from "./parts";
import type { GoTool, Library } from "./tools";

/** How often a build reports its progress, in milliseconds. */
const sayEvery = 15_000;

/** The same for every tool, so that Go's cache is shared. */
const flags = [
  "-trimpath",
  "-buildvcs=false",
  // The linker drops what the compiler would write for debuggers, which takes a third of its time.
  "-gcflags=all=-dwarf=false",
];

const gibibyte = 1024 ** 3;

/**
 * How Go's compilers collect garbage: not at all if there is memory for several large packages at once, because no
 * compiler runs for more than seconds. Otherwise by default.
 * @param available the machine's free memory, in bytes
 */
export function garbageCollection(available: number, cores: number): NodeJS.ProcessEnv {
  const each = (available * 0.8) / (compiledAtOnce * cores);
  return each < gibibyte ? {} : { GOGC: "off", GOMEMLIMIT: `${Math.floor(each / 1024 ** 2)}MiB` };
}

const environment = (): NodeJS.ProcessEnv => ({
  ...garbageCollection(process.availableMemory(), availableParallelism()),
  ...process.env,
  CGO_ENABLED: "0",
  GOFLAGS: "",
  GOWORK: "off",
});

/** The folder in which Debian's packages have libraries, on this processor. */
const libraryFolder = "usr/lib/x86_64-linux-gnu";

/**
 * The environment for a program that is linked statically with a C library from a folder where it is unpacked. Go asks
 * pkg-config for its flags, which knows only installed libraries; a script answers instead.
 */
async function linkedWith(
  { name, packages }: Library,
  work: string,
  say: (text: string) => void,
): Promise<NodeJS.ProcessEnv> {
  const unpacked = join(work, "library");
  mkdirSync(unpacked);
  await unpackDebian(packages, unpacked, say);
  const script = join(work, "pkg-config");
  const includes = `-I${join(unpacked, "usr/include")}`;
  const libraries = `-L${join(unpacked, libraryFolder)} -l:${name}.a`;
  const answer = `case "$*" in *--cflags*) echo ${includes} ;; *) echo ${libraries} ;; esac`;
  writeFileSync(script, `#!/bin/sh\n${answer}\n`, { mode: 0o700 });
  return { ...environment(), CGO_ENABLED: "1", PKG_CONFIG: script };
}

/** Builds a tool's programs into a folder, and reports from time to time how far the compiler is. */
export async function buildGo(
  tool: GoTool,
  bin: string,
  say: (text: string) => void,
): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), "istio-auth0-"));
  try {
    const env =
      tool.library === undefined ? environment() : await linkedWith(tool.library, work, say);
    await build(tool, bin, { cwd: join(clone, "local", tool.folder), env }, say);
  } finally {
    rmSync(work, { recursive: true });
  }
}

async function build(
  tool: GoTool,
  bin: string,
  { cwd, env }: { cwd: string; env: NodeJS.ProcessEnv },
  say: (text: string) => void,
): Promise<void> {
  const chosen = [...flags, `-tags=${tool.tags?.join(",") ?? ""}`];
  say("fetching its Go modules and counting its packages");
  const listed = await run("go", ["list", ...chosen, "-deps", ...tool.packages], { cwd, env });
  const total = listed.split("\n").length;
  const values = Object.entries(tool.values ?? {}).map(
    ([variable, value]) => `-X ${variable}=${value}`,
  );
  const target =
    tool.packages.length === 1 && tool.packages[0] === "." ? join(bin, tool.name) : `${bin}/`;
  const linker = ["-s", "-w", ...values].join(" ");
  await new Promise<void>((resolve, reject) => {
    // -v names each package when it is compiled; packages in Go's cache are not named.
    const go = spawn(
      "go",
      ["build", "-v", ...chosen, "-ldflags", linker, "-o", target, ...tool.packages],
      {
        cwd,
        env,
        stdio: ["ignore", "ignore", "pipe"],
      },
    );
    let compiled = 0;
    let last = "";
    let said = performance.now();
    createInterface({ input: go.stderr }).on("line", (line) => {
      compiled += 1;
      last = line;
      if (performance.now() - said < sayEvery) return;
      said = performance.now();
      say(`compiled ${compiled} packages of at most ${total}`);
    });
    go.on("error", reject);
    go.on("close", (code, signal) => {
      if (code === 0) resolve();
      else
        reject(
          new UserError(
            `cannot build ${tool.name}: go ended with ${code ?? signal ?? "?"}: ${last}`,
          ),
        );
    });
  });
}

/** The folder with a module's source. */
export async function moduleFolder(folder: string, module: string): Promise<string> {
  const cwd = join(clone, "local", folder);
  return run("go", ["list", "-m", "-f", "{{.Dir}}", module], { cwd, env: environment() });
}
