import { z } from "zod";
import { tenantAddresses } from "../identity/addresses";
import { tokensOfProvider } from "./provider";
import { flag, oneOf, section, text, unique } from "./schema";

const clientIds = 'a list of client ids, or "any"';

/** A provider whose tokens are accepted in addition to those of `identity`. */
const issuer = section({
  ...tokensOfProvider,

  clients: z
    .union(
      [
        z.literal("any"),
        unique(text(clientIds), "each client id once").min(1, { error: clientIds }),
      ],
      { error: clientIds },
    )
    .describe(
      "Which tokens are accepted, by their authorized party (`azp`): those of these clients, or of any client of the provider.",
    ),
});

export const authentication = section({
  at: oneOf({ namespace: true, workload: true, gateway: true })
    .default("namespace")
    .describe(
      "Where tokens are checked: at every service of the application (`namespace`), only at services that ask for a token, so that a public one also answers requests with a bad token (`workload`), or at the gateway before every service (`gateway`; the services check too).",
    ),

  required: flag()
    .default(false)
    .describe(
      "Whether the gateway refuses requests without a token, for public services too. Only with `at: gateway`, and without a login in the application, whose browsers send the gateway no token.",
    ),

  clients: oneOf({ listed: true, any: true })
    .default("listed")
    .describe(
      "Which tokens of identity's provider are accepted, by their authorized party (`azp`): those of the clients that `identity` makes or lists (`listed`), or of any client (`any`), which a provider needs whose tokens name none.",
    ),

  issuers: unique(issuer, "an issuer that no other entry has", "issuer")
    .default([])
    .describe(
      "Further providers whose tokens are accepted, in addition to identity's. Their private authorities belong into `identity.certificateAuthority`, which may contain several.",
    ),
}).describe("Where tokens are checked, and which tokens are accepted.");

const required = z.looseObject({
  authentication: z.looseObject({ at: z.string().default("namespace"), required: z.literal(true) }),
  login: z.looseObject({ at: z.string() }).optional(),
});

/**
 * Only the gateway can refuse an anonymous request: services accept every client that the table allows. If the
 * application signs people in, a browser's token is known only behind the gateway, which would refuse the request.
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
  // A login needs a client of the provider: another check asks for it.
  login: z.looseObject({ at: z.literal("none") }).optional(),
});

/** An empty list would refuse every token. */
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
 * Two rules for one issuer would each accept what the other refuses. So would two issuers of which one begins with the
 * other: Istio's name for a token's subject is issuer, slash, subject.
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
