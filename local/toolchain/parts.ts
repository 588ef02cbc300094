/** The parts of the toolchain in their cache: each is a folder that is complete, or not there. */
import { existsSync, mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { UserError } from "../../lib/errors";
import { madeWhole } from "../../lib/files";
import { duration } from "../../lib/progress";
import { type Release, Unreachable } from "./release";
import { checkRequirements, type Requirement } from "./requirements";

type Say = (text: string) => void;

/** One folder of the toolchain. */
export interface Part {
  readonly name: string;
  /** Changes with everything that the part is made from. */
  readonly key: string;
  /** What the machine needs in order to make it. */
  readonly needs: readonly Requirement[];
  /** About how long one core compiles it, in seconds. Only if something is compiled. */
  readonly compiling?: number;
  readonly make: (folder: string, say: Say) => Promise<void>;
  /** Throws if the part does not work on this machine. Default: it works. */
  readonly tryOut?: (folder: string) => Promise<void>;
}

/** The name of a part's folder. */
export const partName = ({ name, key }: Pick<Part, "name" | "key">) =>
  `${name}-${key.slice(0, 12)}`;

/** How many parts are compiled at once: each uses all cores except while it is linked. */
export const compiledAtOnce = 2;

/** How many parts are downloaded at once. */
const fetchedAtOnce = 3;

/** The folder of the parts in a cache. */
export function partsFolder(cache: string): string {
  const root = join(cache, "toolchain");
  mkdirSync(root, { recursive: true, mode: 0o700 });
  return root;
}

/**
 * Starts to make every part that is missing, in the order given: it downloads what a release has, then checks that the
 * machine has what the rest needs. An interrupted run leaves nothing incomplete, and the next run continues with what
 * is in Go's own cache.
 * @returns a promise for each part
 */
export async function beginParts(
  root: string,
  parts: readonly Part[],
  release: Release | undefined,
  say: Say,
): Promise<ReadonlyMap<Part, Promise<void>>> {
  const isMissing = await Promise.all(parts.map(async (part) => !(await isThere(root, part))));
  const missing = parts.filter((_, index) => isMissing[index]);
  const fetched = release === undefined ? [] : await fetchParts(root, missing, release, say);
  const unmade = missing.filter((part) => !fetched.includes(part));
  await checkRequirements(unmade.flatMap(({ needs }) => needs));
  announce(unmade, say);
  const inTurn = turns(compiledAtOnce);
  return new Map(
    parts.map((part) => {
      const make = () => (unmade.includes(part) ? makePart(root, part, say) : Promise.resolve());
      const made = part.compiling === undefined ? make() : inTurn(make);
      // The caller that waits for a part handles its failure; the failure may come before that.
      made.catch(() => undefined);
      return [part, made];
    }),
  );
}

/** Makes every part that is missing. */
export async function ensureParts(...given: Parameters<typeof beginParts>): Promise<void> {
  await Promise.all((await beginParts(...given)).values());
}

/** Whether a part is there, and works. */
export async function isThere(root: string, part: Part): Promise<boolean> {
  const folder = join(root, partName(part));
  if (!existsSync(folder)) return false;
  try {
    await part.tryOut?.(folder);
    return true;
  } catch {
    return false;
  }
}

async function makePart(root: string, part: Part, say: Say): Promise<void> {
  const began = performance.now();
  const tell = (text: string) => {
    say(`${part.name}: ${text}`);
  };
  const make = (folder: string) => part.make(folder, tell);
  if (await madeWhole(join(root, partName(part)), make, `${part.name}-`, part.tryOut))
    tell(`there after ${duration(performance.now() - began)}`);
}

/** Reports what is compiled, and about how long that takes, before it begins. */
function announce(parts: readonly Part[], say: Say): void {
  const compiled = parts.filter(({ compiling }) => compiling !== undefined);
  if (compiled.length === 0) return;
  const cores = availableParallelism();
  const seconds = compiled.reduce((sum, { compiling = 0 }) => sum + compiling, 0) / cores;
  const names = compiled.map(({ name }) => name).join(", ");
  const minutes = Math.max(1, Math.round(seconds / 60));
  say(`built once, in about ${minutes} min on ${cores} cores: ${names}`);
}

/**
 * Downloads the parts that a release has prebuilt. If the release cannot be reached, that is reported once, and the
 * remaining parts are not requested.
 * @returns the parts that are there afterwards
 */
async function fetchParts(
  root: string,
  parts: readonly Part[],
  release: Release,
  say: Say,
): Promise<Part[]> {
  let unreachable: Unreachable | undefined;
  const fetchPart = async (part: Part): Promise<boolean> => {
    if (unreachable !== undefined) return false;
    const name = partName(part);
    const tell = (text: string) => {
      say(`${part.name}: ${text}`);
    };
    const make = (folder: string) => release.unpack(name, folder, tell);
    try {
      await madeWhole(join(root, name), make, `${part.name}-`, part.tryOut);
      tell("taken from the project's release");
      return true;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      if (error instanceof Unreachable) unreachable ??= error;
      else tell(`built, since ${error.message}`);
      return false;
    }
  };
  const inTurn = turns(fetchedAtOnce);
  const offered = parts.filter((part) => release.has(partName(part)));
  const taken = await Promise.all(offered.map((part) => inTurn(() => fetchPart(part))));
  if (unreachable !== undefined) say(`built, since ${unreachable.message}`);
  return offered.filter((_, index) => taken[index]);
}

/** Limits how many tasks run at once; the others start in their order, each when one ends. */
function turns(atOnce: number): <Result>(work: () => Promise<Result>) => Promise<Result> {
  let free = atOnce;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
