import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Failure } from "../failure";
import { clone } from "../layout";
import { run } from "../processes";
import type { GoTool } from "./tools";

/** How often a build says how far it has come, in milliseconds. */
const sayEvery = 15_000;

const environment: NodeJS.ProcessEnv = {
  ...process.env,
  CGO_ENABLED: "0",
  GOFLAGS: "",
  GOWORK: "off",
};

/** Where Debian's packages keep libraries, on this processor. */
const libraryFolder = "usr/lib/x86_64-linux-gnu";

/**
 * The environment for a program that is linked with a C library, statically and from a folder where it was
 * unpacked. Go asks pkg-config for its flags, which knows only what is installed; a script answers instead.
 */
function linkedWith(library: string, unpacked: string, work: string): NodeJS.ProcessEnv {
  const script = join(work, "pkg-config");
  const flags = [
    `-I${join(unpacked, "usr/include")}`,
    `-L${join(unpacked, libraryFolder)}`,
    `-l:${library}.a`,
  ];
  const answer = `case "$*" in *--cflags*) echo ${flags[0]} ;; *) echo ${flags.slice(1).join(" ")} ;; esac`;
  writeFileSync(script, `#!/bin/sh\n${answer}\n`, { mode: 0o700 });
  return { ...environment, CGO_ENABLED: "1", PKG_CONFIG: script };
}

/**
 * Builds a tool's programs into a folder, and says every now and then how far the compiler has come.
 * `unpacked` is where Debian's packages are.
 */
export async function buildGo(
  tool: GoTool,
  bin: string,
  unpacked: () => Promise<string>,
  say: (text: string) => void,
): Promise<void> {
  await checkCompilers(tool);
  const cwd = join(clone, "sandbox", tool.folder);
  const work = mkdtempSync(join(tmpdir(), "istio-auth0-"));
  try {
    const env =
      tool.library === undefined ? environment : linkedWith(tool.library, await unpacked(), work);
    await build(tool, bin, { cwd, env }, say);
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
  const flags = ["-trimpath", "-buildvcs=false", `-tags=${tool.tags?.join(",") ?? ""}`];
  say("fetching its Go modules and counting its packages");
  const listed = await run("go", ["list", ...flags, "-deps", ...tool.packages], { cwd, env });
  const total = listed.split("\n").length;
  const values = Object.entries(tool.values ?? {}).map(
    ([variable, value]) => `-X ${variable}=${value}`,
  );
  const target =
    tool.packages.length === 1 && tool.packages[0] === "." ? join(bin, tool.name) : `${bin}/`;
  const linker = ["-s", "-w", ...values].join(" ");
  await new Promise<void>((resolve, reject) => {
    // -v names each package as it is compiled; what Go's cache holds already is not named.
    const go = spawn(
      "go",
      ["build", "-v", ...flags, "-ldflags", linker, "-o", target, ...tool.packages],
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
          new Failure(`cannot build ${tool.name}: go ended with ${code ?? signal ?? "?"}: ${last}`),
        );
    });
  });
}

/** The folder that holds a module's source. */
export async function moduleFolder(folder: string, module: string): Promise<string> {
  const cwd = join(clone, "sandbox", folder);
  return run("go", ["list", "-m", "-f", "{{.Dir}}", module], { cwd, env: environment });
}

async function checkCompilers(tool: GoTool): Promise<void> {
  await run("go", ["version"]).catch(() => {
    throw new Failure(
      "Go is not on PATH, and the sandbox is built with it: install Go 1.21 or newer (https://go.dev/dl)",
    );
  });
  if (tool.library === undefined) return;
  await run("gcc", ["--version"]).catch(() => {
    throw new Failure(
      `gcc is not on PATH, and ${tool.name} needs it: apt-get install gcc libc6-dev`,
    );
  });
}
