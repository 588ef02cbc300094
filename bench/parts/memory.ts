/** The part `memory`: what the node's processes hold in memory. */
import { basename } from "node:path";
import { globSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { Failure } from "../../sandbox/failure";
import { readProcess } from "../../sandbox/processes";
import type { Measure } from "../measure";
import type { Context, Found } from "./part";

/** Between two samples, in milliseconds. */
const interval = 2_000;

/** The components, by the name of the program that runs. What is in none of them is `other`. */
const components: Readonly<Record<string, string>> = {
  "kube-apiserver": "Kubernetes",
  "kube-controller-manager": "Kubernetes",
  "kube-scheduler": "Kubernetes",
  kubelet: "Kubernetes",
  "kube-proxy": "Kubernetes",
  etcd: "Kubernetes",
  kine: "Kubernetes",
  coredns: "Kubernetes",
  containerd: "containerd",
  "containerd-shim-runc-v2": "containerd",
  pause: "containerd",
  supervisor: "containerd",
  "pilot-discovery": "istiod",
  "pilot-agent": "sidecars and gateway",
  envoy: "sidecars and gateway",
  node: "Bookinfo",
};

const mebibyte = 1024 * 1024;

/** Measures the sandbox's node, which is up with all of its stack. */
export async function measureMemory({ sandbox, repeat }: Context): Promise<Found> {
  const samples: ReadonlyMap<string, number>[] = [];
  while (samples.length < repeat) {
    if (samples.length > 0) await pause(interval);
    samples.push(memoryByComponent(processesOf(sandbox.layout.name)));
  }
  const names = [...new Set(samples.flatMap((sample) => [...sample.keys()]))];
  const total = samples.map((sample) => [...sample.values()].reduce((sum, one) => sum + one, 0));
  const all: Measure = {
    what: "node with mesh",
    unit: "mebibytes",
    samples: total.map((bytes) => bytes / mebibyte),
    limit: { of: "median", bound: "at most", value: 3 * 1024 },
  };
  const parts = names.map((name): Measure => {
    const held = samples.map((sample) => (sample.get(name) ?? 0) / mebibyte);
    return { what: name, unit: "mebibytes", samples: held };
  });
  const note =
    "the proportional set size (PSS) of every process in the node's control group: a page that several map counts once, where resident set sizes (RSS) would count it once for each; without the kernel's own memory, its page cache and the tenant, which runs outside the node";
  return { measures: [all, ...parts], notes: [note] };
}

/** One process of the node. */
export interface NodeProcess {
  /** The path or name of what runs. */
  readonly program: string;
  /** Proportional set size. */
  readonly bytes: number;
}

/** The processes in a control group, and in those below it. @throws Failure when there are none */
function processesOf(group: string): readonly NodeProcess[] {
  const pids = globSync("/proc/[0-9]*", { withFileTypes: false }).map((path) => basename(path));
  const ours = pids.filter((pid) => readProcess(pid, "cgroup").split(/[/\n]/).includes(group));
  if (ours.length === 0) throw new Failure(`no process is in the control group ${group}`);
  return ours.map((pid) => ({
    program: readProcess(pid, "cmdline").split("\0")[0] ?? "",
    bytes: proportionalSetSize(readProcess(pid, "smaps_rollup")),
  }));
}

/** The bytes that the line `Pss:` of proc_pid_smaps(5) counts; none for a process that has ended. */
export function proportionalSetSize(rollup: string): number {
  return Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1] ?? 0) * 1024;
}

/** The bytes of each component, largest first. */
export function memoryByComponent(processes: readonly NodeProcess[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const { program, bytes } of processes) {
    const name = components[basename(program)] ?? "other";
    sums.set(name, (sums.get(name) ?? 0) + bytes);
  }
  return new Map([...sums].sort(([, one], [, other]) => other - one));
}
