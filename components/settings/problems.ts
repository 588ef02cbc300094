/**
 * What is wrong with settings, one line for each problem: where, what was found, what was expected, and how to write
 * it.
 */
import type { z } from "zod";
import { pathText, settingText, valueAt } from "./path";
import { isDate, type Plain, type PlainValues, type Scalar } from "./plain";
import { mayBeSecret } from "./secrets";

/**
 * @param found the settings that the issues are about
 * @param plain values without quotes, as they are written, which YAML reads as something other than text, if known
 */
export function describeIssues(error: z.ZodError, found: unknown, plain: PlainValues): string[] {
  return linesOf(error, found, (value, path, meant) => {
    const source = plain.get(pathText(path));
    // A value that does not come from the file may be another one.
    const written = source !== undefined && isSame(source.value, value) ? source : undefined;
    return value === null && written === undefined
      ? { found: "nothing" }
      : describeScalar(value, path, meant, written);
  });
}

/**
 * The same for what a program has in its own code, such as a table.
 * @param isSecret whether no message may show the value at a path. Default: each may be shown
 */
export function describeInCode(
  error: z.ZodError,
  found: unknown,
  isSecret: (path: readonly PropertyKey[]) => boolean = () => false,
): string[] {
  const describeOne: Describe = (value, path, meant) => {
    if (value === null) return { found: "nothing" };
    const isHidden = isSecret(path);
    if (typeof value === "string" && !isHidden) return describeText(value, meant);
    const written = isHidden ? "" : `: "${String(value)}"`;
    return {
      found: isHidden ? `a ${typeof value} (not shown)` : String(value),
      ...(meant === "text" && { advice: `. As text it is written in quotes${written}` }),
    };
  };
  return linesOf(error, found, describeOne);
}

function linesOf(error: z.ZodError, found: unknown, describeOne: Describe): string[] {
  // Two checks on one value may expect the same.
  return [...new Set(error.issues.flatMap((issue) => describeIssue(issue, found, describeOne)))];
}

/** One line per problem: most issues are one problem; an issue about unknown keys is one for each key. */
function describeIssue(
  issue: z.core.$ZodIssue,
  settings: unknown,
  describeOne: Describe,
): readonly string[] {
  if (issue.code === "unrecognized_keys")
    return issue.keys.map(
      (key) => `${pathText([...issue.path, key])}: found an unknown key, expected ${issue.message}`,
    );
  return leavesOf(issue).map(({ path, meant }) => {
    const { found, advice = "" } = describe(valueAt(settings, path), path, meant, describeOne);
    return `${pathText(path)}: found ${found}, expected ${issue.message}${advice}`;
  });
}

type Meant = "text" | "number" | "boolean" | undefined;

interface Leaf {
  readonly path: readonly PropertyKey[];
  readonly meant: Meant;
}

/**
 * Where a problem is. A setting may be a text or a list of texts: if a list is there, the problem is in an entry of it.
 */
function leavesOf(issue: z.core.$ZodIssue, above: readonly PropertyKey[] = []): readonly Leaf[] {
  const path = [...above, ...issue.path];
  if (issue.code !== "invalid_union") return [{ path, meant: meantBy(issue) }];
  const within = issue.errors.find(
    (issues) => issues.length > 0 && issues.every((inner) => inner.path.length > 0),
  );
  if (within !== undefined) return within.flatMap((inner) => leavesOf(inner, path));
  // A field that selects a shape is a text.
  const isText =
    issue.errors.length === 0 || issue.errors.flat().some((inner) => meantBy(inner) === "text");
  return [{ path, meant: isText ? "text" : undefined }];
}

function meantBy(issue: z.core.$ZodIssue): Meant {
  if (issue.code === "invalid_value")
    return issue.values.every((value) => typeof value === "string") ? "text" : undefined;
  if (issue.code !== "invalid_type") return undefined;
  return meanings[issue.expected];
}

const meanings: Readonly<Record<string, Meant>> = {
  string: "text",
  number: "number",
  boolean: "boolean",
};

/** `pulumi config` prints a long number with fewer digits than Pulumi stores. */
const isSame = (one: Scalar, other: unknown): boolean =>
  typeof one === "bigint" && typeof other !== "string"
    ? Number(one) === Number(other)
    : Object.is(one, other);

interface Description {
  readonly found: string;
  /** The type of value that was meant. */
  readonly advice?: string;
}

/** Describes a value that is neither an object nor a list. */
type Describe = (value: Scalar, path: readonly PropertyKey[], meant: Meant) => Description;

/** What was found, in a few words that reveal no secret. */
function describe(
  value: unknown,
  path: readonly PropertyKey[],
  meant: Meant,
  describeOne: Describe,
): Description {
  if (value === undefined) return { found: "nothing" };
  if (Array.isArray(value)) return { found: value.length === 0 ? "an empty list" : "a list" };
  if (typeof value === "object" && value !== null)
    return { found: `an object with ${Object.keys(value).join(", ") || "no key"}` };
  return describeOne(value as Scalar, path, meant);
}

function describeScalar(
  value: Scalar,
  path: readonly PropertyKey[],
  meant: Meant,
  written: Plain | undefined,
): Description {
  if (mayBeSecret(settingText(path))) return describeSecret(value, path, meant);
  if (typeof value === "string" && !isDate(value)) return describeText(value, meant);
  const found = written === undefined ? asReceived(value) : asWritten(written);
  // The text of a date, or of a number with many digits, is what the user meant.
  const isAltered = isDate(value) || typeof value === "bigint";
  if (meant === "text" || (meant === undefined && isAltered))
    return { found, advice: inQuotes(path, written) };
  const isPlain = !isAltered && (written === undefined || String(value) === written.written);
  return { found: isPlain ? String(value) : found };
}

function describeSecret(value: Scalar, path: readonly PropertyKey[], meant: Meant): Description {
  if (value === "") return { found: "empty text" };
  const found = value === null ? "nothing" : `a ${nameOf(value)} (not shown)`;
  if (meant !== "text" || typeof value === "string") return { found };
  const command = `pulumi config set --path --secret ${quoted(pathText(path))}`;
  return { found, advice: `. As text it is written in quotes; or set it with: ${command}` };
}

function describeText(value: string, meant: Meant): Description {
  if (value === "") return { found: "empty text" };
  // A kubeconfig in the place of its path.
  if (value.startsWith("{")) return { found: "text in braces (not shown)" };
  if (value.includes("\n")) return { found: `text of ${value.split("\n").length} lines` };
  // A URL may contain a password.
  const shown = JSON.stringify(value.replace(/\/\/.*@/, "//…@"));
  if (meant !== "number" && meant !== "boolean") return { found: shown };
  const form = meant === "number" ? /^-?(0|[1-9]\d*)(\.\d+)?$/ : /^(true|false)$/;
  const found = `the text ${shown}`;
  return form.test(value)
    ? { found, advice: `. As a ${meant} it is written without quotes: ${value}` }
    : { found };
}

const nameOf = (value: Scalar): string =>
  isDate(value) ? "date" : typeof value === "bigint" ? "number" : typeof value;

function asWritten({ written, value }: Plain): string {
  if (value === null) return `${written}, which YAML reads as nothing`;
  const name = nameOf(value);
  const isOther = name === "number" && String(value) !== written;
  return `${written}, which YAML reads as ${isOther ? `the number ${String(value)}` : `a ${name}`}`;
}

/** Pulumi has read the file, and passes on the value that it has read. */
function asReceived(value: Scalar): string {
  const received = `the ${nameOf(value)} ${String(value)}, as Pulumi passes it on`;
  return typeof value === "boolean"
    ? received
    : `${received} (zeros or digits that were written may be missing)`;
}

/** How to write a text that YAML would read as something else. */
function inQuotes(path: readonly PropertyKey[], written: Plain | undefined): string {
  const setting = pathText(path);
  const text = written && JSON.stringify(written.written);
  if (written?.option) return `. As text it is written in quotes: --set '${setting}=${text}'`;
  const value = written?.written ?? "TEXT";
  const rest = [setting, value].map(quoted).join(" ");
  const command = `pulumi config set --path --type string ${value.startsWith("-") ? "-- " : ""}${rest}`;
  return `. As text it is written in quotes${text === undefined ? "" : `, ${text}`}; or set it with: ${command}`;
}

/** Quoted for a shell. */
const quoted = (text: string) => (/^[\w.:+-]+$/.test(text) ? text : `'${text}'`);
