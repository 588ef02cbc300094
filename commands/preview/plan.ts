/** The result of a preview. It has no secrets: the engine has removed them. */
import { secretMark } from "../../lib/redaction";

/** What the engine would do to one resource. */
export interface PlannedResource {
  /** `create`, `update`, `same`, … */
  readonly operation: string;
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  /** URN; absent for the stack itself. */
  readonly parent: string | undefined;
  /** URNs, sorted. */
  readonly dependencies: readonly string[];
  /** URN; absent for components, and for providers themselves. */
  readonly provider: string | undefined;
  readonly protect: boolean;
  readonly inputs: Readonly<Record<string, unknown>>;
}

export interface Diagnostic {
  readonly severity: "warning" | "error";
  /** The resource that it is about, if any. */
  readonly name: string | undefined;
  readonly message: string;
}

export interface Plan {
  readonly stack: string;
  /** Sorted by type and name. */
  readonly resources: readonly PlannedResource[];
  /** The outputs of the stack. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** How many resources, by operation. */
  readonly counts: Readonly<Record<string, number>>;
  readonly diagnostics: readonly Diagnostic[];
}

/** A URN is `urn:pulumi:STACK::PROJECT::PARENTS$TYPE::NAME`. */
export function partsOf(urn: string): { type: string; name: string } {
  const [, , types = "", ...name] = urn.split("::");
  return { type: types.split("$").at(-1) ?? types, name: name.join("::") };
}

/** A resource's type and name, for a message. */
export function titleOf(urn: string): string {
  const { type, name } = partsOf(urn);
  return `${type} ${name}`;
}

/** How Pulumi writes an unknown value into its events. */
const unknownMark = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** What is shown for a value that only an update knows, and for a secret. */
export const unknown = "[unknown]";
export const secret = secretMark;

/** The key by which Pulumi distinguishes its own kinds of value from objects, and its value for a secret. */
const kindMark = "4dabf18193072939515e22adb298388d";
const secretKind = "1b47061264138c4ac30d75fd1eb44270";

/** Properties of Pulumi's own, not of the resource: they are left out. */
const internal: ReadonlySet<string> = new Set(["__internal", "__defaults"]);
/** A dynamic resource's code, as text: it depends on how the code was compiled. */
const code = "__provider";

/** The value with paths in the project's folder as they are from there: it is elsewhere on another machine. */
export function relative(value: unknown, root: string): unknown {
  if (typeof value === "string") return value === root ? "." : value.replaceAll(`${root}/`, "./");
  if (Array.isArray(value)) return value.map((each) => relative(each, root));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [key, relative(field, root)]),
  );
}

/** The value as the user sees it. */
export function shown(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll(unknownMark, unknown);
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== "object" || value === null) return value;
  if (kindMark in value && value[kindMark] === secretKind) return secret;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !internal.has(key))
      .map(([key, field]) => [key, key === code ? "[code]" : shown(field)]),
  );
}
