/** The real tokens, as the tenant issues them to users and machines. */
import * as client from "openid-client";
import { callbackOf } from "../../../components/identity/addresses";
import { UserError, reasonOf } from "../../../lib/errors";
import type { Fetch } from "../../../lib/http";
import { issuerAtOwnDomain, type StackOutputs } from "../../stack/outputs";
import { PageRefusal, signIn } from "./sign-in";
import { machineViewer } from "../plan/viewers";
import { everyOne } from "../../../lib/poll";

/** What the tenant has issued to one viewer. */
export interface Issued {
  readonly accessToken: string;
  /** Only a user's sign-in brings one. */
  readonly idToken?: string | undefined;
}

/** By viewer. */
export type IssuedTokens = ReadonlyMap<string, Issued>;

/**
 * Signs in as every user and machine of the stack.
 * @param fetch asks the tenant
 * @param given tokens that are there already, by viewer; nobody signs in for them
 * @throws PageRefusal where the tenant's login page cannot be filled in
 */
export async function genuineTokens(
  outputs: StackOutputs,
  fetch: Fetch,
  signal: AbortSignal,
  given: IssuedTokens = new Map(),
): Promise<IssuedTokens> {
  const tenant = await discover(outputs, fetch, signal);
  const token = async (viewer: string, ask: () => Promise<Issued>) =>
    [viewer, given.get(viewer) ?? (await ask())] as const;
  const users = outputs.viewers.users.map(({ email }) =>
    token(email, () => userToken(tenant, outputs, email)),
  );
  const machines = outputs.viewers.machines.map(({ name }) =>
    token(machineViewer(name), () => machineToken(tenant, outputs, name)),
  );
  return new Map(await everyOne<readonly [string, Issued]>([...users, ...machines]));
}

/** The tenant, as its discovery document describes it. */
interface Tenant {
  readonly fetch: Fetch;
  readonly signal: AbortSignal;
  /** The tenant as one of its clients sees it. */
  as(clientId: string, clientSecret: string): client.Configuration;
}

async function discover(
  { issuer }: Pick<StackOutputs, "issuer">,
  fetch: Fetch,
  signal: AbortSignal,
): Promise<Tenant> {
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
      fetch,
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
    throw new UserError(`the tenant ${issuer} does not answer as expected: ${reasonOf(error)}`);
  }
}

/** A user's token, through the tenant's login page, which is filled in. */
async function userToken(tenant: Tenant, outputs: StackOutputs, email: string): Promise<Issued> {
  const { start, callback, finish } = await authorization(tenant, outputs, email);
  const password = outputs.userPasswords[email];
  if (password === undefined)
    throw new PageRefusal(`sign-in of ${email} failed: its password is not known`);
  return finish(
    await signIn({ start, callback, email, password, fetch: tenant.fetch, signal: tenant.signal }),
  );
}

/** One sign-in of one user: authorization code with PKCE. */
export interface Authorization {
  /** Where the browser goes. */
  readonly start: URL;
  /** Where the tenant sends it at the end. */
  readonly callback: URL;
  /**
   * The tokens, for the callback's address as the browser arrived at it.
   * @throws UserError also if another user has signed in
   */
  readonly finish: (arrived: URL) => Promise<Issued>;
}

/**
 * Sign-ins for a user with a browser; the tenant asks for a password even if the browser has another user's session.
 */
export async function authorizations(
  outputs: StackOutputs,
  fetch: Fetch,
  signal: AbortSignal,
): Promise<(email: string) => Promise<Authorization>> {
  const tenant = await discover(outputs, fetch, signal);
  return (email) => {
    const hints = { prompt: "login", login_hint: email };
    return authorization(tenant, outputs, email, hints, requireSamePerson);
  };
}

type PersonCheck = (
  provider: client.Configuration,
  answer: client.TokenEndpointResponse & client.TokenEndpointResponseHelpers,
  email: string,
) => Promise<void>;

/** Any user may sign in with a browser. If the ID token does not name the user, the tenant is asked. */
const requireSamePerson: PersonCheck = async (provider, answer, email) => {
  const claims = answer.claims();
  const subject = claims?.sub ?? "";
  const who =
    claims?.email ?? (await client.fetchUserInfo(provider, answer.access_token, subject)).email;
  if (typeof who !== "string" || who.toLowerCase() !== email.toLowerCase()) {
    throw new Error(`${typeof who === "string" ? who : "another user"} signed in instead`);
  }
};

async function authorization(
  tenant: Tenant,
  outputs: StackOutputs,
  email: string,
  extra: Readonly<Record<string, string>> = {},
  check: PersonCheck = () => Promise.resolve(),
): Promise<Authorization> {
  const callback = new URL(
    callbackOf({ gatewayUrl: outputs.gatewayUrl, login: outputs.login?.at ?? "none" }),
  );
  const { web: clientId } = outputs.clientIds;
  const { web: clientSecret } = outputs.clientSecrets;
  if (clientId === undefined || clientSecret === undefined) {
    throw new UserError(
      `no user can sign in as ${email}: the stack has no client for people (identity.client). Give the token by --token ${email}=FILE`,
    );
  }
  const provider = tenant.as(clientId, clientSecret);
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const expectedState = client.randomState();
  const expectedNonce = client.randomNonce();
  const start = client.buildAuthorizationUrl(provider, {
    redirect_uri: callback.href,
    scope: scopesOfPeople(outputs),
    audience: outputs.audience,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
    state: expectedState,
    nonce: expectedNonce,
    ...extra,
  });
  const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true };
  const ask = async (arrived: URL) => {
    const answer = await client.authorizationCodeGrant(provider, arrived, checks);
    await check(provider, answer, email);
    return answer;
  };
  return {
    start,
    callback,
    finish: (arrived) =>
      tokenFrom(`sign-in of ${email}`, outputs, tenant.signal, () => ask(arrived)),
  };
}

/**
 * The scopes of the stack's own sign-in, without those that outlive it; some providers issue no token for the API
 * without them.
 */
function scopesOfPeople({ viewers: { scopes = [] } }: StackOutputs): string {
  // The e-mail address says who has signed in.
  const asked = new Set(["openid", "email", ...scopes]);
  asked.delete("offline_access");
  return [...asked].join(" ");
}

/** A machine's token: client credentials. */
async function machineToken(tenant: Tenant, outputs: StackOutputs, name: string): Promise<Issued> {
  const { scopes = [] } = outputs.viewers.machines.find((machine) => machine.name === name) ?? {};
  const provider = tenant.as(
    outputs.clientIds.machines[name] ?? "",
    outputs.clientSecrets.machines[name] ?? "",
  );
  return tokenFrom(`the token of machine ${name}`, outputs, tenant.signal, () =>
    client.clientCredentialsGrant(provider, {
      audience: outputs.audience,
      ...(scopes.length > 0 && { scope: scopes.join(" ") }),
    }),
  );
}

/**
 * A machine's token from the tenant's own domain, which signs it with the keys of the custom one.
 * @returns undefined if the stack's own tokens come from there, or if no machine can request one
 */
export async function tokenOfOwnDomain(
  outputs: StackOutputs,
  fetch: Fetch,
  signal: AbortSignal,
): Promise<string | undefined> {
  const issuer = issuerAtOwnDomain(outputs);
  const [machine] = outputs.viewers.machines;
  if (issuer === undefined || machine === undefined) return undefined;
  const tenant = await discover({ issuer }, fetch, signal);
  return (await machineToken(tenant, outputs, machine.name)).accessToken;
}

/** Requests a token, and fails if it is not one that the mesh can read. */
async function tokenFrom(
  what: string,
  { audience }: StackOutputs,
  signal: AbortSignal,
  ask: () => Promise<client.TokenEndpointResponse>,
): Promise<Issued> {
  let issued: client.TokenEndpointResponse;
  try {
    issued = await ask();
  } catch (error) {
    signal.throwIfAborted();
    throw new UserError(`${what} failed: ${protocolReason(error)}`);
  }
  if (issued.access_token.split(".").length !== 3) {
    throw new UserError(
      `${what} failed: the tenant issued an opaque token. Is ${audience} the identifier of one of its APIs?`,
    );
  }
  return { accessToken: issued.access_token, idToken: issued.id_token };
}

/** The provider's own error, if it sent one. */
function protocolReason(error: unknown): string {
  if (
    error instanceof client.ResponseBodyError ||
    error instanceof client.AuthorizationResponseError
  ) {
    return [error.error, error.error_description].filter(Boolean).join(": ");
  }
  return reasonOf(error);
}
