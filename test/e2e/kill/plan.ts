/** What the kill test does, drawn from a seed: the same seed gives the same rounds. */

/** Numbers from 0 up to, not including, 1. */
export type Random = () => number;

/** Marsaglia's xorshift with 32 bits: good enough to choose, and the same everywhere. */
function randomFrom(seed: number): Random {
  let state = Math.imul(seed, 0x9e3779b1) || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** One of these. */
export function oneOf<T>(these: readonly [T, ...T[]], random: Random): T {
  return these[Math.floor(random() * these.length)] ?? these[0];
}

/** What runs when a process is killed: a command with these settings, or none. */
export interface Doing {
  readonly what: string;
  /** The arguments of `npm run sandbox --`, or nothing where the sandbox is left alone. */
  readonly args?: string;
  /** Which of the measured commands takes about as long. */
  readonly like: keyof Times;
}

/** How long unkilled commands take, in milliseconds. */
export interface Times {
  readonly nothing: number;
  readonly up: number;
  readonly down: number;
}

const again: Doing = { what: "up again", args: "up", like: "up" };

/** What may be under way on a sandbox that is up: each change reaches another part of it. */
const onSandbox: readonly [Doing, ...Doing[]] = [
  again,
  again,
  { what: "idle", like: "up" },
  { what: "down", args: "down", like: "down" },
  {
    what: "change of istiod",
    args: "up --set istio.values.istiod.resources.requests.memory=101Mi",
    like: "up",
  },
  {
    what: "change of the gateway",
    args: "up --set istio.values.gateway.resources.requests.memory=41Mi",
    like: "up",
  },
  {
    what: "change of the tenant's users and machines",
    args: "up --set identity.users=[{email:killed@bookinfo.example,name:Killed,roles:[user]}] --set identity.machines=[]",
    like: "up",
  },
];

export interface Round {
  /** From 1. */
  readonly number: number;
  readonly from: "nothing" | "a sandbox that is up";
  readonly doing: Doing;
  /** When the kill comes, as a part of the time that such a command takes unkilled. */
  readonly moment: number;
  /** The command that has to put everything right. */
  readonly then: "up" | "down";
  /** For what is chosen on the spot: which process. */
  readonly random: Random;
}

/**
 * A round by its number: each stands alone, so that one can be repeated without those before it. Half of
 * them begin from nothing, and every third ends with `down`.
 */
export function roundOf(seed: number, number: number): Round {
  const random = randomFrom(seed * 1_000 + number);
  for (let warmth = 0; warmth < 8; warmth += 1) random();
  // The order spares boots: after a `down` there is nothing already.
  const fresh = [1, 4, 0].includes(number % 6);
  return {
    number,
    from: fresh ? "nothing" : "a sandbox that is up",
    doing: fresh
      ? { what: "up from nothing", args: "up", like: "nothing" }
      : oneOf(onSandbox, random),
    moment: random(),
    then: number % 3 === 0 ? "down" : "up",
    random,
  };
}
