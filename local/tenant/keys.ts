import "reflect-metadata"; // @peculiar/x509 needs it before it is loaded

import * as x509 from "@peculiar/x509";
import {
  createLocalJWKSet,
  exportJWK,
  generateKeyPair,
  type JWK,
  type JWTPayload,
  jwtVerify,
} from "jose";
import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";

import { JsonFile } from "./jsonFile";
import { type RealmAlgorithm, realmAlgorithms } from "./realm/options";

const signatureAlgorithm = "RS256";
const keyParameters = {
  name: "RSASSA-PKCS1-v1_5",
  hash: "SHA-256",
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
} as const;
const certificateYears = 10;

const signingKeySchema = z.looseObject({
  kty: z.literal("RSA"),
  kid: z.string(),
  alg: z.literal(signatureAlgorithm),
  use: z.literal("sig"),
  n: z.string(),
  e: z.string(),
  d: z.string(),
  /** The key's own certificate, base64 of DER. */
  x5c: z.array(z.string()).length(1),
  /** A key is `next`, then `current`, then `previous`; revoked ones are no longer published. */
  status: z.enum(["next", "current", "previous", "revoked"]),
  current_since: z.string().optional(),
  current_until: z.string().optional(),
  revoked_at: z.string().optional(),
});

export type SigningKey = z.infer<typeof signingKeySchema>;

const realmKeySchema = z.looseObject({
  kty: z.enum(["RSA", "EC", "OKP"]),
  kid: z.string(),
  alg: z.enum(realmAlgorithms).exclude([signatureAlgorithm]),
  use: z.literal("sig"),
  d: z.string(),
});

/** A realm's key for an algorithm other than the tenant's. */
export type RealmKey = z.infer<typeof realmKeySchema>;

const keySetSchema = z.object({ keys: z.array(z.union([signingKeySchema, realmKeySchema])) });

type KeySet = z.infer<typeof keySetSchema>;

/**
 * The keys that the tenant signs tokens with: a private JWK set in keys.json. As in Auth0, the next key is published
 * before it is used, and a previous one until it is revoked.
 */
export class KeyRing {
  readonly #file: JsonFile<KeySet>;
  readonly #onChange = new Set<() => void>();

  private constructor(file: JsonFile<KeySet>) {
    this.#file = file;
  }

  static async open(stateDirectory: string): Promise<KeyRing> {
    const file = await JsonFile.open(
      join(stateDirectory, "keys.json"),
      keySetSchema,
      async (): Promise<KeySet> => ({
        keys: [
          { ...(await generate()), status: "current", current_since: new Date().toISOString() },
          await generate(),
        ],
      }),
    );
    return new KeyRing(file);
  }

  /** Every key, including revoked ones, the current one first. */
  get all(): readonly SigningKey[] {
    return this.#file.value.keys.filter(isOfTenant);
  }

  /**
   * A realm's key for an algorithm, made when it is first used; undefined for RS256, for which the tenant's keys are
   * used.
   */
  async ofRealm(algorithm: RealmAlgorithm): Promise<RealmKey | undefined> {
    if (algorithm === signatureAlgorithm) return undefined;
    const { value } = this.#file;
    const known = value.keys.find((key) => key.alg === algorithm);
    if (known !== undefined && !isOfTenant(known)) return known;
    const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
    const made = realmKeySchema.parse({
      ...(await exportJWK(privateKey)),
      kid: newKeyId(),
      alg: algorithm,
      use: "sig",
    });
    value.keys.push(made);
    await this.#file.save();
    return made;
  }

  /** The keys that verifiers may see, the current one first. */
  get published(): readonly SigningKey[] {
    return this.all.filter((key) => key.status !== "revoked");
  }

  /** The key that signs now. */
  get current(): SigningKey {
    const current = this.all.find((key) => key.status === "current");
    if (current === undefined) throw new Error("keys.json holds no current key");
    return current;
  }

  /** Calls back after each rotation and revocation. */
  onChange(callback: () => void): void {
    this.#onChange.add(callback);
  }

  /** Makes the next key the current one, and publishes a new next. */
  async rotate(): Promise<SigningKey> {
    const following = await generate();
    const now = new Date().toISOString();
    const { value } = this.#file;
    const next = this.all.find((key) => key.status === "next") ?? following;
    const others = value.keys.filter((key) => key !== next);
    for (const key of others.filter(isOfTenant).filter(({ status }) => status === "current"))
      Object.assign(key, { status: "previous", current_until: now });
    Object.assign(next, { status: "current", current_since: now });
    value.keys = next === following ? [next, ...others] : [next, following, ...others];
    await this.#changed();
    return next;
  }

  /** Stops publishing a previous key, so that tokens signed with it are no longer accepted. */
  async revoke(key: SigningKey): Promise<void> {
    Object.assign(key, { status: "revoked", revoked_at: new Date().toISOString() });
    await this.#changed();
  }

  /** The claims of a token of this tenant; undefined if it is not one, has expired or has another audience. */
  async verify(token: string, issuer: string, audience: string): Promise<JWTPayload | undefined> {
    try {
      const keySet = createLocalJWKSet({ keys: this.published.map(publicKey) });
      const { payload } = await jwtVerify(token, keySet, {
        issuer,
        audience,
        algorithms: [signatureAlgorithm],
      });
      return payload;
    } catch {
      return undefined;
    }
  }

  async #changed(): Promise<void> {
    await this.#file.save();
    for (const callback of this.#onChange) callback();
  }
}

const isOfTenant = (key: SigningKey | RealmKey): key is SigningKey =>
  key.alg === signatureAlgorithm;

const newKeyId = () => randomBytes(15).toString("base64url");

/** The key's certificate, as PEM. */
export function certificateOf(key: SigningKey): string {
  return x509.PemConverter.encode(certificateBytes(key), "CERTIFICATE");
}

/** The certificate's SHA-256 fingerprint and SHA-1 thumbprint, in the notations that Auth0 uses. */
export function fingerprintsOf(key: SigningKey): { fingerprint: string; thumbprint: string } {
  const digest = (algorithm: string) =>
    createHash(algorithm).update(certificateBytes(key)).digest("hex").toUpperCase();
  return {
    fingerprint: digest("sha256").replace(/..(?!$)/g, "$&:"),
    thumbprint: digest("sha1"),
  };
}

function certificateBytes(key: SigningKey): Buffer {
  return Buffer.from(key.x5c.join(""), "base64");
}

function publicKey({ kty, kid, alg, use, n, e }: SigningKey): JWK {
  return { kty, kid, alg, use, n, e };
}

async function generate(): Promise<SigningKey> {
  const keys = await crypto.subtle.generateKey(keyParameters, true, ["sign", "verify"]);
  const notAfter = new Date();
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + certificateYears);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=istio-auth0 sandbox tenant signing key",
    keys,
    notAfter,
  });
  return signingKeySchema.parse({
    ...(await exportJWK(keys.privateKey)),
    kid: newKeyId(),
    alg: signatureAlgorithm,
    use: "sig",
    x5c: [Buffer.from(certificate.rawData).toString("base64")],
    status: "next",
  });
}
