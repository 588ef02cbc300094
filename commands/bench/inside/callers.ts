/** The callers whose requests' latency is measured, and how to see from an answer whether the policies apply. */
import { z } from "zod";
import { application } from "../../../application";
import { cookieName } from "../../../components/login/names";
import { namespaces } from "../../../components/names";
import { UserError } from "../../../lib/errors";
import type { Fetch } from "../../../lib/http";
import type { StackOutputs } from "../../stack/outputs";
import { permissionsOf } from "../../verify/plan/permissions";
import { cookiesOf } from "../../verify/tokens/sessions";
import type { CallerName } from "../parts/latency";

export type Enforcement = "on" | "off";

/** A request whose answer shows whether the policies apply. */
export interface Sign {
  readonly headers: Readonly<Record<string, string>>;
  readonly status: number;
  /** Whether the answer sets or deletes a cookie: the login does so if it was asked about the request. */
  readonly setsCookie: boolean;
}

export interface Caller {
  readonly headers: Readonly<Record<string, string>>;
  /** The namespaces whose policies judge its request. */
  readonly namespaces: readonly string[];
  readonly signs: Readonly<Record<Enforcement, readonly Sign[]>>;
}

/** How long a change may take to reach every sidecar, in milliseconds. */
const timeoutMs = 60_000;

/** How many requests in a row have to be answered as expected after a change: they use different connections. */
const agreeing = 20;

/** Waits until requests are answered as the sign says only. */
export async function untilAnswered(
  fetch: Fetch,
  url: string,
  { headers, status, setsCookie }: Sign,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (let agreed = 0; agreed < agreeing;) {
    if (Date.now() > deadline) throw new UserError(`${url} is not answered with ${status} only`);
    const response = await fetch(url, { headers });
    await response.arrayBuffer();
    const agrees = response.status === status && response.headers.has("set-cookie") === setsCookie;
    agreed = agrees ? agreed + 1 : 0;
  }
}

/** The permission that the request needs. */
const permission = "read:book-details";

const sign = (status: number, headers: Sign["headers"] = {}, setsCookie = false): Sign => ({
  status,
  headers,
  setsCookie,
});

type Callers = Readonly<
  Record<CallerName, (outputs: StackOutputs, fetch: Fetch) => Promise<Caller>>
>;

export const callers: Callers = {
  async token(outputs, fetch) {
    const headers = { authorization: `Bearer ${await validToken(outputs, fetch)}` };
    return {
      headers,
      namespaces: [application.namespace],
      signs: { on: [sign(403), sign(200, headers)], off: [sign(200)] },
    };
  },

  async session(outputs, fetch) {
    const headers = { cookie: await validSession(outputs, fetch) };
    const forged = { cookie: `${cookieName({ application, ...outputs })}=forged` };
    return {
      headers,
      namespaces: [application.namespace, namespaces.ingress],
      signs: {
        on: [sign(403), sign(403, forged, true), sign(200, headers)],
        off: [sign(200), sign(200, forged, false)],
      },
    };
  },
};

/** A token of the first machine that may read what is asked for. */
async function validToken(outputs: StackOutputs, fetch: Fetch): Promise<string> {
  const machine = outputs.viewers.machines.find(({ permissions }) =>
    permissions.includes(permission),
  );
  if (machine === undefined) throw new UserError("no machine may read details");
  const body = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: outputs.clientIds.machines[machine.name] ?? "",
    client_secret: outputs.clientSecrets.machines[machine.name] ?? "",
    audience: outputs.audience,
  });
  const response = await fetch(new URL("oauth/token", outputs.issuer), { method: "POST", body });
  if (!response.ok) throw new UserError(`the tenant refused a token: ${response.status}`);
  return z.object({ access_token: z.string() }).parse(await response.json()).access_token;
}

/** The cookies of the first user who may read what is asked for, from a sign-in. */
async function validSession(outputs: StackOutputs, fetch: Fetch): Promise<string> {
  const user = outputs.viewers.users.find(({ roles }) =>
    permissionsOf(application, roles).includes(permission),
  );
  if (user === undefined) throw new UserError("no user may read details");
  return cookiesOf(application, outputs, user.email, {
    fetch,
    signal: AbortSignal.timeout(60_000),
  });
}
