/**
 * Building blocks of the settings' schema. In all of them an error's text is what was expected.
 *
 * A field's description is its `describe`; docs/settings.md is generated from them.
 */
import { X509Certificate } from "node:crypto";
import { z } from "zod";
import { isDate } from "./plain";

declare module "zod" {
  interface GlobalMeta {
    /** What happens without the setting, if the schema has no default. */
    readonly unset?: string;
  }
}

/**
 * An object that has these keys and no others.
 * @param what it is. Default: an object with the keys
 */
export function section<Shape extends z.core.$ZodShape>(shape: Shape, what?: string) {
  const keys = Object.keys(shape).join(", ");
  return z.strictObject(shape, {
    error: ({ code }) =>
      code === "unrecognized_keys" ? `one of ${keys}` : (what ?? `an object with ${keys}`),
  });
}

export function text(expected: string) {
  return notADate(z.string({ error: expected }).min(1, { error: expected }), expected);
}

/** A date without quotes: YAML does not read it as the text that was written. */
export const notADate = <Text extends z.ZodType<string>>(schema: Text, expected: string) =>
  schema.refine((value) => !isDate(value), { error: expected });

export function matching(pattern: RegExp, expected: string) {
  return z.string({ error: expected }).regex(pattern, { error: expected });
}

export function oneOf<Key extends string>(table: Readonly<Record<Key, unknown>>) {
  const keys = Object.keys(table) as Key[];
  return z.enum(keys, { error: `one of ${keys.map((key) => `"${key}"`).join(", ")}` });
}

/** A list without repeated entries; that is checked even if other things are wrong with the list. */
export function unique<Entry extends z.ZodType>(entry: Entry, expected: string, field?: string) {
  const path = field === undefined ? [] : [field];
  const distinguish = (value: unknown) =>
    field === undefined ? value : (value as Record<string, unknown> | null)?.[field];
  return z.array(entry, { error: "a list" }).superRefine(
    (entries, context) => {
      const keys = entries.map(distinguish);
      keys.forEach((key, index) => {
        if (key !== undefined && keys.indexOf(key) < index)
          context.addIssue({ code: "custom", path: [index, ...path], message: expected });
      });
    },
    { when: ({ value }) => Array.isArray(value) },
  );
}

export function flag() {
  return z.boolean({ error: "true or false" });
}

export function port() {
  const expected = "a port number from 1 to 65535";
  return z.int({ error: expected }).min(1, { error: expected }).max(65535, { error: expected });
}

/** A whole number of at least this much. */
export function count(minimum: number) {
  const expected = `a whole number, ${minimum} or more`;
  return z.int({ error: expected }).min(minimum, { error: expected });
}

/** A duration as Go writes it, in one unit. */
export function duration(example: string) {
  return matching(/^[1-9]\d*[smh]$/, `a number of seconds, minutes or hours, such as "${example}"`);
}

const seconds = { s: 1, m: 60, h: 3600 } as const;

/** The seconds of a `duration`. */
export function secondsOf(span: string): number {
  return Number(span.slice(0, -1)) * seconds[span.slice(-1) as keyof typeof seconds];
}

/**
 * PEM certificates, each of them valid, and nothing else: they are shown in plain text, so a private key must be
 * refused.
 */
function pem(expected: string, isGood: (certificate: X509Certificate) => boolean) {
  return z.string({ error: expected }).refine(
    (text) => {
      const found = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
      if (found.length === 0 || text.split("-----BEGIN").length - 1 > found.length) return false;
      try {
        return found.every((certificate) => isGood(new X509Certificate(certificate)));
      } catch {
        return false;
      }
    },
    { error: expected },
  );
}

/** Certificates of an authority. */
export function certificateAuthority() {
  return pem("certificates of a certificate authority in PEM, and nothing else", ({ ca }) => ca);
}

/** Certificates that are trusted directly: an authority's, or a self-signed one. */
export function trustedCertificates() {
  return pem("certificates in PEM, and nothing else", () => true);
}
