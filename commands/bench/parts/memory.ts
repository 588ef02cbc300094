/** The part `memory`: how much memory the node's processes use. */
import { basename } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { UserError } from "../../../lib/errors";
import type { Layout } from "../../../sandbox/layout";
import { nodeService } from "../../../local/node/node";
import { commandLines, readProcess } from "../../../lib/processes";
import type { Measure } from "../measure";
import type { Context, Found } from "./part";

/** Between two samples, in milliseconds. */
const interval = 2_000;

/** The components, by the name of the running program. Any other program belongs to `other`. */
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

/** Measures the sandbox's node, with its whole stack running. */
export async function measureMemory({ sandbox, repeat }: Context): Promise<Found> {
  const samples: ReadonlyMap<string, number>[] = [];
  while (samples.length < repeat) {
    if (samples.length > 0) await pause(interval);
    samples.push(memoryByComponent(processesOf(sandbox.layout)));
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
    "the proportional set size (PSS) of the node's supervisor and every process that descends from it, pods included: a page that several map counts once, where resident set sizes (RSS) would count it once for each; without the kernel's own memory, its page cache and the tenant, which runs outside the node";
  return { measures: [all, ...parts], notes: [note] };
}

/** One process of the node. */
export interface NodeProcess {
  /** The path or name of the program. */
  readonly program: string;
  /** Proportional set size. */
  readonly bytes: number;
}

/** The node's first process and all its descendants: its control group has only the pods. */
function processesOf(layout: Layout): readonly NodeProcess[] {
  const { pid: first } = nodeService(layout);
  if (first === undefined) throw new UserError("no node runs whose memory could be measured");
  const parents = new Map(
    commandLines().map(({ pid }) => [pid, parentOf(readProcess(pid, "status"))] as const),
  );
  return descendantsOf(first, parents).map((pid) => ({
    program: readProcess(pid, "cmdline").split("\0")[0] ?? "",
    bytes: proportionalSetSize(readProcess(pid, "smaps_rollup")),
  }));
}

/** The number in the line `PPid:` of proc_pid_status(5); 0 for a process that has ended. */
function parentOf(status: string): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1] ?? 0);
}

/** A process, its children, theirs, and so on. @param parents each process's parent */
export function descendantsOf(
  first: number,
  parents: ReadonlyMap<number, number>,
): readonly number[] {
  const found = new Set([first]);
  for (const pid of found) {
    for (const [child, parent] of parents) if (parent === pid) found.add(child);
  }
  return [...found];
}

/** The bytes in the line `Pss:` of proc_pid_smaps(5); none for a process that has ended. */
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
