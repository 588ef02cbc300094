/**
 * The classes of tokens that verify makes itself. Each claims every permission, unless that is its
 * point, so that only what is wrong with it can be what refuses it.
 */
import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { base64url, exportJWK } from "jose";
import type { JWTHeaderParameters, JWTPayload } from "jose";
import type { Application } from "../components/application";
import type { TokenRefusal } from "./expectations";
import { issuerAtOwnDomain, type StackOutputs } from "../stack/outputs";
import { claimAt, everyPermission, holding } from "./permissions";
import { isOfWords } from "../components/identity/claims";
import {
  confuseAlgorithms,
  encoded,
  goodClaims,
  hour,
  type Materials,
  now,
  sign,
  tamper,
} from "./forging";

/** Foreign to every stack: reserved names that nobody can hold. */
const otherIssuer = "https://other.invalid/";
const otherAudience = "https://other.invalid/api";
const otherClient = "verify-foreign";
/** A genuine token that lets nobody in anywhere, and is refused nowhere. */
export const nothing = "nothing";

/** One class. */
export interface TokenClass {
  readonly name: string;
  /** How it has to be refused; for a good token, what it holds; or that it counts for nothing. */
  readonly outcome: TokenRefusal | readonly string[] | typeof nothing;
  /** What has to be at hand to make it; said where it is not. */
  readonly needs?:
    | "the tenant's own key"
    | "that issuer's own key"
    | "somebody with every permission"
    | "a machine"
    | "a sign-in";
  /** @returns the token, or undefined where what it needs is not at hand */
  readonly make: (materials: Materials) => Promise<string | undefined> | string | undefined;
}

/**
 * The control of the forged tokens: made like them, with nothing wrong. That it is accepted shows
 * that the others are refused for their fault and not for the way they were made.
 */
export const forgedControl = "forged but valid";

/** The class whose token is also what others present as the bad one. */
export const tampered = "tampered token";

/** Signed with the tenant's own key, so that nothing but the changed claims can be what refuses it. */
function byTenant(
  name: string,
  outcome: TokenClass["outcome"],
  change: (good: JWTPayload, materials: Materials) => JWTPayload,
): TokenClass {
  return {
    name,
    outcome,
    needs: "the tenant's own key",
    make: (materials) => {
      const { tenantKey } = materials;
      if (tenantKey === undefined) return undefined;
      const { kid, key } = tenantKey;
      return sign(change(goodClaims(materials), materials), { kid }, key);
    },
  };
}

/** Signed with a key that nobody trusts. */
function byStranger(
  name: string,
  outcome: TokenRefusal,
  header: (materials: Materials) => Promise<Partial<JWTHeaderParameters>>,
  change: (good: JWTPayload, materials: Materials) => JWTPayload = (good) => good,
): TokenClass {
  return {
    name,
    outcome,
    make: async (materials) =>
      sign(
        change(goodClaims(materials), materials),
        await header(materials),
        materials.stranger.privateKey,
      ),
  };
}

/** What classes there are depends on how the stack recognizes tokens. */
export type TokenOutputs = Pick<
  StackOutputs,
  "issuer" | "permissionsClaim" | "authentication" | "tenant"
>;

/** Every class, in the order in which they are shown. */
export function tokenClasses(
  application: Application,
  { issuer, permissionsClaim, authentication, tenant }: TokenOutputs,
): readonly TokenClass[] {
  const permissions = everyPermission(application);
  const ofForeignClient = authentication.clients === "any" ? permissions : nothing;
  return [
    byTenant(forgedControl, permissions, (good) => good),
    byTenant("ours among its audiences", permissions, (good, { audience }) => ({
      ...good,
      aud: [otherAudience, audience],
    })),
    ...readAlike(permissions),
    byTenant("foreign client", ofForeignClient, (good) => ({ ...good, azp: otherClient })),
    byTenant("no authorized party", ofForeignClient, (good) => ({ ...good, azp: undefined })),
    ...withoutPermission(permissionsClaim, permissions),
    ...authentication.issuers.flatMap((other) =>
      byFurtherIssuer(permissions, permissionsClaim, other),
    ),
    byTenant("expired token", "expired", (good) => ({
      ...good,
      iat: now() - 2 * hour,
      exp: now() - hour,
    })),
    byTenant("not yet valid", "not yet valid", (good) => ({ ...good, nbf: now() + hour })),
    byStranger("wrong issuer", "unknown issuer", tenantsKid, (good) => ({
      ...good,
      iss: otherIssuer,
    })),
    byStranger(
      issuer.endsWith("/") ? "issuer without its slash" : "issuer with a slash",
      "unknown issuer",
      tenantsKid,
      (good) => ({ ...good, iss: issuer.endsWith("/") ? issuer.slice(0, -1) : `${issuer}/` }),
    ),
    ...(issuerAtOwnDomain({ issuer, tenant }) === undefined ? [] : [ofOwnDomain]),
    ...untrusted,
    byTenant("wrong audience", "other audience", (good) => ({ ...good, aud: otherAudience })),
    byTenant("audiences without ours", "other audience", (good) => ({
      ...good,
      aud: [otherAudience, new URL("userinfo", issuer).href],
    })),
    byTenant("no audience", "other audience", (good) => ({ ...good, aud: undefined })),
    ...(application.people ? [idTokenClass] : []),
  ];
}

/** Genuine, and signed with the keys that the mesh knows: Auth0 names the domain that a token was asked for at. */
const ofOwnDomain: TokenClass = {
  name: "from the tenant's own domain",
  outcome: "unknown issuer",
  needs: "a machine",
  make: (materials) => materials.ofOwnDomain,
};

/** Only people get one. */
const idTokenClass: TokenClass = {
  name: "ID token",
  outcome: "other audience",
  needs: "a sign-in",
  make: ({ idToken }) => idToken,
};

/**
 * What Envoy takes for a good token though not all will expect it, and Istio has no setting for: RFC 7519 leaves `exp`
 * optional, and audiences are compared without their scheme and the slash at their end (Envoy's check_audience.cc). Such a
 * token counts only if the provider signs it, for one of the listed clients.
 */
function readAlike(permissions: readonly string[]): readonly TokenClass[] {
  return [
    byTenant("no expiry", permissions, (good) => ({ ...good, exp: undefined })),
    byTenant("audience with other scheme", permissions, (good, { audience }) => ({
      ...good,
      aud: audience.startsWith("https://")
        ? audience.replace("https://", "http://")
        : `https://${audience}`,
    })),
    byTenant("audience with other slash", permissions, (good, { audience }) => ({
      ...good,
      aud: audience.endsWith("/") ? audience.slice(0, -1) : `${audience}/`,
    })),
  ];
}

/** Genuine, but what grants a permission is not where the table looks for it, or not that. */
function withoutPermission(
  path: readonly string[],
  permissions: readonly string[],
): readonly TokenClass[] {
  const at = (value: unknown) => claimAt(path, value);
  const changed = (change: (permission: string) => string) =>
    holding(path, permissions.map(change));
  // Where words count, they are parted by spaces; elsewhere a text is one permission.
  const asOne = permissions.join(isOfWords(path) ? "," : " ");
  const elsewhere = isOfWords(path) ? "permissions" : "scope";
  const classes: readonly (readonly [string, Record<string, unknown>])[] = [
    ["permissions as one string", at(asOne)],
    ["permissions nested", at({ granted: permissions })],
    ["permissions with a suffix", changed((each) => `${each}:own`)],
    ["permissions in another case", changed((each) => each.toUpperCase())],
    [`permissions only as ${elsewhere}`, { ...at([]), ...holding([elsewhere], permissions) }],
  ];
  return classes.map(([name, claims]) => byTenant(name, [], (good) => ({ ...good, ...claims })));
}

type FurtherIssuer = TokenOutputs["authentication"]["issuers"][number];

/** Tokens of a provider beside the stack's own: its own claim and its own clients count, and no other issuer's. */
function byFurtherIssuer(
  permissions: readonly string[],
  ownClaim: readonly string[],
  other: FurtherIssuer,
): readonly TokenClass[] {
  const { issuer, audience, permissionsClaim, clients } = other;
  const made = (
    name: string,
    outcome: TokenClass["outcome"],
    change: (materials: Materials) => JWTPayload = () => ({}),
  ): TokenClass => ({
    name: `${name} of ${issuer}`,
    outcome,
    needs: "that issuer's own key",
    make: (materials) => {
      const signing = materials.furtherKeys.get(issuer);
      if (signing === undefined) return undefined;
      const client = clients === "any" ? otherClient : clients[0];
      const good = goodClaims({ issuer, audience, permissionsClaim, permissions, client });
      return sign({ ...good, ...change(materials) }, { kid: signing.kid }, signing.key);
    },
  });
  const isOwnClaim = isDeepStrictEqual(permissionsClaim, ownClaim);
  return [
    made("token", permissions),
    ...(isOwnClaim
      ? []
      : [
          made("permissions in another claim", [], () => ({
            ...holding(permissionsClaim, []),
            ...holding(ownClaim, permissions),
          })),
        ]),
    ...(clients === "any" ? [] : [made("foreign client", nothing, () => ({ azp: otherClient }))]),
  ];
}

/** What says who signed it cannot be believed. */
const untrusted: readonly TokenClass[] = [
  {
    name: tampered,
    outcome: "bad signature",
    needs: "somebody with every permission",
    make: ({ whole, permissionsClaim, permissions }) =>
      whole && tamper(whole, holding(permissionsClaim, permissions)),
  },
  byStranger("stranger's key, tenant's id", "bad signature", tenantsKid),
  byStranger("unknown key id", "unknown key", () => Promise.resolve({ kid: "verify-unknown" })),
  // RFC 7515, 4.1.2 and 4.1.3: a header may carry its own key, or say where it is; nobody may believe it.
  byStranger("embedded jwk", "bad signature", async (materials) => ({
    ...(await tenantsKid(materials)),
    jwk: await exportJWK(materials.stranger.publicKey),
  })),
  byStranger("jku to another host", "bad signature", async (materials) => ({
    ...(await tenantsKid(materials)),
    jku: new URL(".well-known/jwks.json", otherIssuer).href,
  })),
  {
    // RFC 7519, 6.1: unsecured, so with nothing behind the second dot.
    name: "alg: none",
    outcome: "not a JWT",
    make: (materials) =>
      `${encoded({ alg: "none", typ: "JWT" })}.${encoded(goodClaims(materials))}.`,
  },
  {
    name: "alg: none, with a signature",
    outcome: "unsupported algorithm",
    make: (materials) =>
      `${encoded({ alg: "none", typ: "JWT" })}.${encoded(goodClaims(materials))}.${base64url.encode("none")}`,
  },
  { name: "HS256 by the public key", outcome: "unknown key", make: confuseAlgorithms },
  { name: "opaque token", outcome: "not a JWT", make: () => randomBytes(32).toString("base64url") },
  {
    // What Auth0 issues where no audience is asked for: five parts, encrypted for itself.
    name: "encrypted token",
    outcome: "not a JWT",
    make: ({ issuer }) =>
      [
        encoded({ alg: "dir", enc: "A256GCM", iss: issuer }),
        "",
        ...[12, 300, 16].map((size) => randomBytes(size).toString("base64url")),
      ].join("."),
  },
];

function tenantsKid({ published }: Materials): Promise<{ kid: string }> {
  return Promise.resolve({ kid: published[0]?.kid ?? "none" });
}
