/**
 * The classes of tokens that verify makes itself. Each claims every permission, unless that is its fault, so that it
 * can be refused only for its fault.
 */
import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { base64url, exportJWK } from "jose";
import type { GenerateKeyPairResult, JWTHeaderParameters, JWTPayload } from "jose";
import type { Application } from "../../../components/application";
import type { TokenRefusal } from "../plan/expectations";
import { issuerAtOwnDomain, type StackOutputs } from "../../stack/outputs";
import { claimAt, everyPermission, holding } from "../plan/permissions";
import { isOfWords, type PermissionsClaim } from "../../../components/identity/claims";
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

/** Foreign to every stack: reserved names that no one can register. */
const otherIssuer = "https://other.invalid/";
const otherAudience = "https://other.invalid/api";
const otherClient = "verify-foreign";
/** A genuine token without permissions, which is refused nowhere. */
export const nothing = "nothing";

/** One class. */
export interface TokenClass {
  readonly name: string;
  /** How it has to be refused; for a good token, its permissions; or that it gives no permissions. */
  readonly outcome: TokenRefusal | readonly string[] | typeof nothing;
  /** What is needed to make it; the report says so if it is missing. */
  readonly needs?:
    | "the tenant's own key"
    | "that issuer's own key"
    | "a user or machine with every permission"
    | "a machine"
    | "a sign-in";
  /** @returns the token, or undefined if what it needs is missing */
  readonly make: (materials: Materials) => Promise<string | undefined> | string | undefined;
}

/**
 * The control of the forged tokens: made like them, without a fault. That it is accepted shows that the others are
 * refused for their fault and not for the way in which they were made.
 */
export const forgedControl = "forged but valid";

/** The class whose token others present as the bad one. */
export const tampered = "tampered token";

/** Signed with the tenant's own key, so that it can be refused only for the changed claims. */
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
      const { kid, algorithm, key } = tenantKey;
      return sign(change(goodClaims(materials), materials), { alg: algorithm, kid }, key);
    },
  };
}

/** Signed with a key that no verifier trusts, with the tenant's algorithm unless the header names another one. */
function byStranger(
  name: string,
  outcome: TokenRefusal,
  header: (materials: Materials) => Promise<Partial<JWTHeaderParameters>>,
  change: (good: JWTPayload, materials: Materials) => JWTPayload = (good) => good,
): TokenClass {
  return {
    name,
    outcome,
    make: async (materials) => {
      const named = { alg: materials.algorithm, ...(await header(materials)) };
      const stranger = materials.strangers.get(named.alg);
      return stranger && sign(change(goodClaims(materials), materials), named, stranger.privateKey);
    },
  };
}

/** One algorithm of each family that Envoy checks by a public key; HS256 below is the one with a shared secret. */
export const strangersAlgorithms = ["RS512", "PS256", "ES256", "EdDSA"] as const;

/** The classes depend on how the stack recognizes tokens. */
export type TokenOutputs = Pick<
  StackOutputs,
  "issuer" | "permissionsClaim" | "spaceDelimited" | "authentication" | "tenant"
>;

/** Every class, in the order in which they are shown. */
export function tokenClasses(
  application: Application,
  { issuer, authentication, tenant, ...claim }: TokenOutputs,
): readonly TokenClass[] {
  const permissions = everyPermission(application);
  const ofForeignClient = authentication.clients === "any" ? permissions : nothing;
  const ownIssuer = issuerAtOwnDomain({ issuer, tenant });
  const others = authentication.issuers.map((each) => each.issuer);
  return [
    byTenant(forgedControl, permissions, (good) => good),
    byTenant("ours among its audiences", permissions, (good, { audience }) => ({
      ...good,
      aud: [otherAudience, audience],
    })),
    ...readAlike(permissions),
    byTenant("foreign client", ofForeignClient, (good) => ({ ...good, azp: otherClient })),
    byTenant("no authorized party", ofForeignClient, (good) => ({ ...good, azp: undefined })),
    ...withoutPermission(claim, permissions),
    ...authentication.issuers.flatMap((other) => byFurtherIssuer(permissions, claim, other)),
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
    ...(ownIssuer === undefined || others.includes(ownIssuer) ? [] : [ofOwnDomain]),
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

/** Genuine, and signed with the keys that the mesh knows: Auth0 names the domain at which a token was requested. */
const ofOwnDomain: TokenClass = {
  name: "from the tenant's own domain",
  outcome: "unknown issuer",
  needs: "a machine",
  make: (materials) => materials.ofOwnDomain,
};

/** Only users get one. */
const idTokenClass: TokenClass = {
  name: "ID token",
  outcome: "other audience",
  needs: "a sign-in",
  make: ({ idToken }) => idToken,
};

/**
 * Tokens that Envoy accepts although not every team expects it, and for which Istio has no setting: RFC 7519 makes
 * `exp` optional, and audiences are compared without their scheme and the slash at their end (Envoy's
 * check_audience.cc). Such a token is accepted only if the provider signs it, for one of the listed clients.
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

/** Genuine, but its permissions are not where the table looks for them, or are others. */
function withoutPermission(
  claim: PermissionsClaim,
  permissions: readonly string[],
): readonly TokenClass[] {
  const at = (value: unknown) => claimAt(claim.permissionsClaim, value);
  const changed = (change: (permission: string) => string) =>
    holding(claim, permissions.map(change));
  // If words are read, they are separated by spaces; otherwise a text is one permission.
  const asOne = permissions.join(isOfWords(claim) ? "," : " ");
  const elsewhere = isOfWords(claim) ? "permissions" : "scope";
  const classes: readonly (readonly [string, Record<string, unknown>])[] = [
    ["permissions as one string", at(asOne)],
    ["permissions nested", at({ granted: permissions })],
    ["permissions with a suffix", changed((each) => `${each}:own`)],
    ["permissions in another case", changed((each) => each.toUpperCase())],
    [
      `permissions only as ${elsewhere}`,
      { ...at([]), ...holding({ permissionsClaim: [elsewhere] }, permissions) },
    ],
  ];
  return classes.map(([name, claims]) => byTenant(name, [], (good) => ({ ...good, ...claims })));
}

type FurtherIssuer = TokenOutputs["authentication"]["issuers"][number];

/**
 * Tokens of a provider in addition to the stack's own: its own claim and its own clients apply, and no other issuer's.
 */
function byFurtherIssuer(
  permissions: readonly string[],
  ownClaim: PermissionsClaim,
  other: FurtherIssuer,
): readonly TokenClass[] {
  const { issuer, audience, clients, permissionsClaim, spaceDelimited } = other;
  const claim = { permissionsClaim, spaceDelimited };
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
      const good = goodClaims({ issuer, audience, ...claim, permissions, client });
      const { algorithm, kid, key } = signing;
      return sign({ ...good, ...change(materials) }, { alg: algorithm, kid }, key);
    },
  });
  const isOwnClaim = isDeepStrictEqual(permissionsClaim, ownClaim.permissionsClaim);
  return [
    made("token", permissions),
    ...(isOwnClaim
      ? []
      : [
          made("permissions in another claim", [], () => ({
            ...holding(claim, []),
            ...holding(ownClaim, permissions),
          })),
        ]),
    ...(clients === "any" ? [] : [made("foreign client", nothing, () => ({ azp: otherClient }))]),
  ];
}

/** Tokens whose header names a key that must not be trusted. */
const untrusted: readonly TokenClass[] = [
  {
    name: tampered,
    outcome: "bad signature",
    needs: "a user or machine with every permission",
    make: ({ whole, permissions, ...claim }) => whole && tamper(whole, holding(claim, permissions)),
  },
  byStranger("stranger's key, tenant's id", "bad signature", tenantsKid),
  // If the tenant's key names no algorithm, its kind excludes the others.
  ...strangersAlgorithms.map((alg) =>
    byStranger(`stranger's ${alg}, tenant's id`, "no key for it", async (materials) => ({
      ...(await tenantsKid(materials)),
      alg,
    })),
  ),
  byStranger("unknown key id", "unknown key", () => Promise.resolve({ kid: "verify-unknown" })),
  // RFC 7515, 4.1.2 and 4.1.3: a header may contain a key, or an address of one; no verifier may trust it.
  byStranger("embedded jwk", "bad signature", async (materials) => ({
    ...(await tenantsKid(materials)),
    jwk: await publicJwkOf(materials.strangers.get(materials.algorithm)),
  })),
  byStranger("jku to another host", "bad signature", async (materials) => ({
    ...(await tenantsKid(materials)),
    jku: new URL(".well-known/jwks.json", otherIssuer).href,
  })),
  {
    // RFC 7519, 6.1: unsecured, so the part after the second dot is empty.
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
  { name: "HS256 by the public key", outcome: "no key for it", make: confuseAlgorithms },
  { name: "opaque token", outcome: "not a JWT", make: () => randomBytes(32).toString("base64url") },
  {
    // What Auth0 issues if no audience is requested: five parts, encrypted for itself.
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

const publicJwkOf = (pair: GenerateKeyPairResult | undefined) => pair && exportJWK(pair.publicKey);

function tenantsKid({ published }: Materials): Promise<{ kid: string }> {
  return Promise.resolve({ kid: published[0]?.kid ?? "none" });
}
