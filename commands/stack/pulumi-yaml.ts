/**
 * YAML as the Pulumi CLI reads it: gopkg.in/yaml.v3, whose grammar is YAML 1.1's and whose plain values are a mixture
 * of 1.1 and 1.2. js-yaml has the grammar; the kinds of plain values are here, after yaml.v3's resolve.go.
 */
import { dump, FAILSAFE_SCHEMA, loadAll, Type, YAMLException } from "js-yaml";
import { type Path, pathText } from "../../components/settings/path";
import type { Plain, PlainValues, Scalar } from "../../components/settings/plain";

export interface Yaml {
  /** Objects, lists, texts, numbers, booleans, nulls. */
  readonly value: unknown;
  /** By path from the document's root: `config.istio-auth0:istio.version`. */
  readonly plain: PlainValues;
}

/** Text that is not YAML for Pulumi. Its message has the line and the reason, and quotes nothing. */
export class NotYaml extends Error {
  override readonly name = "NotYaml";
}

/** A plain value within what js-yaml returns for a document; as a key it is its value's text, as in Go. */
class Resolved {
  /** For js-yaml, which otherwise gives every plain object used as a key the same name. */
  readonly [Symbol.toStringTag] = "Resolved";
  constructor(readonly plain: Plain) {}
  toString(): string {
    const { value } = this.plain;
    return value === null ? "<nil>" : String(value);
  }
}

const yamlTag = "tag:yaml.org,2002:";

/**
 * @param name the last part of the tag
 * @param read how a text is read; undefined if it is of another kind
 * @param isOne whether a value is written as this kind
 */
function plainType(
  name: string,
  read: (written: string) => Scalar | undefined,
  isOne: (value: Scalar) => boolean = () => false,
): Type {
  return new Type(yamlTag + name, {
    kind: "scalar",
    resolve: (data: string | null) => read(data ?? "") !== undefined,
    construct: (data: string | null) =>
      new Resolved({ written: data ?? "", value: read(data ?? "") ?? null }),
    // The library's types expect objects only.
    predicate: (value: unknown) => isOne(value as Scalar),
    represent: (value: unknown) => String(value),
  });
}

const lookup =
  <Found>(table: Readonly<Record<string, Found>>) =>
  (written: string): Found | undefined =>
    Object.hasOwn(table, written) ? table[written] : undefined;

const readNull = lookup({ "": null, "~": null, null: null, Null: null, NULL: null });

const readBoolean = lookup({
  ...{ true: true, True: true, TRUE: true },
  ...{ false: false, False: false, FALSE: false },
});

const specialNumbers = lookup({
  ...{ ".nan": NaN, ".NaN": NaN, ".NAN": NaN },
  ...{ ".inf": Infinity, ".Inf": Infinity, ".INF": Infinity },
  ...{ "+.inf": Infinity, "+.Inf": Infinity, "+.INF": Infinity },
  ...{ "-.inf": -Infinity, "-.Inf": -Infinity, "-.INF": -Infinity },
});

const integer = /^([-+]?)(0[xX][\da-fA-F]+|0[bB][01]+|0[oO][0-7]+|0[0-7]*|[1-9]\d*)$/;

/**
 * With a prefix, octal also with only a zero before it, or decimal, with underscores anywhere except at the beginning;
 * 64 bits.
 */
function readInteger(written: string): number | bigint | undefined {
  if (!/^[-+\d]/.test(written)) return undefined;
  const [, sign, digits = ""] = integer.exec(written.replaceAll("_", "")) ?? [];
  if (digits === "") return undefined;
  const size = BigInt(digits.replace(/^0(?=\d)/, "0o"));
  const value = sign === "-" ? -size : size;
  if (value < -(2n ** 63n) || value >= 2n ** (sign === "+" ? 63n : 64n)) return undefined;
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

const fraction = /^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/;

function readFloat(written: string): number | undefined {
  const special = specialNumbers(written);
  if (special !== undefined) return special;
  const isBare = /^\.\d/.test(written);
  const digits = isBare ? written : written.replaceAll("_", "");
  if (!(isBare || /^[-+\d]/.test(written)) || !fraction.test(digits)) return undefined;
  const value = Number(digits);
  // In Go a zero has lost its sign at this point; a number that is too large stays text.
  return Number.isFinite(value) ? value + 0 : undefined;
}

const timestamp =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:(?: +|([Tt]))(\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,](\d+))?(Z|[-+]\d\d:\d\d)?)?$/;

/** A date, as Go writes it: `2026-11-28 10:00:00.5 +0200 +0200`. */
function readDate(written: string): string | undefined {
  const found = timestamp.exec(written);
  if (found === null) return undefined;
  const [, year = "", month = "", day = "", t, ...time] = found;
  const [hour = "0", minute = "0", second = "0", part = "", zone] = time;
  if ((t === undefined) !== (zone === undefined)) return undefined;
  const two = (text: string) => text.padStart(2, "0");
  const date = `${year}-${two(month)}-${two(day)}`;
  const clock = [hour, minute, second].map(two).join(":");
  const instant = new Date(`${date}T${clock}Z`);
  // Neither a 13th month nor a 30th of February.
  if (Number.isNaN(instant.valueOf()) || !instant.toISOString().startsWith(`${date}T${clock}`))
    return undefined;
  const rest = part.slice(0, 9).replace(/0+$/, "");
  const offset = zone === undefined || zone === "Z" ? "+0000" : zone.replace(":", "");
  const name = offset === "+0000" ? "UTC" : offset;
  return `${date} ${clock}${rest === "" ? "" : `.${rest}`} ${offset} ${name}`;
}

/** In Go's order, in which the first that matches is used. A number with an explicit float tag may be whole. */
const schema = FAILSAFE_SCHEMA.extend({
  implicit: [
    new Type(`${yamlTag}merge`, { kind: "scalar", resolve: (data: unknown) => data === "<<" }),
    plainType("null", readNull, (value) => value === null),
    plainType("bool", readBoolean, (value) => typeof value === "boolean"),
    plainType("timestamp", readDate),
    plainType("int", readInteger, (value) => Number.isInteger(value) || typeof value === "bigint"),
    plainType(
      "float",
      (written) => readFloat(written) ?? readInteger(written),
      (value) => typeof value === "number",
    ),
  ],
  explicit: [
    new Type(`${yamlTag}binary`, {
      kind: "scalar",
      construct: (data: string | null) => Buffer.from(data ?? "", "base64").toString(),
    }),
    // Pulumi ignores any other tag.
    ...[yamlTag, "!", "tag:"].flatMap((tag) =>
      (["scalar", "sequence", "mapping"] as const).map(
        (kind) =>
          new Type(tag, { kind, multi: true, construct: (data: unknown) => data ?? emptyOf[kind] }),
      ),
    ),
  ],
});

const emptyOf = { scalar: "", sequence: [], mapping: {} };

/**
 * Reads the first document, as Pulumi does.
 * @throws NotYaml
 */
export function readYaml(text: string): Yaml {
  const plain = new Map<string, Plain>();
  return { value: settle(documentsOf(text)[0] ?? null, [], [], plain), plain };
}

function documentsOf(text: string): unknown[] {
  try {
    return loadAll(text, null, {
      schema,
      listener: (_event, { version }) => {
        if (version !== null && String(version) !== "1.1")
          throw new NotYaml(`%YAML ${version} is another version than Pulumi's, 1.1`);
      },
    });
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    // A name that it quotes may be a secret without quotes.
    const reason = error.reason.replace(/\s*("[^"]*"|!<[^>]*>)/g, "");
    throw new NotYaml(`line ${error.mark.line + 1}: ${reason}`);
  }
}

/** The values themselves; each plain one is recorded. */
function settle(found: unknown, path: Path, around: unknown[], plain: Map<string, Plain>): unknown {
  if (found instanceof Resolved) {
    const { written, value } = found.plain;
    if (typeof value === "number" && !Number.isFinite(value))
      throw new NotYaml(`${pathText(path)} is ${written}, a number that Pulumi cannot keep`);
    plain.set(pathText(path), found.plain);
    return value;
  }
  // Pulumi writes what it has read, and reads that again; in doing so yaml.v3 loses a first line that is empty.
  if (typeof found === "string") return found.replace(/^\n/, "");
  if (typeof found !== "object" || found === null) return found;
  if (around.includes(found)) throw new NotYaml(`${pathText(path)} contains itself`);
  const settled = (key: string | number, value: unknown) =>
    settle(value, [...path, key], [...around, found], plain);
  if (Array.isArray(found)) return found.map((entry, index) => settled(index, entry));
  return Object.fromEntries(
    Object.entries(found).map(([key, value]) => [key, settled(key, value)]),
  );
}

/** YAML that Pulumi reads as this value: each text is in quotes that would otherwise be something else. */
export const writeYaml = (value: unknown): string =>
  dump(value, { schema, noRefs: true, lineWidth: -1 });
