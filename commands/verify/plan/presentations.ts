/**
 * Ways of presenting a good token, or an identity, that must not count: the rows that are neither a
 * person nor a class of tokens.
 */
import { type Application, callerAccount, serviceAccountOf } from "../../../components/application";
import { callersOf, gateway } from "../../../components/access/rows";
import type { Credential } from "./expectations";
import { everyPermission } from "./permissions";

/** What a request carries in addition to its method and address. */
export interface Carried {
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** Without the question mark. */
  readonly query?: string;
}

/** The usual way: RFC 6750, 2.1. */
export function bearer(token: string): Carried {
  return { headers: { authorization: `Bearer ${token}` } };
}

/** One way. */
export interface Presentation {
  readonly name: string;
  readonly credential: Credential;
  /** Whether that is in an Authorization header. */
  readonly hasAuthorization?: true;
  /** What is presented: a token that holds every permission, with a broken one where that is asked. */
  readonly carry: (whole: string, broken: string) => Carried;
}

const nothing: Credential = { kind: "none" };

/** Who calls, in the headers that proxies and applications of all kinds believe. */
const spoofed = (application: Application, whole: string): Record<string, string> => ({
  ...allowedCall(application),
  "x-forwarded-access-token": whole,
  "x-forwarded-email": `admin@${application.name}.example`,
  "x-forwarded-for": "127.0.0.1",
  "x-forwarded-user": "auth0|admin",
  "x-auth-request-access-token": whole,
  "x-auth-request-user": "auth0|admin",
  "x-envoy-original-path": application.home,
  "x-jwt-payload": payloadOf(whole),
  "x-original-url": application.home,
});

/** The certificates of a call that the table allows, as a proxy would pass them on: between two services, where there is one. */
function allowedCall(application: Application): Record<string, string> {
  const calls = Object.entries(application.services).flatMap(([service, access]) =>
    callersOf(access).map((caller) => ({ service, caller })),
  );
  const call = calls.find(({ caller }) => caller !== gateway) ?? calls[0];
  if (call === undefined) return {};
  const { namespace, name } = serviceAccountOf(application, call.service);
  const by = identityOf(`${namespace}/${name}`);
  const uri = identityOf(callerAccount(application, call.caller));
  return { "x-forwarded-client-cert": `By=${by};URI=${uri}` };
}

/** @param account `namespace/name` */
function identityOf(account: string): string {
  const [namespace = "", name = ""] = account.split("/");
  return `spiffe://cluster.local/ns/${namespace}/sa/${name}`;
}

/** The middle of a token's three parts; what stands for a token in a report has none, and is it. */
function payloadOf(token: string): string {
  return /^[\w-]+\.([\w-]+)\.[\w-]*$/.exec(token)?.[1] ?? token;
}

/** Every way, at an application's services. */
export const presentationsOf = (application: Application): readonly Presentation[] => [
  {
    // The prefix of fromHeaders is compared as it is; RFC 7235 would have schemes in any case.
    name: "bearer in lower case",
    credential: nothing,
    hasAuthorization: true,
    carry: (whole) => ({ headers: { authorization: `bearer ${whole}` } }),
  },
  {
    name: "token in ?access_token=",
    credential: nothing,
    carry: (whole) => ({ headers: {}, query: `access_token=${whole}` }),
  },
  {
    name: "token in a cookie",
    credential: nothing,
    carry: (whole) => ({ headers: { cookie: `access_token=${whole}; session=${whole}` } }),
  },
  {
    name: "token as Basic password",
    credential: nothing,
    hasAuthorization: true,
    carry: (whole) => ({
      headers: { authorization: `Basic ${Buffer.from(`user:${whole}`).toString("base64")}` },
    }),
  },
  {
    name: "spoofed identity headers",
    credential: nothing,
    carry: (whole) => ({ headers: spoofed(application, whole) }),
  },
  {
    // Envoy joins them with a comma, and looks for the prefix at any place.
    name: "Basic, then Bearer",
    credential: { kind: "token", permissions: everyPermission(application) },
    hasAuthorization: true,
    carry: (whole) => ({
      headers: {
        authorization: [
          `Basic ${Buffer.from("user:password").toString("base64")}`,
          `Bearer ${whole}`,
        ],
      },
    }),
  },
  {
    // Envoy joins them with a comma, and what is behind the first prefix is no token.
    name: "two Authorization headers",
    credential: { kind: "bad token", refusal: "not a JWT" },
    carry: (whole, broken) => ({
      headers: { authorization: [`Bearer ${whole}`, `Bearer ${broken}`] },
    }),
  },
];
