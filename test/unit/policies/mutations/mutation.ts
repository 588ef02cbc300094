/** Single weakenings of a program, as data. */
import { isDeepStrictEqual } from "node:util";
import { type Given, titleOf } from "../judged";

/** The names and positions that lead to an input. */
type Path = readonly (string | number)[];

/** What is changed: exactly one of these. */
type Change =
  /** An input gets a value; undefined takes it away. */
  | { readonly of: string; readonly at: Path; readonly value: unknown }
  /** The resource is not there. */
  | { readonly without: string }
  /** Another resource is there as well. */
  | { readonly added: Given }
  /** The resource is made by another provider, may be deleted, or has inputs made of other resources. */
  | { readonly of: string; readonly option: Pick<Given, "provider" | "protect" | "references"> };

/** Resources are named by kind and name: `Client identity-web`. */
export type Mutation = Change & {
  /** What is weaker, in a few words. */
  readonly weakening: string;
  /** The rule that has to report it. */
  readonly rule: string;
};

/**
 * A program's resources with the weakening.
 * @throws Error where the program has no such resource, or is so already
 */
export function mutated(resources: readonly Given[], mutation: Mutation): Given[] {
  if ("added" in mutation) return [...resources, mutation.added];
  const title = "without" in mutation ? mutation.without : mutation.of;
  const [target, ...more] = resources.filter((one) => titleOf(one) === title);
  if (target === undefined || more.length > 0) throw new Error(`not one resource is ${title}`);
  if ("without" in mutation) return resources.filter((one) => one !== target);
  const weaker =
    "option" in mutation
      ? { ...target, ...mutation.option }
      : { ...target, inputs: withValue(target.inputs, mutation.at, mutation.value) };
  if (isDeepStrictEqual(weaker, target)) throw new Error(`${title} is so already`);
  return resources.map((one) => (one === target ? weaker : one));
}

/** A copy that has the value there; what leads to it is made where it is missing. */
function withValue(holder: unknown, [name = "", ...rest]: Path, value: unknown) {
  const copy = (
    Array.isArray(holder) ? [...(holder as unknown[])] : { ...(holder as object) }
  ) as Record<string | number, unknown>;
  copy[name] = rest.length === 0 ? value : withValue(copy[name], rest, value);
  if (copy[name] === undefined) Reflect.deleteProperty(copy, name);
  return copy;
}
