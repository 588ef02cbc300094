/** What is wrong with settings, a line each: where, what was found, what was expected, and how it is written. */
import type { z } from "zod";
import { pathText, settingText, valueAt } from "./path";
import { isDate, type Plain, type PlainValues, type Scalar } from "./plain";
import { mayBeSecret } from "./secrets";

/**
 * @param found the settings that the issues are about
 * @param plain how values are written that YAML reads from text without quotes, where that is known
 */
export function describeIssues(error: z.ZodError, found: unknown, plain: PlainValues): string[] {
  // Two checks on one value may expect the same.
  return [...new Set(error.issues.flatMap((issue) => describeIssue(issue, found, plain)))];
}

/** One line per problem: most issues are one, an object's unknown keys are one each. */
function describeIssue(
  issue: z.core.$ZodIssue,
  settings: unknown,
  plain: PlainValues,
): readonly string[] {
  if (issue.code === "unrecognized_keys")
    return issue.keys.map(
      (key) => `${pathText([...issue.path, key])}: found an unknown key, expected ${issue.message}`,
    );
  return leavesOf(issue).map(({ path, meant }) => {
    const { found, advice = "" } = describe(valueAt(settings, path), path, meant, plain);
    return `${pathText(path)}: found ${found}, expected ${issue.message}${advice}`;
  });
}

type Meant = "text" | "number" | "boolean" | undefined;

interface Leaf {
  readonly path: readonly PropertyKey[];
  readonly meant: Meant;
}

/** Where a problem is: of a text or a list of texts, it is an entry of the list that is there. */
function leavesOf(issue: z.core.$ZodIssue, above: readonly PropertyKey[] = []): readonly Leaf[] {
  const path = [...above, ...issue.path];
  if (issue.code !== "invalid_union") return [{ path, meant: meantBy(issue) }];
  const within = issue.errors.find(
    (issues) => issues.length > 0 && issues.every((inner) => inner.path.length > 0),
  );
  if (within !== undefined) return within.flatMap((inner) => leavesOf(inner, path));
  // A kind is a text.
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

/** `pulumi config` prints a long number with fewer digits than Pulumi keeps. */
const isSame = (one: Scalar, other: unknown): boolean =>
  typeof one === "bigint" && typeof other !== "string"
    ? Number(one) === Number(other)
    : Object.is(one, other);

interface Description {
  readonly found: string;
  /** How the value is written that was meant. */
  readonly advice?: string;
}

/** What was found, in a few words that give no secret away. */
function describe(
  value: unknown,
  path: readonly PropertyKey[],
  meant: Meant,
  plain: PlainValues,
): Description {
  const source = plain.get(pathText(path));
  // What stands elsewhere than in the file may be another value.
  const written = source !== undefined && isSame(source.value, value) ? source : undefined;
  if (value === undefined || (value === null && written === undefined)) return { found: "nothing" };
  if (Array.isArray(value)) return { found: value.length === 0 ? "an empty list" : "a list" };
  if (typeof value === "object" && value !== null)
    return { found: `an object with ${Object.keys(value).join(", ") || "no key"}` };
  return describeScalar(value as Scalar, path, meant, written);
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
  // The text of a date, or of a number with many digits, is what was meant.
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
  // A kubeconfig where its path should be.
  if (value.startsWith("{")) return { found: "text in braces (not shown)" };
  if (value.includes("\n")) return { found: `text of ${value.split("\n").length} lines` };
  // A URL may carry a password.
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

/** Pulumi has read the file, and hands over what it made of it. */
function asReceived(value: Scalar): string {
  const received = `the ${nameOf(value)} ${String(value)}, as Pulumi passes it on`;
  return typeof value === "boolean"
    ? received
    : `${received} (zeros or digits that were written may be missing)`;
}

/** How a text is written that YAML would read as something else. */
function inQuotes(path: readonly PropertyKey[], written: Plain | undefined): string {
  const setting = pathText(path);
  const text = written && JSON.stringify(written.written);
  if (written?.option) return `. As text it is written in quotes: --set '${setting}=${text}'`;
  const value = written?.written ?? "TEXT";
  const rest = [setting, value].map(quoted).join(" ");
  const command = `pulumi config set --path --type string ${value.startsWith("-") ? "-- " : ""}${rest}`;
  return `. As text it is written in quotes${text === undefined ? "" : `, ${text}`}; or set it with: ${command}`;
}

/** For a shell. */
const quoted = (text: string) => (/^[\w.:+-]+$/.test(text) ? text : `'${text}'`);
