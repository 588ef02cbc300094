/** The `helm` executable. No secret is on its command line, and none is left on the disk. */
import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmdirSync, unlinkSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ProviderSettings } from "../settings";

/** Helm's own error message. */
export class HelmError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "HelmError";
  }
}

export interface HelmCommand {
  /** The sub-command and its arguments. */
  words: readonly string[];
  namespace: string;
  /** The values that the command reads through `--values -`. */
  input?: string;
  signal: AbortSignal;
}

/**
 * Runs Helm on the provider's cluster.
 * @returns what it prints.
 * @throws HelmError when it fails, or is not on PATH
 */
export async function helm(
  { kubeconfig, context }: ProviderSettings,
  { words, namespace, input, signal }: HelmCommand,
): Promise<string> {
  signal.throwIfAborted();
  const descriptor = openUnlinked(kubeconfig);
  const place = ["--namespace", namespace, "--kubeconfig", "/proc/self/fd/3"];
  const chosen = context === undefined ? [] : ["--kube-context", context];
  try {
    return await new Promise((resolve, reject) => {
      const child = spawn("helm", [...words, ...place, ...chosen], {
        stdio: ["pipe", "pipe", "pipe", descriptor],
        // Where its releases are read (installed.ts).
        env: { ...process.env, HELM_DRIVER: "secret" },
        signal,
      });
      const output: Buffer[] = [];
      const errors: Buffer[] = [];
      child.stdout?.on("data", (chunk: Buffer) => output.push(chunk));
      child.stderr?.on("data", (chunk: Buffer) => errors.push(chunk));
      child.on("error", (error) => {
        // When cancelled, Helm still has to record that its release failed: see `close`.
        const isMissing = "code" in error && error.code === "ENOENT";
        const why = isMissing
          ? "there is no helm on PATH, and no sandbox has built one"
          : error.message;
        if (!signal.aborted) reject(new HelmError(`cannot run helm: ${why}`));
      });
      child.on("close", (code) => {
        if (code === 0) resolve(Buffer.concat(output).toString());
        else reject(new HelmError(reasonIn(Buffer.concat(errors).toString())));
      });
      // Helm may end before it has read its values; its own message says why.
      child.stdin?.on("error", () => undefined);
      child.stdin?.end(input ?? "");
    });
  } finally {
    closeSync(descriptor);
  }
}

/**
 * A file of mode 0600 with the content, open and without a name: Helm reads it through its descriptor, as often as it
 * needs to, and nothing is left of it even if this process is killed.
 */
function openUnlinked(content: string): number {
  const directory = mkdtempSync(join(tmpdir(), "helm-"));
  const path = join(directory, "kubeconfig");
  const descriptor = openSync(path, "wx+", 0o600);
  unlinkSync(path);
  rmdirSync(directory);
  writeSync(descriptor, content);
  return descriptor;
}

/** Helm's error, without its warnings and its log. */
function reasonIn(errors: string): string {
  const lines = errors
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const start = lines.findIndex((line) => line.startsWith("Error:"));
  const said = start === -1 ? lines.slice(-1) : lines.slice(start);
  return said.join(" ").replace(/^Error: /, "") || "helm failed without a message";
}
