import { z } from "zod";
import { tenantAddresses } from "../identity/addresses";
import { tokensOfProvider } from "./provider";
import { flag, oneOf, section, text, unique } from "./schema";

const clientIds = 'a list of client ids, or "any"';

/** A provider whose tokens count beside those of `identity`. */
const issuer = section({
  ...tokensOfProvider,
  /** Whose tokens count, by their authorized party (`azp`): these clients', or any client's of the provider. */
  clients: z.union(
    [z.literal("any"), unique(text(clientIds), "each client id once").min(1, { error: clientIds })],
    { error: clientIds },
  ),
});

export const authentication = section({
  /**
   * Where tokens are checked: at every service of the application, only at those that ask for one, or at the gateway
   * before every service. Default: namespace, every service.
   */
  at: oneOf({ namespace: true, workload: true, gateway: true }).default("namespace"),
  /** Whether the gateway lets nobody in without a token. Default: false; public services answer anybody. */
  required: flag().default(false),
  /** Whose tokens of identity's count: those of the clients that this stack lists, or of any. Default: listed. */
  clients: oneOf({ listed: true, any: true }).default("listed"),
  /** Providers beside identity's. Default: none. */
  issuers: unique(issuer, "an issuer that no other entry has", "issuer").default([]),
});

const required = z.looseObject({
  authentication: z.looseObject({ at: z.string().default("namespace"), required: z.literal(true) }),
  login: z.looseObject({ at: z.string() }).optional(),
});

/**
 * Only the gateway can refuse who is nobody: services let in whom the table says. Where the application signs people
 * in, a browser's token is behind the gateway, which would refuse it.
 */
export function checkRequired(settings: unknown, context: z.core.$RefinementCtx): void {
  const { data } = required.safeParse(settings);
  if (data === undefined) return;
  const { authentication: checks, login } = data;
  const problem = (message: string) => {
    context.addIssue({
      code: "custom",
      path: ["authentication", "required"],
      input: true,
      message,
    });
  };
  if (login?.at === "application")
    problem('false, as login.at is "application": browsers bring the gateway no token');
  else if (checks.at !== "gateway")
    problem(`false, or authentication.at "gateway" instead of "${checks.at}"`);
}

const withoutClient = z.looseObject({
  identity: z.looseObject({
    kind: z.literal("oidc"),
    client: z.undefined().optional(),
    machines: z.array(z.unknown()).max(0).default([]),
  }),
  authentication: z.looseObject({ clients: z.string().optional() }).default({}),
  // Whoever signs people in is a client of the provider: another line asks for it.
  login: z.looseObject({ at: z.literal("none") }).optional(),
});

/** A list of nobody would refuse every token. */
export function checkClients(settings: unknown, context: z.core.$RefinementCtx): void {
  const { data } = withoutClient.safeParse(settings);
  if (data === undefined || data.authentication.clients === "any") return;
  context.addIssue({
    code: "custom",
    path: ["authentication", "clients"],
    input: data.authentication.clients,
    message: '"any", as identity lists no client: it has neither client nor machines',
  });
}

const withIssuers = z.looseObject({
  identity: z.looseObject({
    domain: z.string().optional(),
    customDomain: z.string().optional(),
    issuer: z.string().optional(),
  }),
  authentication: z.looseObject({ issuers: z.array(z.unknown()) }),
});

/**
 * Two rules for one issuer would each let in what the other one refuses. So would those of issuers that begin alike:
 * Istio's name for whom a token speaks of is issuer, slash, subject.
 */
export function checkIssuers(settings: unknown, context: z.core.$RefinementCtx): void {
  const { data } = withIssuers.safeParse(settings);
  if (data === undefined) return;
  const { domain, customDomain, issuer: named } = data.identity;
  const own = domain === undefined ? named : tenantAddresses({ domain, customDomain }).issuer;
  const earlier = own === undefined ? [] : [own];
  data.authentication.issuers.forEach((entry, index) => {
    const { data: found } = z.looseObject({ issuer: z.string() }).safeParse(entry);
    if (found === undefined) return;
    const { issuer } = found;
    const complain = (message: string) => {
      const path = ["authentication", "issuers", index, "issuer"];
      context.addIssue({ code: "custom", path, input: issuer, message });
    };
    const alike = earlier.find((one) => begins(one, issuer) || begins(issuer, one));
    if (issuer === own) complain("another issuer than identity's");
    else if (alike !== undefined)
      complain(`one that cannot be taken for ${alike}: neither, with a slash, begins the other`);
    earlier.push(issuer);
  });
}

const begins = (one: string, other: string) => other.startsWith(`${one}/`);
