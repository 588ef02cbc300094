/** What rules of policies admit, by method and path, and which of the table's rows that is. */
import type { AuthorizationRule, Part } from "./istio";
import { at, entries, isFields } from "./reading";
import type { Row } from "./table";

/** A method and a path, as a policy writes them; undefined: any. */
export interface Operation {
  readonly method: unknown;
  readonly path: unknown;
}

export const everyPair = <Text>(
  methods: readonly Text[],
  paths: readonly Text[],
): readonly { readonly method: Text | undefined; readonly path: Text | undefined }[] =>
  (methods.length === 0 ? [undefined] : methods).flatMap((method) =>
    (paths.length === 0 ? [undefined] : paths).map((path) => ({ method, path })),
  );

export const operationsIn = ({ fields }: Part) =>
  everyPair(entries(at(fields, "methods")), entries(at(fields, "paths")));

/** What a rule admits; a rule that does not say admits all. */
export const operationsOf = ({ operations }: AuthorizationRule): readonly Operation[] =>
  operations.length === 0 ? everyPair([], []) : operations.flatMap(operationsIn);

const contains = (listed: readonly unknown[] | undefined, value: unknown) =>
  listed === undefined || listed.includes(value);

/** Whether a row is about all of an operation. */
export const isAbout = ({ methods, paths }: Row, { method, path }: Operation) =>
  contains(methods, method) && contains(paths, path);

/** Whether a rule admits an operation. Where the table says of none, a rule may be narrower than the table. */
export function admits(rule: AuthorizationRule, { method, path }: Operation): boolean {
  if ((method === undefined && path === undefined) || rule.operations.length === 0) return true;
  return rule.operations
    .filter(hasNoOtherLists)
    .flatMap(operationsIn)
    .some((one) => isSameOrAny(one.method, method) && isSameOrAny(one.path, path));
}

/** Whether a rule admits each request for an operation, by whichever patterns. */
export function admitsAll({ operations }: AuthorizationRule, asked: Operation): boolean {
  if (operations.length === 0) return true;
  return operations
    .filter(hasNoOtherLists)
    .flatMap(operationsIn)
    .some((one) => includes(one, asked));
}

/** Whether each request for the other operation is for this one. */
export function includes({ method, path }: Operation, other: Operation): boolean {
  return (
    (method === undefined || includesText(method, other.method)) &&
    (path === undefined || includesPath(path, other.path))
  );
}

/** A pattern ends or begins with a star, or is one. */
function includesText(pattern: unknown, text: unknown): boolean {
  if (typeof pattern !== "string" || typeof text !== "string") return false;
  if (pattern.endsWith("*")) return text.startsWith(pattern.slice(0, -1));
  return pattern.startsWith("*") ? text.endsWith(pattern.slice(1)) : pattern === text;
}

function includesPath(pattern: unknown, path: unknown): boolean {
  if (typeof pattern !== "string" || typeof path !== "string") return false;
  return pattern.includes("{")
    ? includesSegments(pattern.split("/"), path.split("/"))
    : includesText(pattern, path);
}

/** Of templates: `{*}` is one segment, and `{**}` any number of them. */
function includesSegments(one: readonly string[], other: readonly string[]): boolean {
  const [first, ...rest] = one;
  const [second, ...others] = other;
  if (first === undefined || second === undefined) return first === second;
  if (first === "{**}")
    return rest.length === 0 || other.some((_, from) => includesSegments(rest, other.slice(from)));
  const isSegment = second === "{*}" || (second !== "" && !second.includes("*"));
  return (first === second || (first === "{*}" && isSegment)) && includesSegments(rest, others);
}

const isSameOrAny = (by: unknown, asked: unknown) => by === undefined || by === asked;

/** Hosts, ports and what is excluded narrow an operation further. */
const hasNoOtherLists = ({ fields }: Part) =>
  isFields(fields) &&
  Object.entries(fields).every(
    ([list, values]) => ["methods", "paths"].includes(list) || entries(values).length === 0,
  );
