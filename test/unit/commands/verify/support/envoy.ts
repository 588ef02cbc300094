/** What Envoy makes of a request's token and path, as far as its answers tell. */
import { compactVerify, decodeJwt, decodeProtectedHeader, importJWK } from "jose";
import type { JWK, JWTPayload } from "jose";

export interface TokenRules {
  readonly issuer: string;
  readonly audience: string;
  readonly keys: readonly JWK[];
  readonly audienceChecked: boolean;
  /** Whether `fromHeaders` says where tokens are; else those in the query count too. */
  readonly fromHeaders: boolean;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A request as a sidecar sees it. */
export interface Seen {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Several values of one header are joined with a comma. */
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** The request's one token, if it carries one where `rules` look (extractor.cc). */
function tokenOf({ path, headers }: Seen, { fromHeaders }: TokenRules): string | undefined {
  const prefix = "Bearer ";
  const value = headers.authorization ?? "";
  // Wherever the prefix is, what is behind it is the token.
  const start = value.indexOf(prefix);
  if (start >= 0) return value.slice(start + prefix.length);
  const query = new URLSearchParams(path.split("?")[1]);
  return fromHeaders ? undefined : (query.get("access_token") ?? undefined);
}

/** Browsers send one before a request to another origin, without a token. */
function isPreflight({ method, headers }: Seen): boolean {
  const asked = headers["access-control-request-method"];
  return method === "OPTIONS" && Boolean(headers.origin) && Boolean(asked);
}

/** What a genuine token claims, nothing where there is no token, or why it is refused. */
export async function authenticate(
  request: Seen,
  rules: TokenRules,
): Promise<{ readonly claims?: JWTPayload; readonly refusal?: Answer }> {
  const token = isPreflight(request) ? undefined : tokenOf(request, rules);
  if (token === undefined) return {};
  const fault = await faultOf(token, rules);
  if (fault === undefined) return { claims: decodeJwt(token) };
  return { refusal: { status: fault === audienceFault ? 403 : 401, body: fault } };
}

/** As Envoy compares audiences: without their scheme and the slash at their end. */
const compared = (audience = "") => audience.replace(/^https?:\/\//, "").replace(/\/$/, "");

const audienceFault = "Audiences in Jwt are not allowed";

const keysByJwk = new WeakMap<JWK, ReturnType<typeof importJWK>>();

/** A key, which is read once. */
function imported(jwk: JWK): ReturnType<typeof importJWK> {
  const key = keysByJwk.get(jwk) ?? importJWK(jwk);
  keysByJwk.set(jwk, key);
  return key;
}

const verifiedByJwk = new WeakMap<JWK, Map<string, Promise<unknown>>>();

/** Whether a token's signature is a key's: rejects where it is not. The same token comes with hundreds of requests. */
function verified(token: string, jwk: JWK): Promise<unknown> {
  const byToken = verifiedByJwk.get(jwk) ?? new Map<string, Promise<unknown>>();
  verifiedByJwk.set(jwk, byToken);
  const verification = byToken.get(token) ?? imported(jwk).then((key) => compactVerify(token, key));
  byToken.set(token, verification);
  return verification;
}

/** The first fault in the order in which Envoy looks (authenticator.cc, and jwt_verify_lib). */
async function faultOf(token: string, rules: TokenRules): Promise<string | undefined> {
  // Empty parts are skipped, so that nothing behind the second dot is a part too few.
  if (token.split(".").length !== 3 || token.split(".").includes("")) {
    return "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections";
  }
  const { alg = "", kid = "" } = decodeProtectedHeader(token);
  if (!/^(?:RS|PS|ES|HS)(?:256|384|512)$|^EdDSA$/.test(alg)) {
    return "Jwt header [alg] is not supported";
  }
  const { iss, nbf = 0, exp = Infinity, aud } = decodeJwt(token);
  if (iss !== rules.issuer) return "Jwt issuer is not configured";
  const [seconds, skew] = [Date.now() / 1000, 60];
  if (seconds + skew < nbf) return "Jwt not yet valid";
  if (seconds > exp + skew) return "Jwt is expired";
  if (
    rules.audienceChecked &&
    ![aud].flat().some((each) => compared(each) === compared(rules.audience))
  )
    return audienceFault;
  const fitting = rules.keys.filter((key) => key.kid === kid && key.alg === alg);
  if (fitting.length === 0) return "Jwks doesn't have key to match kid or alg from Jwt";
  return Promise.any(fitting.map((key) => verified(token, key))).then(
    () => undefined,
    () => "Jwt verification fails",
  );
}

/** The path, with its query, as Istio's DECODE_AND_MERGE_SLASHES leaves it; an absolute one loses its host. */
export function normalized(target: string): string {
  const slashes = target.replace(/%2f|%5c/gi, "/");
  const { pathname, search } = new URL(slashes.startsWith("/") ? `http://mesh${slashes}` : slashes);
  const unreserved = pathname.replace(/%[2-7][0-9a-f]/gi, (escaped) => {
    const character = decodeURIComponent(escaped);
    return /[\w.~-]/.test(character) ? character : escaped;
  });
  return unreserved.replace(/\/{2,}/g, "/") + search;
}
