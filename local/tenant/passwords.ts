import { randomBytes, scrypt, type ScryptOptions, timingSafeEqual } from "node:crypto";

const cost: ScryptOptions = { N: 16384, r: 8, p: 1 };
const keyLength = 32;
// If there is no user, this hash is checked, so that the answer takes as long as for a wrong password.
const noUser = { salt: Buffer.alloc(16), key: Buffer.alloc(keyLength) };

/** A password's salted scrypt hash, as text. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt);
  return `${salt.toString("base64url")}.${key.toString("base64url")}`;
}

/** Whether the password matches the hash; without a hash, false after the same work. */
export async function verifyPassword(password: string, hash: string | undefined): Promise<boolean> {
  const [salt, key] = hash?.split(".").map((part) => Buffer.from(part, "base64url")) ?? [];
  const expected = salt !== undefined && key?.length === keyLength ? { salt, key } : noUser;
  const derived = await derive(password, expected.salt);
  return timingSafeEqual(derived, expected.key) && expected !== noUser;
}

function derive(password: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize("NFC"), salt, keyLength, cost, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

const characterClasses = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^a-zA-Z0-9]/];

function classesIn(password: string): number {
  return characterClasses.filter((pattern) => pattern.test(password)).length;
}

/** Auth0's password policies, by the name in a connection's `options.passwordPolicy`. */
const policies = {
  none: (password: string) => password.length >= 1,
  low: (password: string) => password.length >= 6,
  fair: (password: string) =>
    password.length >= 8 && characterClasses.slice(0, 3).every((pattern) => pattern.test(password)),
  good: (password: string) => password.length >= 8 && classesIn(password) >= 3,
  excellent: (password: string) =>
    password.length >= 10 && classesIn(password) >= 3 && !/(.)\1\1/.test(password),
} satisfies Record<string, (password: string) => boolean>;

export type PasswordPolicy = keyof typeof policies;

export const passwordPolicies = Object.keys(policies) as [PasswordPolicy, ...PasswordPolicy[]];

/** Whether the policy allows the password. */
export function isStrongEnough(password: string, policy: PasswordPolicy): boolean {
  return policies[policy](password);
}
