import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { UserError } from "../../lib/errors";
import { wayOut } from "../ports";
import { readIfThere, writePrivate } from "../../lib/files";
import type { Folders } from "../layout";
import { lastLine, Service } from "../../lib/processes";
import type { Toolchain } from "../toolchain/toolchain";

/** The node's address in its own network; the supervisor uses the same one. */
export const nodeAddress = "10.244.0.1";

/** Connections accepted at one HOST:PORT and forwarded to another. */
interface Forward {
  readonly listen: string;
  readonly to: string;
}

/** The supervisor's configuration; `supervisor/configuration.go` says what each field means. */
interface NodeConfiguration {
  readonly controlGroup: string;
  readonly state: string;
  readonly path: readonly string[];
  readonly iptablesLibraries: string;
  readonly iptablesExtensions: string;
  readonly images: readonly string[];
  readonly pauseImage: string;
  readonly forward: readonly Forward[];
  readonly reverse: readonly Forward[];
  readonly names: readonly string[];
}

/** A port of this machine, and the port of the node that it leads to. */
export interface GatewayPort {
  readonly port: number;
  readonly nodePort: number;
}

/** What the node has to be like. */
export interface NodeRequest {
  readonly images: readonly string[];
  readonly pauseImage: string;
  readonly ports: { readonly api: number; readonly tenant: number };
  /** The ports of 127.0.0.1, and the ports of every node's address, that lead to the gateway. */
  readonly gateway: readonly GatewayPort[];
  /** The names by which pods reach the tenant. */
  readonly tenantHosts: readonly string[];
}

const configurationPath = (layout: Folders) => join(layout.node, "configuration.json");

/** The background process that runs the node. */
export const nodeService = (layout: Folders) =>
  new Service("the node", ["run", configurationPath(layout)]);

/** The administrator's kubeconfig for the node's API server. */
export const kubeconfigPath = (layout: Folders) => join(layout.node, "kubeconfig");

/** A node that starts, or runs: the administrator's kubeconfig is there. */
export interface StartedNode {
  /** Settles when the API server answers. */
  readonly answers: Promise<void>;
  /** Settles when the kubelet reports that it is ready and the pods of an earlier run are running again. */
  readonly ready: Promise<void>;
}

/**
 * Starts the node, or keeps the running one if it matches what is asked for, and returns when its API server starts.
 */
export async function ensureNode(
  layout: Folders,
  toolchain: Toolchain,
  request: NodeRequest,
  say: (text: string) => void,
): Promise<StartedNode> {
  const service = nodeService(layout);
  const configuration = JSON.stringify(configurationFor(layout, toolchain, request), undefined, 2);
  const file = configurationPath(layout);
  const ready = join(layout.node, "ready");
  if (service.pid !== undefined && existsSync(ready) && readIfThere(file) === configuration) {
    say("runs already");
    return { answers: Promise.resolve(), ready: Promise.resolve() };
  }
  await service.stop();
  rmSync(ready, { force: true });
  writePrivate(file, configuration);
  mkdirSync(join(layout.node, "logs"), { recursive: true, mode: 0o700 });
  const log = join(layout.node, "logs", "supervisor.log");
  const child = service.start(toolchain.supervisor, [], { log, stdio: ["pipe"] });
  const awaited = new Map<string, () => void>();
  const followed = follow(child.stdio[3] as Readable, log, (text) => {
    say(text);
    awaited.get(text)?.();
  }).then(() => {
    writePrivate(ready, "");
  });
  const line = (text: string) =>
    Promise.race([new Promise<void>((resolve) => awaited.set(text, resolve)), followed]);
  const answers = line("API server ready");
  // The node's failure is also that of `ready`.
  answers.catch(() => undefined);
  await line("API server starting");
  return { answers, ready: followed };
}

/** Follows the supervisor's progress to its end. */
async function follow(progress: Readable, log: string, say: (text: string) => void): Promise<void> {
  for await (const line of createInterface({ input: progress })) {
    if (line === "ready") {
      progress.destroy();
      return;
    }
    if (line.startsWith("error: "))
      throw new UserError(`the node does not start: ${line.slice(7)}${wayOut(line)}`);
    say(line);
  }
  throw new UserError(`the node does not start: ${lastLine(log) || `it was ended; see ${log}`}`);
}

function configurationFor(
  layout: Folders,
  toolchain: Toolchain,
  request: NodeRequest,
): NodeConfiguration {
  const libraries = join(toolchain.iptablesRoot, "usr/lib/x86_64-linux-gnu");
  const { api, tenant } = request.ports;
  return {
    controlGroup: layout.name,
    state: layout.node,
    path: toolchain.path,
    iptablesLibraries: libraries,
    iptablesExtensions: join(libraries, "xtables"),
    images: request.images,
    pauseImage: request.pauseImage,
    forward: [
      { listen: `127.0.0.1:${api}`, to: `${nodeAddress}:6443` },
      ...request.gateway.map(({ port, nodePort }) => ({
        listen: `127.0.0.1:${port}`,
        to: `${nodeAddress}:${nodePort}`,
      })),
    ],
    reverse: [{ listen: `${nodeAddress}:${tenant}`, to: `127.0.0.1:${tenant}` }],
    names: request.tenantHosts,
  };
}

/** Ends the node and removes its control groups. Its state stays; the caller removes that. */
export async function stopNode(layout: Folders): Promise<void> {
  await nodeService(layout).stop();
  for (const hierarchy of controlGroupHierarchies()) removeGroups(join(hierarchy, layout.name));
}

function controlGroupHierarchies(): string[] {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  return mounts.flatMap((line) => {
    const [fields = "", kind = ""] = line.split(" - ");
    const mountPoint = fields.split(" ")[4];
    return /^cgroup2? /.test(kind) && mountPoint !== undefined ? [mountPoint] : [];
  });
}

/** Removes a control group and those below it, innermost first; a group with groups below it cannot be removed. */
function removeGroups(group: string): void {
  if (!existsSync(group)) return;
  for (const entry of readdirSync(group, { withFileTypes: true })) {
    if (entry.isDirectory()) removeGroups(join(group, entry.name));
  }
  rmdirSync(group);
}
