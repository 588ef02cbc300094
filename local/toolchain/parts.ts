/** The parts of the toolchain in their cache: each a folder that is there whole, or not at all. */
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
  /** Changes with everything that the part is made of. */
  readonly key: string;
  /** What making it takes of the machine. */
  readonly needs: readonly Requirement[];
  /** About how long one core compiles it, in seconds. Only where something is compiled. */
  readonly compiling?: number;
  readonly make: (folder: string, say: Say) => Promise<void>;
  /** Fails where the part is of no use on this machine. Default: it is of use. */
  readonly tryOut?: (folder: string) => Promise<void>;
}

/** What a part's folder is called. */
export const partName = ({ name, key }: Pick<Part, "name" | "key">) =>
  `${name}-${key.slice(0, 12)}`;

/** How many parts are compiled at once: each takes all cores but for its linking. */
export const compiledAtOnce = 2;

/** How many parts are fetched at once. */
const fetchedAtOnce = 3;

/** The folder of the parts in a cache. */
export function partsFolder(cache: string): string {
  const root = join(cache, "toolchain");
  mkdirSync(root, { recursive: true, mode: 0o700 });
  return root;
}

/**
 * Begins to make every part that is not there: takes what a release has, then checks that the machine has what it takes
 * to make the rest, in the order given. An interrupted run leaves nothing half-made, and the next goes on where Go's
 * own cache has it.
 * @returns for each part when it is there
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
      // Its failure is handled by the caller that waits for it; until then it may come.
      made.catch(() => undefined);
      return [part, made];
    }),
  );
}

/** Makes every part that is not there. */
export async function ensureParts(...given: Parameters<typeof beginParts>): Promise<void> {
  await Promise.all((await beginParts(...given)).values());
}

/** Whether a part is there, and of use. */
async function isThere(root: string, part: Part): Promise<boolean> {
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

/** Says what is compiled, and about how long that takes, before it begins. */
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
 * Takes those parts that a release has ready-made. Where it cannot be reached, that is said once, and the rest of it
 * not asked for.
 * @returns the parts that are there now
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

/** Lets some things be done at once; the others begin, in the order in which they come, when one of them ends. */
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
