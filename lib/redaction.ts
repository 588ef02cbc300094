/**
 * Keeps secrets that this process knows, and every token, out of what it prints or writes, also where another program
 * repeats them.
 */
import { toUSVString } from "node:util";

/** What replaces a secret. */
export const secretMark = "[secret]";

/** In characters. A shorter secret cannot be distinguished from ordinary text. */
const shortest = 4;
/** In characters. A shorter secret may be part of an ordinary word, so it is only replaced where it is a whole word. */
const findableInWords = 8;

export class Redactor {
  readonly #secrets = new Set<string>();
  #pattern: RegExp | undefined;

  constructor(secrets: Iterable<string> = []) {
    for (const secret of secrets) this.add(secret);
  }

  add(secret: string): void {
    this.#secrets.add(secret.trim());
    this.#pattern = undefined;
  }

  /**
   * The text with each secret replaced: as it is, in JSON, in a URL, or in base64, also within a longer base64 text.
   */
  readonly hide = (text: string): string => {
    this.#pattern ??= patternOf([...this.#secrets].flatMap(formsOf));
    return text.replaceAll(this.#pattern, secretMark);
  };
}

function formsOf(secret: string): readonly string[] {
  if (secret.length < shortest) return [];
  // Half of a surrogate pair has no form in UTF-8: the replacement character stands for it there.
  const wellFormed = toUSVString(secret);
  // As RFC 3986, a form, and a client's HTTP Basic credentials (RFC 6749) have it; some write hexadecimal in lower case.
  const escaped = [
    encodeURIComponent(wellFormed),
    new URLSearchParams({ "": secret }).toString().slice(1),
  ];
  const lower = escaped.map((form) => form.replaceAll(/%../g, (byte) => byte.toLowerCase()));
  const plain = [
    secret,
    wellFormed,
    JSON.stringify(secret).slice(1, -1),
    ...escaped,
    ...lower,
    ...linesOf(secret),
  ];
  if (secret.length < findableInWords) return plain;
  return [...plain, ...[secret, ...escaped].flatMap(base64Of)];
}

/** The lines of a key: another program may quote one of them. */
const linesOf = (secret: string) =>
  secret.split("\n").filter((line) => /^[\w+/=-]{16,}$/.test(line) && !line.startsWith("-----"));

/**
 * In base64, for each number of bytes that may stand before it: in `id:secret` no character is the same as in `secret`
 * alone.
 */
function base64Of(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  const kinds = ["base64", "base64url"] as const;
  return [0, 1, 2].flatMap((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes]);
    // One character holds six bits: the first and the last may also hold bits of the neighbouring bytes.
    const first = Math.ceil((before * 8) / 6);
    const last = Math.floor((whole.length * 8) / 6);
    const inside = kinds.map((kind) => whole.toString(kind).slice(first, last));
    return before === 0 ? [...kinds.map((kind) => bytes.toString(kind)), ...inside] : inside;
  });
}

function patternOf(forms: readonly string[]): RegExp {
  // The longest first: a secret may be the beginning of another.
  const distinct = [...new Set(forms)].sort((one, other) => other.length - one.length);
  const alternatives = distinct.map((form) => {
    const literal = form.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
    return form.length < findableInWords ? `(?<!\\w)${literal}(?!\\w)` : literal;
  });
  return alternatives.length === 0 ? /(?!)/g : new RegExp(alternatives.join("|"), "g");
}

/**
 * The text without tokens: a command line, an error about it, or a log may contain one. Each token begins with a JSON
 * object in base64.
 */
export const withoutTokens = (text: string) =>
  text.replaceAll(/\beyJ[\w-]{8,}(\.[\w-]*)*/g, "[token]");
