/**
 * Random strings by the rules of the official provider: the minimum of each class, then characters of all classes, in
 * random order.
 */
import { randomInt } from "node:crypto";
import { z } from "zod";

const defaultSpecial = "!@#$%&*()-_=+[]{}<>:?";

const count = z.number().int().min(0);

/** The arguments of RandomPassword and RandomString, which are the same. */
export const stringArguments = z.object({
  length: z.number().int().min(1),
  lower: z.boolean().default(true),
  upper: z.boolean().default(true),
  numeric: z.boolean().default(true),
  special: z.boolean().default(true),
  minLower: count.default(0),
  minUpper: count.default(0),
  minNumeric: count.default(0),
  minSpecial: count.default(0),
  overrideSpecial: z.string().default(defaultSpecial),
});

export type StringArguments = z.infer<typeof stringArguments>;

interface CharacterClass {
  characters: string;
  allowed: boolean;
  minimum: number;
}

function classesOf(given: StringArguments): CharacterClass[] {
  // An empty override means the default set, as in the official provider.
  const special = given.overrideSpecial === "" ? defaultSpecial : given.overrideSpecial;
  return [
    {
      characters: "abcdefghijklmnopqrstuvwxyz",
      allowed: given.lower,
      minimum: given.minLower,
    },
    {
      characters: "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
      allowed: given.upper,
      minimum: given.minUpper,
    },
    { characters: "0123456789", allowed: given.numeric, minimum: given.minNumeric },
    { characters: special, allowed: given.special, minimum: given.minSpecial },
  ];
}

/** Why the arguments contradict each other, or undefined. */
export function impossibility(given: StringArguments): string | undefined {
  const classes = classesOf(given);
  const minimum = classes.reduce((sum, { minimum }) => sum + minimum, 0);
  if (minimum > given.length) {
    return `length is ${given.length}, but minLower, minUpper, minNumeric and minSpecial ask for ${minimum} characters`;
  }
  if (classes.every(({ allowed, minimum }) => !allowed && minimum === 0)) {
    return "at least one of lower, upper, numeric and special has to be true";
  }
  return undefined;
}

/** A string that fulfils the arguments, from the system's cryptographic random source. */
export function randomString(given: StringArguments): string {
  const classes = classesOf(given);
  const required = classes.flatMap(({ characters, minimum }) => pick(characters, minimum));
  const allowed = classes
    .filter((characterClass) => characterClass.allowed)
    .map(({ characters }) => characters)
    .join("");
  const rest = allowed === "" ? required.join("") : allowed;
  return shuffle([...required, ...pick(rest, given.length - required.length)]).join("");
}

function pick(characters: string, count: number): string[] {
  return Array.from({ length: count }, () => characters.charAt(randomInt(characters.length)));
}

/** The shuffle of Fisher and Yates. */
function shuffle(items: string[]): string[] {
  for (let last = items.length - 1; last > 0; last--) {
    const chosen = randomInt(last + 1);
    const [moved, kept] = [items[chosen], items[last]];
    if (moved !== undefined && kept !== undefined) [items[last], items[chosen]] = [moved, kept];
  }
  return items;
}
