/** What single inputs of a resource have to be. */
import { at, show } from "./reading";
import type { Resource } from "./resource";
import type { Finding } from "./rule";

/** What one input has to be. */
export interface Expectation {
  /** The names that lead to it, separated by dots. */
  readonly path: string;
  readonly accepts: (value: unknown) => boolean;
  /** What to write if it is not accepted. */
  readonly write: string;
}

/** One of these values; a missing or unknown value is not one of them. */
export function oneOf(path: string, values: readonly unknown[]): Expectation {
  return { path, accepts: (value) => values.includes(value), write: values.map(show).join(" or ") };
}

/** One of these values, or no value. */
export function absentOr(path: string, values: readonly unknown[]): Expectation {
  const { accepts, write } = oneOf(path, values);
  return { path, accepts: (value) => value === undefined || accepts(value), write };
}

export function atLeast(path: string, least: number): Expectation {
  return {
    path,
    accepts: (value) => typeof value === "number" && value >= least,
    write: `at least ${least}`,
  };
}

export function atMost(path: string, most: number): Expectation {
  return {
    path,
    accepts: (value) => typeof value === "number" && value <= most,
    write: `at most ${most}`,
  };
}

/** What differs from the expectations, in their order. */
export function unexpected(resource: Resource, expectations: readonly Expectation[]): Finding[] {
  return expectations.flatMap(({ path, accepts, write }) => {
    const value = at(resource.inputs, ...path.split("."));
    return accepts(value) ? [] : [{ where: where(resource, path), is: value, write }];
  });
}

/** An input in a message: `tokenLifetime of ResourceServer api`. */
export function where({ type, name }: Resource, path: string): string {
  return `${path} of ${type.split(":").at(-1) ?? type} ${name}`;
}
