/** Where the cluster's objects are not as the stack asks. */
import { isDeepStrictEqual } from "node:util";
import type { Application } from "../../components/application";
import { type ObjectsByKind, ownNamespaces } from "./asked";
import { refreshCommand } from "./last-update";
import { type LiveObject, madeAnew, objectName, removal } from "./objects";

/** An object that is missing, that has changed, or that the stack does not ask for. */
export interface Difference {
  /** Its kind first: `AuthorizationPolicy shop/orders`. */
  readonly object: string;
  /** What it opens, and for whom; one sentence without its full stop. */
  readonly opens: string;
  /** The command that undoes it. */
  readonly undo: string;
  /** The object; absent if it is missing. */
  readonly live?: LiveObject;
  /** What the stack asks for in its place. Default: nothing. */
  readonly asked?: unknown;
}

/**
 * Compares the objects of the stack's own namespaces with those that the stack makes.
 * @param found of any namespace; those of others are ignored
 */
export function differencesFrom(
  application: Application,
  asked: ObjectsByKind,
  found: readonly LiveObject[],
): readonly Difference[] {
  const own = ownNamespaces(application);
  const there = found.filter(({ metadata }) => own.includes(metadata.namespace));
  const wanted = askedByName(asked);
  const live = new Map(there.map((each) => [nameOf(each), each] as const));
  const missing = [...wanted.keys()].filter((name) => !live.has(name));
  const changed = [...wanted].flatMap(([name, spec]): Difference[] => {
    const one = live.get(name);
    const where = one && firstDifference(spec, one.spec ?? {});
    if (one === undefined || where === undefined) return [];
    const undo = hasAll(one.spec ?? {}, spec) ? madeAnew(one.kind, one.metadata) : refreshCommand;
    const opens = `it differs from the stack's at ${where}`;
    return [{ object: name, opens, undo, live: one, asked: spec }];
  });
  const foreign = there.filter((each) => !wanted.has(nameOf(each)));
  return [
    ...missing.map((object) => ({
      object,
      opens: "it is missing: the stack asks for it",
      undo: refreshCommand,
    })),
    ...changed,
    ...foreign.map((each) => ({
      object: nameOf(each),
      opens: "it counts for what the stack protects, and the stack does not ask for it",
      undo: removal(each.kind, each.metadata),
      live: each,
    })),
  ];
}

/** Each object that the stack asks for, by its name in reports. */
export const askedByName = (asked: ObjectsByKind): ReadonlyMap<string, unknown> =>
  new Map(
    Object.entries(asked).flatMap(([kind, objects]) =>
      objects.map(({ metadata, spec }) => [objectName(kind, metadata), spec] as const),
    ),
  );

const nameOf = ({ kind, metadata }: LiveObject) => objectName(kind, metadata);

/** The first place where two values differ, as a path such as `spec.rules[0].when`; undefined if they do not. */
export function firstDifference(asked: unknown, live: unknown, path = "spec"): string | undefined {
  if (isDeepStrictEqual(asked, live)) return undefined;
  const [one, other] = [fieldsOf(asked), fieldsOf(live)];
  if (one === undefined || other === undefined || Array.isArray(asked) !== Array.isArray(live)) {
    return path;
  }
  for (const name of new Set([...Object.keys(one), ...Object.keys(other)])) {
    const below = Array.isArray(asked) ? `${path}[${name}]` : `${path}.${name}`;
    if (!(name in one) || !(name in other)) return below;
    const where = firstDifference(one[name], other[name], below);
    if (where !== undefined) return where;
  }
  return path;
}

/** Whether a value has everything of the stack's, and more: an update leaves such a value. */
function hasAll(live: unknown, asked: unknown): boolean {
  const [there, wanted] = [fieldsOf(live), fieldsOf(asked)];
  if (there === undefined || wanted === undefined) return live === asked;
  return Object.entries(wanted).every(([name, value]) => hasAll(there[name], value));
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null ? { ...value } : undefined;
}
