/**
 * A stand-in for the `helm` executable, for tests, run by Node as it is: every command line is written down. It reads the kubeconfig, as Helm
 * does, and fails where there is none.
 */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { HelmState } from "./fake-helm";

function flag(words: string[], name: string): string | undefined {
  const index = words.indexOf(name);
  return index === -1 ? undefined : words[index + 1];
}

function releaseOf(state: HelmState, name: string): HelmState["releases"][string] {
  const release = state.releases[name];
  if (release === undefined) throw new Error("release: not found");
  return release;
}

type Command = (words: string[], state: HelmState) => string;

const commands: Readonly<Record<string, Command>> = {
  // What a chart's templates make of its values.
  template: ([, name = ""], { manifest }) => {
    const { color } = JSON.parse(readFileSync(process.stdin.fd, "utf8")) as { color?: string };
    return manifest.replaceAll("NAME", name).replaceAll("COLOR", color ?? "none");
  },
  rollback: ([, name = ""], state) => {
    const { revisions } = releaseOf(state, name);
    revisions.push("deployed");
    return "";
  },
  uninstall: ([, name = ""], state) => {
    state.releases = Object.fromEntries(
      Object.entries(state.releases).filter(([other]) => other !== name),
    );
    return "";
  },
  upgrade: (words, state) => {
    const [, name = "", chart = ""] = words;
    const values = JSON.parse(
      readFileSync(process.stdin.fd, "utf8"),
    ) as HelmState["releases"][string]["values"];
    const previous = state.releases[name];
    const status = previous?.revisions.at(-1) ?? "";
    if (status.startsWith("pending-")) {
      throw new Error(
        "UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress",
      );
    }
    const failed = state.failure !== undefined;
    state.releases[name] = {
      namespace: flag(words, "--namespace") ?? "",
      chart: `${chart.split("/").at(-1) ?? ""}-${flag(words, "--version") ?? "0.0.0"}`,
      values,
      label: previous?.label ?? flag(words, "--labels") ?? "",
      revisions: [...(previous?.revisions ?? []), failed ? "failed" : "deployed"],
    };
    return JSON.stringify({
      name,
      namespace: flag(words, "--namespace"),
      version: (previous?.revisions.length ?? 0) + 1,
      info: { status: "deployed" },
      chart: {
        metadata: {
          name: chart.split("/").at(-1),
          version: flag(words, "--version") ?? "0.0.0",
          appVersion: "1",
        },
      },
      manifest: state.manifest,
    });
  },
};

function run([directory = "", ...words]: string[]): void {
  appendFileSync(join(directory, "commands"), `${words.join(" ")}\n`);
  const kubeconfig = readFileSync(flag(words, "--kubeconfig") ?? "", "utf8");
  if (!kubeconfig.includes("clusters")) throw new Error("the kubeconfig has no clusters");
  const statePath = join(directory, "state.json");
  const state = JSON.parse(readFileSync(statePath, "utf8")) as HelmState;
  const command = commands[words[0] ?? ""];
  if (command === undefined) throw new Error(`unknown command ${words.join(" ")}`);
  const printed = command(words, state);
  const { failure, ...rest } = state;
  writeFileSync(statePath, JSON.stringify(words[0] === "upgrade" ? rest : state));
  if (words[0] === "upgrade" && failure !== undefined) throw new Error(failure);
  process.stdout.write(printed);
}

try {
  run(process.argv.slice(2));
} catch (error) {
  console.error("WARNING: something that does not matter");
  console.error(`Error: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
