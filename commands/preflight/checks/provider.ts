import { z } from "zod";
import type { IdentitySettings } from "../../../components/config";
import { tenantAddresses, type TenantAddresses } from "../../../components/identity/addresses";
import { signatureAlgorithm, signatureAlgorithms } from "../../../components/identity/keys";
import { type Check, failed, notTried, ok, once, type Outcome } from "../check";
import { type Answer, jsonOf, send, Unreachable } from "../http";

/**
 * The provider's own description matches the configured one, and the keys are where the mesh will look for them.
 * @param asksForTokens whether workloads request tokens that the mesh lets reach the configured hosts only
 */
export function providerChecks(identity: IdentitySettings, asksForTokens: boolean): Check[] {
  const { issuer, jwksUri } = addressesOf(identity);
  const url = documentUrl(issuer);
  const { certificateAuthority } = identity;
  const get = (address: string, signal: AbortSignal) =>
    send(address, { certificateAuthority, signal });
  const document = once(async (signal): Promise<Outcome | Description> => {
    const answer = await attempt(() => get(url, signal), url, identity);
    if ("state" in answer) return answer;
    return description.safeParse(jsonOf(answer)).data ?? wrongAnswer(url, answer, identity);
  });
  const described =
    (judge: (description: Description) => Outcome) =>
    async (signal: AbortSignal): Promise<Outcome> => {
      const found = await document(signal);
      return "state" in found
        ? notTried("there is no discovery document to compare with", "See above.")
        : judge(found);
    };
  return [
    {
      name: "discovery document",
      run: async (signal) => {
        const found = await document(signal);
        return "state" in found ? found : ok(`${url} answers`);
      },
    },
    { name: "issuer", run: described((found) => judgeIssuer(found, issuer, identity)) },
    { name: "keys' address", run: described((found) => judgeAddress(found, jwksUri, identity)) },
    ...(asksForTokens
      ? [{ name: "tokens' address", run: described((found) => judgeTokens(found, identity)) }]
      : []),
    {
      name: "signing keys",
      run: async (signal) => {
        const answer = await attempt(() => get(jwksUri, signal), jwksUri, identity);
        return "state" in answer ? answer : judgeKeys(answer, jwksUri, identity);
      },
    },
  ];
}

const description = z.object({
  issuer: z.string(),
  jwks_uri: z.string(),
  token_endpoint: z.string().optional(),
});
type Description = z.output<typeof description>;

function addressesOf(identity: IdentitySettings): TenantAddresses {
  return identity.kind === "auth0" ? tenantAddresses(identity) : identity;
}

/** OpenID Connect Discovery, section 4: a slash at the end of the issuer is left out. */
export function documentUrl(issuer: string): string {
  return `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
}

/** What to correct, by the kind of provider. */
const wrongAddress = {
  auth0: "Check identity.domain, and identity.customDomain if the tenant has one.",
  oidc: "Check identity.issuer: the document is at the issuer, followed by /.well-known/openid-configuration.",
} as const;

const askedElsewhere =
  "Set identity.customDomain if tokens are requested at the tenant's custom domain; otherwise leave it out.";

/** Error codes for a certificate of an unknown authority. */
const untrusted = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/** The answer, or the outcome if there is none. */
export async function attempt(
  ask: () => Promise<Answer>,
  url: string,
  identity: IdentitySettings,
): Promise<Answer | Outcome> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    const found = `${url} cannot be reached (${error.message})`;
    if (!untrusted.has(error.code)) return failed(found, "Check the address and the network.");
    const authority =
      identity.certificateAuthority === undefined
        ? "Set identity.certificateAuthority to the authority's certificate (PEM)."
        : "identity.certificateAuthority is not the authority that the certificate comes from.";
    return failed(found, authority);
  }
}

function wrongAnswer(url: string, { status }: Answer, { kind }: IdentitySettings): Outcome {
  const what = status === 200 ? "answers with something else" : `answers with status ${status}`;
  return failed(`${url} ${what}`, wrongAddress[kind]);
}

const withoutSlash = (url: string) => url.replace(/\/$/, "");

function judgeIssuer(found: Description, issuer: string, { kind }: IdentitySettings): Outcome {
  if (found.issuer === issuer) return ok(`${issuer}, exactly`);
  const only =
    withoutSlash(found.issuer) === withoutSlash(issuer)
      ? "; only the slash at the end differs, and every token is refused because of it"
      : "";
  return failed(
    `the provider's is ${found.issuer}, the configured one ${issuer}${only}`,
    kind === "oidc"
      ? `Set identity.issuer to ${found.issuer}.`
      : `Set identity.customDomain if tokens are requested at the tenant's custom domain; otherwise leave it out; ${found.issuer} names the domain.`,
  );
}

function judgeAddress(found: Description, jwksUri: string, { kind }: IdentitySettings): Outcome {
  if (found.jwks_uri === jwksUri) return ok(`${jwksUri}, exactly`);
  const [theirs, ours] = [found.jwks_uri, jwksUri].map((url) => URL.parse(url)?.host);
  return failed(
    `the provider's is ${found.jwks_uri}, the configured one ${jwksUri}${
      theirs === ours ? "" : `; they are on different hosts`
    }`,
    kind === "oidc" ? `Set identity.jwksUri to ${found.jwks_uri}.` : askedElsewhere,
  );
}

/** Workloads that sign people in can reach only hosts that the configuration names. */
function judgeTokens(found: Description, identity: IdentitySettings): Outcome {
  const { token_endpoint: endpoint } = found;
  const tokenEndpoint = identity.kind === "oidc" ? identity.tokenEndpoint : undefined;
  const { issuer, jwksUri } = addressesOf(identity);
  const hosts = [issuer, jwksUri, tokenEndpoint].map((url) => url && URL.parse(url)?.host);
  const host = endpoint && URL.parse(endpoint)?.host;
  if (endpoint === undefined || !host)
    return failed("the provider names no address for tokens", "Ask for a provider with one.");
  if (hosts.includes(host)) return ok(`${endpoint}, at a host that is configured`);
  return failed(
    `${endpoint} is at a host that the mesh lets no workload reach`,
    identity.kind === "oidc" ? `Set identity.tokenEndpoint to ${endpoint}.` : askedElsewhere,
  );
}

const keySet = z.object({
  keys: z.array(
    z.looseObject({
      kty: z.string(),
      crv: z.string().optional(),
      use: z.string().optional(),
      alg: z.string().optional(),
    }),
  ),
});

function judgeKeys(answer: Answer, url: string, identity: IdentitySettings): Outcome {
  const { data } = keySet.safeParse(answer.status === 200 ? jsonOf(answer) : undefined);
  if (data === undefined) return wrongAnswer(url, answer, identity);
  const usable = data.keys.map(signatureAlgorithm).filter((algorithm) => algorithm !== undefined);
  const algorithms = [...new Set(usable)].join(", ");
  if (usable.length > 0) return ok(`${counted(usable.length, "key")} for ${algorithms} at ${url}`);
  return failed(
    `${counted(data.keys.length, "key")} at ${url}, and Envoy checks the algorithm of none`,
    `Have the provider sign access tokens with one of ${signatureAlgorithms.join(", ")}.`,
  );
}

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;
