/** What an Auth0 tenant has and the stack does not explain. */
import { ZodError } from "zod";
import type { Application } from "../../../../components/application";
import { tenantObjects } from "../../../../components/identity/tenant-objects";
import { firstLine, reasonOf } from "../../../../lib/errors";
import type { Fetch } from "../../../../lib/http";
import { Redactor } from "../../../../lib/redaction";
import type { StackOutputs } from "../../../stack/outputs";
import type { Finding } from "../finding";
import { actionFindings } from "./actions";
import { apiFindings, clientFindings, grantFindings } from "./clients";
import { openManagementApi, Refused } from "./management-api";
import {
  memberFindings,
  readRoles,
  readUsers,
  roleFindings,
  storeFindings,
  unaskedUsers,
  userFindings,
} from "./people";
import type { Reading, TenantOutputs } from "./reading";

/** The findings at the tenant. */
export interface TenantFindings {
  readonly findings: readonly Finding[];
  /** What was not read, and why: a sentence each. */
  readonly notRead: readonly string[];
}

/** Milliseconds: a free tenant answers two requests a second. */
const deadline = 60_000;

/** What is compared, in order, and its name for a message. */
const areas: readonly (readonly [
  name: string,
  look: (reading: Reading) => Promise<readonly Finding[]>,
])[] = [
  ["the API's settings", apiFindings],
  ["its clients", clientFindings],
  ["its client grants", grantFindings],
  ["its user store", storeFindings],
  ["what its roles grant", roleFindings],
  ["who holds its roles", memberFindings],
  ["what its users hold without a role", userFindings],
  ["its actions", actionFindings],
];

/**
 * Reads the tenant, and compares it with what the stack makes there. A sentence names what cannot be read. One request
 * follows another, because a free tenant accepts few at a time.
 */
export async function tenantFindings(
  application: Application,
  outputs: TenantOutputs & Pick<StackOutputs, "tenant">,
  fetch: Fetch,
  signal: AbortSignal,
): Promise<TenantFindings> {
  const { tenant } = outputs;
  if (tenant === undefined)
    return {
      findings: [],
      notRead: [
        "Not read: the provider's own settings, clients and users (identity.kind is oidc).",
      ],
    };
  const findings: Finding[] = [];
  const notRead: string[] = [];
  try {
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(deadline)]);
    const api = await openManagementApi(tenant, fetch, inTime);
    const hidden = "fields=client_secret,signing_keys,encryption_key&include_fields=false";
    const reading: Reading = {
      api,
      application,
      outputs,
      objects: tenantObjects({
        ...outputs,
        application,
        machines: outputs.viewers.machines,
        login: outputs.login?.at ?? "none",
      }),
      clients: once(() => api.list(`clients?${hidden}`, "clients")),
      roles: once(() => readRoles(api)),
      users: once(() => readUsers(api)),
    };
    for (const [name, look] of areas) {
      try {
        findings.push(...(await look(reading)));
      } catch (error) {
        const reason = refusalIn(error);
        if (reason === undefined) throw error;
        notRead.push(`Not read at the tenant: ${name} (${reason}).`);
      }
    }
    notRead.push(
      ...(await unaskedUsers(reading).catch(() => [])),
      ...api.cut.map(
        (path) => `Not read at the tenant: what comes after the first 1000 of ${path}.`,
      ),
    );
  } catch (error) {
    signal.throwIfAborted();
    notRead.push(`The tenant was not read: ${firstLine(reasonOf(error))}.`);
  }
  return { findings, notRead: notRead.map(new Redactor([tenant.clientSecret]).hide) };
}

/** Why one part cannot be read, although others may be. */
function refusalIn(error: unknown): string | undefined {
  if (error instanceof ZodError) return "the answer is not as Auth0 documents it";
  return error instanceof Refused ? error.message : undefined;
}

function once<Value>(ask: () => Promise<Value>): () => Promise<Value> {
  let asked: Promise<Value> | undefined;
  return () => (asked ??= ask());
}
