/** The commands and changes of a page, and a machine to follow them on: a clone, and an empty folder next to it. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import type { Readable } from "node:stream";
import { cacheFolder } from "../../local/layout";
import { loaderArguments } from "../support/node";
import { copyClone, type Ended } from "./copy";
import { whenInterrupted } from "./interrupted";

/** One block of code in a page, by the language that it is marked with; empty for what is printed. */
interface Block {
  readonly language: string;
  readonly text: string;
}

/** A section of a page that begins with a number: its title, and its blocks in their order. */
export interface Step {
  readonly title: string;
  readonly blocks: readonly Block[];
}

/** The numbered sections of a page. */
export function stepsOf(page: string): readonly Step[] {
  return page
    .split(/^## /m)
    .filter((section) => /^\d/.test(section))
    .map((section) => ({
      title: section.split("\n", 1).join(""),
      blocks: [...section.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language = "", block]) => ({
        language,
        text: block ?? "",
      })),
    }));
}

/** What a block of commands says: a line each, and with which code it exits. */
export const commandsOf = ({ text: block }: Block) =>
  block
    .trimEnd()
    .split("\n")
    .map((line) => {
      const [, command = line, code = "0"] = /^(.*?)\s+# exits with (\d+)$/.exec(line) ?? [];
      return { command, code: Number(code) };
    });

/** Changes a file as a block of the language `diff` says. */
export function change(file: string, { text: block }: Block): void {
  const without = (mark: string) =>
    block
      .split("\n")
      .filter((line) => !line.startsWith(mark))
      .map((line) => line.slice(1))
      .join("\n");
  const before = readFileSync(file, "utf8");
  assert.ok(before.includes(without("+")), `${file} has no such lines: ${block}`);
  writeFileSync(file, before.replace(without("+"), without("-")));
}

/** Where somebody follows a page: in a clone at first, with nothing else of it in sight. */
export class Follower {
  /** Where their shell is now. */
  where: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "istio-auth0-tutorial-"));
  /** Apart, as a socket's path in it may have 107 characters. */
  readonly #state = mkdtempSync(join(tmpdir(), "istio-auth0-state-"));
  readonly #environment: NodeJS.ProcessEnv;
  readonly #removed = whenInterrupted(() => this.remove());

  constructor() {
    this.where = join(this.#folder, "istio-auth0");
    mkdirSync(this.where);
    copyClone(this.where);
    const { PULUMI_CLI: cli = "" } = process.env;
    const paths = [this.#languagePlugin(), dirname(cli), process.env.PATH];
    this.#environment = {
      ...Object.fromEntries(
        // What npm has told this process about the clone that it is in.
        Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD$)/.test(name)),
      ),
      PATH: paths.join(":"),
      XDG_CACHE_HOME: this.#caches(),
      XDG_STATE_HOME: this.#state,
      NO_COLOR: "1",
    };
  }

  /** What this user keeps for all projects, but for the programs that are built for one. */
  #caches(): string {
    const own = join(this.#folder, "cache", "istio-auth0");
    mkdirSync(own, { recursive: true });
    for (const path of globSync(join(cacheFolder(), "{toolchain,images,compiled,pulumi-home}")))
      symlinkSync(path, join(own, path.slice(path.lastIndexOf("/") + 1)));
    return dirname(own);
  }

  /** A folder with the plug-in that comes with the official CLI. */
  #languagePlugin(): string {
    const folder = join(this.#folder, "bin");
    mkdirSync(folder);
    const program = [
      process.execPath,
      ...loaderArguments,
      join(__dirname, "../support/language-plugin.ts"),
    ];
    writeFileSync(
      join(folder, "pulumi-language-nodejs"),
      `#!/bin/sh\nexec ${program.map((word) => `'${word}'`).join(" ")}\n`,
      { mode: 0o755 },
    );
    return folder;
  }

  /** Runs one line in their shell. */
  async run(line: string): Promise<Ended> {
    const script = `${line}\ncode=$?\npwd >&3\nexit $code`;
    const child = spawn("sh", ["-c", script], {
      cwd: this.where,
      env: this.#environment,
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    });
    const streams = child.stdio.slice(1, 4) as Readable[];
    const closed = once(child, "close");
    const [out = "", err = "", where = ""] = await Promise.all(streams.map((each) => text(each)));
    await closed;
    this.where = where.trim() || this.where;
    return { code: child.exitCode, out, err };
  }

  /** What is left of their sandbox. */
  leftovers(): readonly string[] {
    const home = join(this.#state, "istio-auth0");
    return existsSync(home) ? readdirSync(home) : [];
  }

  /** Ends the sandbox, if it is there, and removes everything. */
  async remove(): Promise<void> {
    if (this.leftovers().length > 0) await this.run("npx istio-auth0 down");
    this.#removed();
    for (const folder of [this.#folder, this.#state]) rmSync(folder, { recursive: true });
  }
}
