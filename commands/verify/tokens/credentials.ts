/** What every viewer's requests carry: nothing, a real token, or one that verify has made. */
import type { Application } from "../../../components/application";
import type { Fetch } from "../../../lib/http";
import type { StackOutputs } from "../../stack/outputs";
import { everyPermission } from "../plan/permissions";
import { bearer, presentationsOf } from "../plan/presentations";
import type { Carried } from "../plan/presentations";
import {
  algorithmInUse,
  chooseSigningKey,
  findSigningKey,
  inUseFirst,
  publishedKeys,
  strangersKeys,
} from "./signing-keys";
import type { Sessions } from "./sessions";
import type { SigningKeys } from "./signing-keys";
import { strangersAlgorithms, tampered, tokenClasses } from "./token-classes";
import type { Materials } from "./forging";
import { type IssuedTokens, tokenOfOwnDomain } from "./tokens";
import { everyOne } from "../../../lib/poll";
import { anonymous, viewersOf, wholeViewer } from "../plan/viewers";

/** What one viewer's requests carry. */
export interface Credentials {
  readonly sent: Carried;
  /** The same with a word for each token: the form for reports. */
  readonly shown: Carried;
  /** What no report may contain, the tokens first and then what was made of them, and the words for them. */
  readonly words: ReadonlyMap<string, string>;
}

/** By viewer; one that cannot be tried is missing. */
export type AllCredentials = ReadonlyMap<string, Credentials>;

/**
 * Makes every viewer's credentials. Tokens that cannot be forged are left out: without the tenant's own key an expired
 * token would be refused for its signature.
 * @param genuine the real tokens
 * @param sessions the browsers' cookies
 * @param fetch asks the providers
 * @param keys the tenant's private keys, if they are at hand
 */
export async function allCredentials(
  application: Application,
  outputs: StackOutputs,
  genuine: IssuedTokens,
  sessions: Sessions,
  fetch: Fetch,
  signal: AbortSignal,
  keys?: SigningKeys,
): Promise<AllCredentials> {
  const whole = wholeViewer(application, viewersOf(application, outputs))?.name ?? "";
  const tokens = new Map([...genuine].map(([name, { accessToken }]) => [name, accessToken]));
  const materials = await gather(application, outputs, genuine, whole, fetch, signal, keys);
  for (const { name, make } of tokenClasses(application, outputs)) {
    const token = await make(materials);
    if (token !== undefined) tokens.set(name, token);
  }
  const credentials = new Map<string, Credentials>([[anonymous, presented([], tokens, bare)]]);
  for (const name of tokens.keys()) credentials.set(name, presented([name], tokens, bearer));
  for (const name of sessions.keys()) credentials.set(name, presented([name], sessions, inCookies));
  if (tokens.has(whole) && tokens.has(tampered)) {
    for (const { name, carry } of presentationsOf(application)) {
      credentials.set(name, presented([whole, tampered], tokens, carry));
    }
  }
  return credentials;
}

const inCookies = (cookie: string): Carried => ({ headers: { cookie } });

const bare = (): Carried => ({ headers: {} });

/** Presents the tokens of `names`, in the order in which `carry` takes them. */
function presented(
  names: readonly string[],
  tokens: ReadonlyMap<string, string>,
  carry: (...tokens: string[]) => Carried,
): Credentials {
  const held = names.map((name) => [tokens.get(name) ?? "", `[token of ${name}]`] as const);
  const sent = carry(...held.map(([token]) => token));
  const shown = carry(...held.map(([, word]) => word));
  return { sent, shown, words: new Map([...held, ...headerWords(sent, shown)]) };
}

/** The values of headers that a token is part of, each without its scheme. */
function headerWords(sent: Carried, shown: Carried): readonly (readonly [string, string])[] {
  return Object.entries(sent.headers)
    .flatMap(([name, value]) => {
      const words = valuesOf(shown.headers[name]);
      return valuesOf(value).map((each, position) => [each, words[position] ?? ""] as const);
    })
    .filter(([value, word]) => value !== word);
}

function valuesOf(value: string | readonly string[] = []): readonly string[] {
  return [value].flat().map((each) => each.replace(/^(?:Basic|bearer) /i, ""));
}

async function gather(
  application: Application,
  outputs: StackOutputs,
  genuine: IssuedTokens,
  whole: string,
  fetch: Fetch,
  signal: AbortSignal,
  keys?: SigningKeys,
): Promise<Materials> {
  const issued = [...genuine.values()];
  const token = issued[0]?.accessToken;
  const published = inUseFirst(await publishedKeys(outputs.jwksUri, fetch, signal), token);
  const algorithm = algorithmInUse(published, token);
  return {
    issuer: outputs.issuer,
    audience: outputs.audience,
    permissionsClaim: outputs.permissionsClaim,
    spaceDelimited: outputs.spaceDelimited,
    permissions: everyPermission(application),
    client: outputs.clientIds.web ?? Object.values(outputs.clientIds.machines)[0],
    published,
    algorithm,
    tenantKey: keys && (await chooseSigningKey(keys, published, token)),
    furtherKeys: await keysOfFurtherIssuers(outputs, fetch, signal, keys),
    strangers: await strangersKeys([algorithm, ...strangersAlgorithms]),
    whole: genuine.get(whole)?.accessToken,
    ofOwnDomain: await tokenOfOwnDomain(outputs, fetch, signal),
    idToken: issued.find(({ idToken }) => idToken !== undefined)?.idToken,
  };
}

/** A further provider's key is used only if the file has it: without it, that provider's tokens are not tried. */
async function keysOfFurtherIssuers(
  { authentication: { issuers } }: Pick<StackOutputs, "authentication">,
  fetch: Fetch,
  signal: AbortSignal,
  keys: SigningKeys = new Map(),
): Promise<Materials["furtherKeys"]> {
  const found = await everyOne(
    issuers.map(async ({ issuer, jwksUri }) => {
      const key = await findSigningKey(keys, await publishedKeys(jwksUri, fetch, signal));
      return key === undefined ? [] : [[issuer, key] as const];
    }),
  );
  return new Map(found.flat());
}
