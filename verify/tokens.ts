/** Gets every viewer's token: real ones from the tenant, bad ones by forging. */
import type { JWK } from "jose";
import * as client from "openid-client";
import { z } from "zod";
import { applicationAddresses } from "../components/identity/addresses";
import { reasonOf, VerifyError } from "./errors";
import type { TokenFault } from "./expectations";
import { chooseSigningKey, forge, tamper, throwAwayKey } from "./forge";
import type { SigningKeys } from "./forge";
import type { StackOutputs } from "./outputs";
import { signIn } from "./sign-in";
import { badTokens, everyPermission, forgedControl, machineViewer, viewersOf } from "./viewers";
import { everyOne } from "./waiting";

/** Tokens by viewer. A viewer without one is anonymous, or cannot be tried. */
export type Tokens = ReadonlyMap<string, string>;

/** The tenant's public keys are fetched within this time. */
const fetchDeadline = 20_000;

/** Signs in as every user and machine of the stack. */
export async function genuineTokens(outputs: StackOutputs, signal: AbortSignal): Promise<Tokens> {
  const tenant = await discover(outputs, signal);
  const users = outputs.viewers.users.map(
    async ({ email }) => [email, await userToken(tenant, outputs, email)] as const,
  );
  const machines = outputs.viewers.machines.map(
    async ({ name }) => [machineViewer(name), await machineToken(tenant, outputs, name)] as const,
  );
  return new Map(await everyOne<readonly [string, string]>([...users, ...machines]));
}

/** The tenant, as its discovery document describes it. */
interface Tenant {
  readonly signal: AbortSignal;
  /** The tenant as one of its clients sees it. */
  as(clientId: string, clientSecret: string): client.Configuration;
}

async function discover({ issuer }: StackOutputs, signal: AbortSignal): Promise<Tenant> {
  const cancellable: client.CustomFetch = (url, options) =>
    fetch(url, {
      ...options,
      signal: options.signal ? AbortSignal.any([options.signal, signal]) : signal,
    });
  try {
    const document = await client.discovery(new URL(issuer), "discovery", undefined, undefined, {
      [client.customFetch]: cancellable,
    });
    return {
      signal,
      as(clientId, clientSecret) {
        const authentication = client.ClientSecretPost(clientSecret);
        const provider = new client.Configuration(
          document.serverMetadata(),
          clientId,
          undefined,
          authentication,
        );
        provider[client.customFetch] = cancellable;
        return provider;
      },
    };
  } catch (error) {
    signal.throwIfAborted();
    throw new VerifyError(`the tenant ${issuer} does not answer as expected: ${reasonOf(error)}`);
  }
}

/** A person's token: authorization code with PKCE, through the tenant's login page. */
async function userToken(tenant: Tenant, outputs: StackOutputs, email: string): Promise<string> {
  const callback = new URL(applicationAddresses(outputs.gatewayUrl).callback);
  const provider = tenant.as(outputs.clientIds.web, outputs.clientSecrets.web);
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const expectedState = client.randomState();
  const expectedNonce = client.randomNonce();
  const start = client.buildAuthorizationUrl(provider, {
    redirect_uri: callback.href,
    scope: "openid email",
    audience: outputs.audience,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
    state: expectedState,
    nonce: expectedNonce,
  });
  const password = outputs.userPasswords[email] ?? "";
  const arrived = await signIn({ start, callback, email, password, signal: tenant.signal });
  return tokenFrom(`sign-in of ${email}`, outputs, tenant.signal, () =>
    client.authorizationCodeGrant(provider, arrived, {
      pkceCodeVerifier,
      expectedState,
      expectedNonce,
      idTokenExpected: true,
    }),
  );
}

/** A machine's token: client credentials. */
async function machineToken(tenant: Tenant, outputs: StackOutputs, name: string): Promise<string> {
  const provider = tenant.as(
    outputs.clientIds.machines[name] ?? "",
    outputs.clientSecrets.machines[name] ?? "",
  );
  return tokenFrom(`the token of machine ${name}`, outputs, tenant.signal, () =>
    client.clientCredentialsGrant(provider, { audience: outputs.audience }),
  );
}

/** Asks for a token, and insists on one that the mesh can read. */
async function tokenFrom(
  what: string,
  { audience }: StackOutputs,
  signal: AbortSignal,
  ask: () => Promise<client.TokenEndpointResponse>,
): Promise<string> {
  let token: string;
  try {
    token = (await ask()).access_token;
  } catch (error) {
    signal.throwIfAborted();
    throw new VerifyError(`${what} failed: ${protocolReason(error)}`);
  }
  if (token.split(".").length !== 3) {
    throw new VerifyError(
      `${what} failed: the tenant issued an opaque token. Is ${audience} the identifier of one of its APIs?`,
    );
  }
  return token;
}

/** The provider's own error, where it sent one. */
function protocolReason(error: unknown): string {
  if (
    error instanceof client.ResponseBodyError ||
    error instanceof client.AuthorizationResponseError
  ) {
    return [error.error, error.error_description].filter(Boolean).join(": ");
  }
  return reasonOf(error);
}

/**
 * The bad tokens, and the forged one that is good. What cannot be forged is left out: without the
 * tenant's own key there is no expired token that its signature does not give away.
 * @param genuine the viewers' real tokens
 * @param keys the tenant's private keys, if they are at hand
 */
export async function forgedTokens(
  outputs: StackOutputs,
  genuine: Tokens,
  signal: AbortSignal,
  keys?: SigningKeys,
): Promise<Tokens> {
  const forged = new Map<string, string>();
  const add = (fault: TokenFault, token: string) => forged.set(badTokens[fault], token);
  const whole = tokenOfAll(outputs, genuine);
  if (whole !== undefined) add("tampered", tamper(whole));

  const published = await publishedKeys(outputs.jwksUri, signal);
  if (keys === undefined) {
    const key = await throwAwayKey(published[0]?.kid ?? "none");
    add("wrong issuer", await forge(outputs, key, "wrong issuer"));
    return forged;
  }
  const key = await chooseSigningKey(keys, published, genuine.values().next().value);
  forged.set(forgedControl, await forge(outputs, key));
  for (const fault of ["expired", "wrong issuer", "wrong audience"] as const) {
    add(fault, await forge(outputs, key, fault));
  }
  return forged;
}

/** The real token of somebody who is meant to hold every permission. */
function tokenOfAll(outputs: StackOutputs, genuine: Tokens): string | undefined {
  return viewersOf(outputs.viewers)
    .filter(
      ({ credential }) =>
        credential.kind === "token" &&
        everyPermission.every((permission) => credential.permissions.includes(permission)),
    )
    .map(({ name }) => genuine.get(name))
    .find((token) => token !== undefined);
}

const publicKeys = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });

async function publishedKeys(jwksUri: string, signal: AbortSignal): Promise<readonly JWK[]> {
  try {
    const response = await fetch(jwksUri, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(fetchDeadline)]),
    });
    if (!response.ok) throw new Error(`status ${response.status}`);
    return publicKeys.parse(await response.json()).keys;
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof z.ZodError ? "it is not a JWK set" : reasonOf(error);
    throw new VerifyError(`cannot read the tenant's keys at ${jwksUri}: ${reason}`);
  }
}
