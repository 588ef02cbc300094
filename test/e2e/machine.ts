/** What a machine looks like, for a comparison of before and after. */
import { globSync, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { execFileSync } from "node:child_process";
import { layout } from "../../sandbox/layout";
import { processIds } from "../../lib/processes";

/** Everything that was found of a kind, one line each, in order. */
export type Fingerprint = Readonly<Record<string, readonly string[]>>;

/**
 * Takes a machine's fingerprint: what a sandbox could leave behind outside of files, which `PrivateFiles` watches.
 * What it leaves out belongs to no sandbox: processes and ports are told apart by their owner (`SandboxCopy`,
 * `listening`), and other clones' sandboxes may come and go meanwhile.
 */
export function fingerprint(): Fingerprint {
  return {
    mounts: lines("/proc/self/mountinfo").map((line) => line.split(" ").slice(2).join(" ")),
    links: lines("/proc/net/dev").flatMap((line) => /^\s*(\S+):/.exec(line)?.[1] ?? []),
    addresses: [...lines("/proc/net/fib_trie"), ...lines("/proc/net/if_inet6")],
    // Without the columns that count users and packets.
    routes: [
      ...lines("/proc/net/route").map((line) => columns(line, [0, 1, 2, 3, 6, 7])),
      ...lines("/proc/net/ipv6_route").map((line) => columns(line, [0, 1, 4, 5, 8, 9])),
    ],
    rules: rules(),
    groups: controlGroups(),
    settings: settings(),
    namespaces: entries("/run/netns"),
    loops: entries("/sys/block").flatMap((name) => {
      const [file] = lines(join("/sys/block", name, "loop/backing_file"));
      return file === undefined ? [] : [`${name} ${file}`];
    }),
    swaps: lines("/proc/swaps").map((line) => columns(line, [0, 1, 2])),
  };
}

/** What differs, one line each: empty where two fingerprints are equal. */
export function differences(before: Fingerprint, after: Fingerprint): string[] {
  return Object.keys({ ...before, ...after }).flatMap((kind) => {
    const [old = [], now = []] = [before[kind], after[kind]];
    return [
      ...old.filter((line) => !now.includes(line)).map((line) => `${kind}: gone: ${line}`),
      ...now.filter((line) => !old.includes(line)).map((line) => `${kind}: new: ${line}`),
    ];
  });
}

/** A file's lines, or none where it cannot be read: another kernel may not have it. */
function lines(path: string): string[] {
  try {
    return readFileSync(path, "utf8").split("\n").filter(Boolean);
  } catch {
    return [];
  }
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function columns(line: string, wanted: readonly number[]): string {
  const found = line.trim().split(/\s+/);
  return wanted.map((index) => found[index]).join(" ");
}

/** The packet filter's rules, as far as they can be read with what the sandbox's tools hold. */
function rules(): string[] {
  const [root] = globSync(join(layout().cache, "toolchain/iptables-*"));
  const env = { ...process.env, LD_LIBRARY_PATH: join(root ?? "", "usr/lib/x86_64-linux-gnu") };
  const listed = ["iptables-save", "ip6tables-save"].flatMap((program) => {
    if (root === undefined) return [];
    const text = execFileSync(join(root, "usr/sbin", program), { env, encoding: "utf8" });
    return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  });
  // Counters of packets are no rules.
  const counted = listed.map((line) => line.replace(/ ?\[\d+:\d+\]/, ""));
  return [
    ...counted,
    ...lines("/proc/net/ip_tables_names"),
    ...lines("/proc/net/ip6_tables_names"),
  ];
}

/** The topmost control groups of every hierarchy, but those of sandboxes; `SandboxCopy` tells its own. */
function controlGroups(): string[] {
  return lines("/proc/self/mountinfo")
    .filter((line) => / - cgroup2? /.test(line))
    .flatMap((line) => {
      const hierarchy = line.split(" ")[4] ?? "";
      return entries(hierarchy)
        .map((name) => join(hierarchy, name))
        .filter((path) => lstatSync(path, { throwIfNoEntry: false })?.isDirectory());
    })
    .filter((path) => !/\/istio-auth0-[0-9a-f]{8}$/.test(path));
}

/** Settings of the kernel that change by themselves: they count, or are chosen anew at each reading. */
const changing: readonly RegExp[] = [
  // Random numbers.
  /^kernel\/random\//,
  // Numbers of open files, directory entries, inodes, asynchronous operations, terminals and quotas.
  /^fs\/(?:dentry-state|inode-nr|inode-state|file-nr|aio-nr|quota\/)/,
  /^kernel\/pty\/nr$/,
  // The last process id that was given.
  /^kernel\/ns_last_pid$/,
  // Connections that are tracked now.
  /^net\/netfilter\/nf_conntrack_count$/,
  // The kernel lowers it by itself on a busy machine.
  /^kernel\/perf_event_max_sample_rate$/,
];

/** Every setting of the kernel that can be read, with its value. */
function settings(): string[] {
  const root = "/proc/sys";
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((name) => !changing.some((pattern) => pattern.test(name)))
    .filter((name) => lstatSync(join(root, name), { throwIfNoEntry: false })?.isFile())
    .map((name) => `${name} = ${lines(join(root, name)).join(" ")}`)
    .sort();
}

/** A socket that waits for connections or packets from outside of a process. */
export interface Listening {
  /** HOST:PORT, as in 127.0.0.1:8080. */
  readonly address: string;
  /** The processes that hold it; none where that cannot be found out. */
  readonly owners: readonly string[];
}

/** Every port of this machine that something listens on, by any protocol. */
export function listening(): Listening[] {
  const owners = socketOwners();
  return ["tcp", "tcp6", "udp", "udp6"].flatMap((protocol) =>
    lines(`/proc/net/${protocol}`)
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      // A socket of TCP that listens, or one of UDP that is not connected (include/net/tcp_states.h).
      .filter(([, , , state]) => state === (protocol.startsWith("tcp") ? "0A" : "07"))
      .map(([, local = "", , , , , , , , inode = ""]) => ({
        address: addressOf(local),
        owners: owners.get(inode) ?? [],
      })),
  );
}

/** The address that the kernel writes as the bytes of each word in this processor's order. */
function addressOf(local: string): string {
  const [host = "", port = ""] = local.split(":");
  const bytes = Buffer.from(host, "hex").swap32();
  const name = bytes.length === 4 ? bytes.join(".") : `[${bytes.toString("hex")}]`;
  return `${name}:${parseInt(port, 16)}`;
}

/** The processes that hold a socket, by its number. */
function socketOwners(): Map<string, string[]> {
  const owners = new Map<string, string[]>();
  for (const pid of processIds()) {
    for (const descriptor of entries(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${descriptor}`))?.[1];
      if (inode !== undefined) owners.set(inode, [...(owners.get(inode) ?? []), pid]);
    }
  }
  return owners;
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
