/**
 * Property values as Pulumi's engine sends and expects them.
 *
 * On the wire a secret is an object with a signature, and an unknown value is one of a few fixed strings. In a plug-in
 * values are plain JSON; which parts are secret is kept separately, so that the code that calls an API never sees a
 * wrapper.
 */
import { Redactor } from "../../../lib/redaction";

/** Plain JSON; a value that is not known yet is the string `unknown`. */
export type Value = null | boolean | number | string | Value[] | Properties;

export interface Properties {
  [name: string]: Value;
}

/** Which part of a value is secret: nothing, all of it, or parts of some of its properties. */
export type Secrecy = undefined | true | { [name: string]: Secrecy };

export interface Decoded {
  value: Value;
  secrecy: Secrecy;
}

const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const outputSignature = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const resourceSignature = "5cf8f73096256a8f31e491e813e4eb8e";

/** The placeholder for a value that a preview cannot know. */
export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** The engine has one such string for each type; a plug-in does not have to distinguish them. */
const unknownStrings: ReadonlySet<string> = new Set([
  unknown,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

/** Shorter texts also occur by chance, so they are not searched for in other values and messages. */
const shortestSearchedSecret = 8;

export function isProperties(value: unknown): value is Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value as properties, or none if it is anything else. */
export function asProperties(value: Value | undefined): Properties {
  return isProperties(value) ? value : {};
}

/** Whether a preview cannot know all of the value yet. */
export function hasUnknown(value: Value | undefined): boolean {
  if (value === unknown) return true;
  if (Array.isArray(value)) return value.some(hasUnknown);
  return isProperties(value) && Object.values(value).some(hasUnknown);
}

/**
 * Separates the plain value from what is secret in it.
 * @throws Error on an asset, an archive or a resource reference, which no stand-in supports
 */
export function decode(wire: unknown): Decoded {
  if (wire === null || wire === undefined) return { value: null, secrecy: undefined };
  if (typeof wire === "string") {
    return { value: unknownStrings.has(wire) ? unknown : wire, secrecy: undefined };
  }
  if (typeof wire === "boolean" || typeof wire === "number")
    return { value: wire, secrecy: undefined };
  if (Array.isArray(wire)) {
    const items = wire.map(decode);
    // Items move, so a secret in a list makes the whole list secret, as in the official plug-ins.
    const secrecy = items.some((item) => item.secrecy !== undefined) ? true : undefined;
    return { value: items.map((item) => item.value), secrecy };
  }
  return decodeObject(Object.entries(wire));
}

function decodeObject(entries: [string, unknown][]): Decoded {
  const wrapped = new Map(entries);
  const signature = wrapped.get(signatureKey);
  if (signature === secretSignature) {
    return { value: decode(wrapped.get("value")).value, secrecy: true };
  }
  // Of another resource's output, as a component's inputs have it: without a value it is not known yet.
  if (signature === outputSignature) {
    const { value, secrecy } = wrapped.has("value")
      ? decode(wrapped.get("value"))
      : { value: unknown, secrecy: undefined };
    return { value, secrecy: wrapped.get("secret") === true ? true : secrecy };
  }
  if (signature !== undefined) {
    throw new Error("assets, archives and resources as property values are not supported");
  }
  const value: Properties = {};
  const secrecy: Record<string, Secrecy> = {};
  for (const [name, item] of entries) {
    const decoded = decode(item);
    value[name] = decoded.value;
    if (decoded.secrecy !== undefined) secrecy[name] = decoded.secrecy;
  }
  return { value, secrecy: Object.keys(secrecy).length > 0 ? secrecy : undefined };
}

/** A resource as a property's value on the wire. */
export function reference(urn: string, id: string, packageVersion: string): Properties {
  return { [signatureKey]: resourceSignature, urn, id, packageVersion };
}

/** Both masks combined. */
export function unite(one: Secrecy, other: Secrecy): Secrecy {
  if (one === undefined || other === undefined) return one ?? other;
  if (one === true || other === true) return true;
  const united = { ...one };
  for (const [name, secrecy] of Object.entries(other)) united[name] = unite(united[name], secrecy);
  return united;
}

/**
 * The value as the engine expects it, with its secret parts marked: those of the mask, and every text that contains one
 * of the secret texts, so that a secret stays secret if an API returns it under another name.
 */
export function encode(value: Value, secrecy: Secrecy, secretTexts: readonly string[]): unknown {
  if (secrecy === true) return { [signatureKey]: secretSignature, value };
  if (typeof value === "string") {
    const secret = secretTexts.some((text) => value.includes(text));
    return secret ? { [signatureKey]: secretSignature, value } : value;
  }
  if (Array.isArray(value)) {
    return secrecy === undefined
      ? value.map((item) => encode(item, undefined, secretTexts))
      : { [signatureKey]: secretSignature, value };
  }
  if (!isProperties(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, encode(item, secrecy?.[name], secretTexts)]),
  );
}

/** Every text in the secret parts of a value, also as base64, for `encode` and `redact`. */
export function secretTextsOf({ value, secrecy }: Decoded): string[] {
  if (secrecy === undefined) return [];
  if (secrecy === true) return texts(value);
  return Object.entries(asProperties(value)).flatMap(([name, item]) =>
    secretTextsOf({ value: item, secrecy: secrecy[name] }),
  );
}

function texts(value: Value): string[] {
  if (typeof value === "string") {
    const searched = value.length >= shortestSearchedSecret && value !== unknown;
    return searched ? [value, Buffer.from(value).toString("base64")] : [];
  }
  if (Array.isArray(value)) return value.flatMap(texts);
  return isProperties(value) ? Object.values(value).flatMap(texts) : [];
}

/** The message on one line, without any of the secret texts. */
export function redact(message: string, secretTexts: readonly string[]): string {
  return new Redactor(secretTexts).hide(message).replaceAll(/\s+/g, " ").trim();
}
