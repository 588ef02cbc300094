/** The processes of a sandbox: those of the command that runs, and those that outlive it. */
import { readlinkSync } from "node:fs";
import { basename } from "node:path";
import { processIds, readProcess } from "../../../lib/processes";
import type { SandboxCopy } from "../copy";
import { oneOf, type Random } from "./plan";

export interface Victim {
  readonly pid: number;
  readonly name: string;
  /** Whether it belongs to a command; otherwise to the node, its pods or the tenant. */
  readonly ofCommand: boolean;
}

/** Every process of the sandbox. */
export function processesOf({ state, layout }: SandboxCopy): Victim[] {
  return processIds().flatMap((pid): Victim[] => {
    const inPod = readProcess(pid, "cgroup").includes(layout.name);
    if (!inPod && !readProcess(pid, "environ").includes(`XDG_STATE_HOME=${state}\0`)) return [];
    const line = readProcess(pid, "cmdline");
    if (line === "") return [];
    return [{ pid: Number(pid), name: nameOf(line), ofCommand: !inPod && !isLasting(pid, line) }];
  });
}

/** Whether it outlives the command: the node's supervisor, what is in its namespaces, and the tenant. */
function isLasting(pid: string, line: string): boolean {
  return (
    namespaceOf(pid) !== namespaceOf("self") || /\bsupervisor\0run\0|\/options\.json\0/.test(line)
  );
}

function namespaceOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return "";
  }
}

/** What a person would call it: the program, and of Node's programs the script with its folder. */
function nameOf(line: string): string {
  if (line.endsWith("/options.json\0")) return "tenant";
  const [program = "", ...words] = line.split("\0");
  const name = basename(program.split(" ")[0] ?? "");
  if (name === "exe" || name === "supervisor") return `supervisor ${words[0] ?? ""}`;
  if (name !== "node") return name;
  const script = words.find((word) => /\.[cm]?[jt]s$/.test(word) && !word.includes("/tsx/"));
  return script === undefined ? "probe" : script.split("/").slice(-2).join("/");
}

/** One process: of a command or of the rest with equal chance, and of those one name as likely as another. */
export function chooseVictim(processes: readonly Victim[], random: Random): Victim | undefined {
  const wantsCommand = random() < 0.5;
  const wanted = processes.filter(({ ofCommand }) => ofCommand === wantsCommand);
  const [first, ...others] = wanted.length > 0 ? wanted : processes;
  if (first === undefined) return undefined;
  const candidates = [first, ...others];
  const [name, ...names] = [...new Set(candidates.map((one) => one.name))].sort();
  const chosen = oneOf([name ?? first.name, ...names], random);
  const [one = first, ...same] = candidates.filter((candidate) => candidate.name === chosen);
  return oneOf([one, ...same], random);
}
