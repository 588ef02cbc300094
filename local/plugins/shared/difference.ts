/** The differences between two sets of inputs, in the form of Pulumi's detailed diff. */
import { isDeepStrictEqual } from "node:util";
import { isProperties, type Properties, type Value } from "./values";

export interface Change {
  /** A Pulumi property path, such as `spec.ports[0].port` or `metadata.labels["app.kubernetes.io/name"]`. */
  path: string;
  /** The same path, step by step. */
  steps: readonly (string | number)[];
  kind: "add" | "delete" | "update";
}

export interface Difference {
  changes: Change[];
  /** The changes that need a new resource, by path. */
  replaces: string[];
  /**
   * Whether the old resource has to be deleted before the new one is created, because they have the same name. The engine
   * asks also where nothing here replaces: it creates anew what a cut-off run deleted, though the inputs are as before.
   */
  deleteBeforeReplace: boolean;
}

/** Every change from `previous` to `next`, at the deepest place where they differ. */
export function changesBetween(previous: Properties, next: Properties): Change[] {
  return changesOf(previous, next, []);
}

function changesOf(
  previous: Value | undefined,
  next: Value | undefined,
  steps: readonly (string | number)[],
): Change[] {
  if (previous === undefined && next === undefined) return [];
  if (previous === undefined) return [{ path: propertyPath(steps), steps, kind: "add" }];
  if (next === undefined) return [{ path: propertyPath(steps), steps, kind: "delete" }];
  if (isProperties(previous) && isProperties(next)) {
    const names = new Set([...Object.keys(previous), ...Object.keys(next)]);
    return [...names].flatMap((name) => changesOf(previous[name], next[name], [...steps, name]));
  }
  if (Array.isArray(previous) && Array.isArray(next)) {
    const length = Math.max(previous.length, next.length);
    return Array.from({ length }, (_, index) => index).flatMap((index) =>
      changesOf(previous[index], next[index], [...steps, index]),
    );
  }
  if (isDeepStrictEqual(previous, next)) return [];
  return [{ path: propertyPath(steps), steps, kind: "update" }];
}

function propertyPath(steps: readonly (string | number)[]): string {
  return steps.reduce<string>((path, step) => {
    if (typeof step === "number") return `${path}[${step}]`;
    if (!/^[A-Za-z_$][\w$]*$/.test(step)) return `${path}[${JSON.stringify(step)}]`;
    return path === "" ? step : `${path}.${step}`;
  }, "");
}

/**
 * The difference between two sets of inputs.
 * @param immutable paths, such as `name` or `metadata.name`; a change at or below one replaces the resource
 * @param sharesName whether a replacement would have the name of the resource that it replaces
 */
export function differenceOf(
  previous: Properties,
  next: Properties,
  immutable: readonly string[],
  sharesName: boolean,
): Difference {
  const changes = changesBetween(previous, next);
  const replaces = changes
    .filter(({ steps }) => immutable.some((path) => startsWith(steps, path.split("."))))
    .map(({ path }) => path);
  return { changes, replaces, deleteBeforeReplace: sharesName };
}

function startsWith(steps: readonly (string | number)[], prefix: readonly string[]): boolean {
  // A change above an immutable property, such as of all of `metadata`, changes the property too.
  const shared = Math.min(steps.length, prefix.length);
  return prefix.slice(0, shared).every((step, index) => step === steps[index]);
}
