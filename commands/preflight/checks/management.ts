import { z } from "zod";
import type { IdentitySettings } from "../../../components/config";
import { type Check, failed, notTried, ok, once, type Outcome } from "../check";
import { type Answer, jsonOf, send } from "../http";
import { neededScopes, verifyScopes } from "../scopes";
import { type Stack, textOf } from "../stack";
import { attempt } from "./provider";

type Auth0Settings = Extract<IdentitySettings, { kind: "auth0" }>;

const setting = "identity.clientSecret";

/** The Management API's client has every right that the stack needs. */
export function managementChecks(identity: Auth0Settings, stack: Stack): Check[] {
  const grant = once((signal) => ask(identity, stack, signal));
  return [
    {
      name: "management credentials",
      run: async (signal) => {
        const found = await grant(signal);
        return "state" in found
          ? found
          : ok(`${identity.domain} takes identity.clientId and its secret`);
      },
    },
    {
      name: "management scopes",
      run: async (signal) => {
        const found = await grant(signal);
        return "state" in found
          ? notTried("there is no token to look into", "See above.")
          : judgeScopes(found.scopes, identity);
      },
    },
  ];
}

interface Grant {
  readonly scopes: ReadonlySet<string>;
}

const granted = z.object({ access_token: z.string().min(1), scope: z.string().optional() });
const refusal = z.object({ error: z.string(), error_description: z.string().optional() });

async function ask(
  identity: Auth0Settings,
  { missing, name, secrets }: Stack,
  signal: AbortSignal,
): Promise<Grant | Outcome> {
  const lost = missing.get(setting);
  if (lost !== undefined) return notTried(lost.found, lost.advice);
  const { domain, clientId, certificateAuthority } = identity;
  const url = `https://${domain}/oauth/token`;
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: clientId,
    client_secret: await textOf(identity.clientSecret),
    audience: `https://${domain}/api/v2/`,
  });
  const answer = await attempt(
    () =>
      send(url, {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: form.toString(),
        certificateAuthority,
        signal,
      }),
    url,
    identity,
  );
  if ("state" in answer) return answer;
  const { data } = granted.safeParse(answer.status === 200 ? jsonOf(answer) : undefined);
  if (data === undefined) return refused(url, answer, identity, name);
  secrets.add(data.access_token);
  const scope = data.scope ?? scopeIn(data.access_token);
  return { scopes: new Set(scope.split(" ").filter((word) => word !== "")) };
}

/** The scopes in the token itself, if the answer does not name them. */
function scopeIn(token: string): string {
  const [, payload = ""] = token.split(".");
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
    return z.object({ scope: z.string() }).parse(claims).scope;
  } catch {
    return "";
  }
}

function refused(url: string, answer: Answer, identity: Auth0Settings, stack: string): Outcome {
  const { data } = refusal.safeParse(jsonOf(answer));
  const reason = data && [data.error, data.error_description].filter(Boolean).join(": ");
  const found = `${url} refuses the client ${identity.clientId}: ${answer.status}${
    reason === undefined ? "" : ` ${reason}`
  }`;
  if (/Service not enabled/i.test(reason ?? ""))
    return failed(
      found,
      "The Management API belongs to the tenant's own domain: set identity.domain to that, and identity.customDomain to the custom one.",
    );
  if (answer.status === 401)
    return failed(
      found,
      `Check identity.clientId, and set its secret: pulumi config set --secret --path ${setting} --stack ${stack}.`,
    );
  return failed(
    found,
    "Authorise the client for the Auth0 Management API in the tenant's dashboard, with the grant type client_credentials.",
  );
}

function judgeScopes(scopes: ReadonlySet<string>, identity: Auth0Settings): Outcome {
  const needed = neededScopes(identity);
  const lost = needed.filter((scope) => !scopes.has(scope));
  const unread = verifyScopes.filter((scope) => !scopes.has(scope));
  const forVerify =
    unread.length === 0 ? "" : `; verify reads all of the tenant with ${unread.join(" ")}, too`;
  if (lost.length === 0) return ok(`all ${needed.length} that the stack needs${forVerify}`);
  return failed(
    `${lost.length} of ${needed.length} are missing: ${lost.join(" ")}`,
    `Grant them to ${identity.clientId} in the tenant's dashboard, at the Auth0 Management API's machine to machine applications.`,
  );
}
