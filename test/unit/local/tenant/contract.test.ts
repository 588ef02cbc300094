/** The tenant answers each of 165 calls of the official provider as Auth0 does, or names what it does not implement. */
import assert from "node:assert/strict";
import { test } from "node:test";

import type { RecordedCall } from "./contract/call";
import { clientGrants, noClientGrants } from "./contract/clientGrants";
import { clientCredentials, clients, noClients } from "./contract/clients";
import { connectionClients, connections, noConnections } from "./contract/connections";
import { noResourceServers, resourceServers } from "./contract/resourceServers";
import { noRoles, roleMembers, roles } from "./contract/roles";
import { unimplemented } from "./contract/unimplemented";
import { noUsers, userPermissions, userRoles, users } from "./contract/users";
import { refused, TestTenant, text } from "./support";

const triggers: readonly RecordedCall[] = [
  ["post-login", "page=0&per_page=100", { per_page: 100 }] as const,
  ["post-login", "page=1&per_page=100", { page: 1, per_page: 100 }] as const,
  ["post-login", "per_page=50", { per_page: 50 }] as const,
  ["password-hash-migration", "page=0&per_page=100", { per_page: 100 }] as const,
].map(([trigger, query, answer]) => ({
  method: "GET",
  path: `/actions/triggers/${trigger}/bindings?${query}`,
  status: 200,
  answer: { bindings: [], ...answer },
}));

/** What is made, read, changed and looked for, and then removed: each names what an earlier one has made. */
const recorded: Readonly<Record<string, readonly RecordedCall[]>> = {
  "resource servers with their scopes": resourceServers,
  "roles with their permissions": roles,
  connections,
  clients,
  "client credentials": clientCredentials,
  "connection clients": connectionClients,
  "client grants": clientGrants,
  users,
  "user roles": userRoles,
  "role members": roleMembers,
  "user permissions": userPermissions,
  "action bindings": triggers,
  "users go": noUsers,
  "client grants go": noClientGrants,
  "clients go": noClients,
  "connections go": noConnections,
  "roles go": noRoles,
  "resource servers go": noResourceServers,
};

test("every recorded call of the official provider is answered as Auth0 answers it", async (t) => {
  const tenant = await TestTenant.start();
  t.after(() => tenant.stop());
  const kept: Record<string, string> = {};
  for (const [name, calls] of Object.entries(recorded))
    await t.test(name, async () => {
      for (const call of calls) await replay(tenant, call, kept);
    });
});

test("a recorded call that the tenant does not carry out is refused by name", async (t) => {
  const tenant = await TestTenant.start();
  t.after(() => tenant.stop());
  const api = await tenant.make("/resource-servers", { identifier: "https://x.example" });
  const client = await tenant.make("/clients", { name: "x" });
  const kept = { api: text(api, "id"), client: text(client, "client_id") };
  for (const { method, path, body, names, errorCode } of unimplemented) {
    const answer = await tenant.call(method, named(path, kept, encodeURIComponent), body);
    refused(answer, 400, errorCode ?? (method === "GET" ? "invalid_query_string" : "invalid_body"));
    assert.match(text(answer.body, "message"), names, `${method} ${path}`);
  }
});

test("165 calls of the provider are looked at", () => {
  const calls = [...Object.values(recorded).flat(), ...unimplemented];
  const distinct = new Set(
    calls.map(({ method, path, body }) => `${method} ${path} ${JSON.stringify(body)}`),
  );
  assert.equal(distinct.size, 165);
});

/** Makes the call, and checks all of the answer. */
async function replay(
  tenant: TestTenant,
  call: RecordedCall,
  kept: Record<string, string>,
): Promise<void> {
  const path = named(call.path, kept, encodeURIComponent);
  const where = `${call.method} ${call.path} ${JSON.stringify(call.body ?? null)}`;
  const answer = await tenant.call(call.method, path, withNames(call.body, kept));
  const shown = `${where}: ${answer.status} ${JSON.stringify(answer.body)}`;
  assert.equal(answer.status, call.status, shown);
  if (call.includes === undefined) fits(answer.body, withNames(call.answer, kept), shown);
  else assert.partialDeepStrictEqual(answer.body, withNames(call.includes, kept), shown);
  for (const [name, property] of Object.entries(call.keep ?? {}))
    kept[name] = text(answer.body, property);
}

function named(
  value: string,
  kept: Readonly<Record<string, string>>,
  write: (value: string) => string = (one) => one,
): string {
  return value.replace(/\{(\w+)\}/g, (_, name: string) => {
    const found = kept[name];
    assert.ok(found !== undefined, `no call kept ${name}`);
    return write(found);
  });
}

/** The value with what was kept in place of its name, in every text. */
function withNames(value: unknown, kept: Readonly<Record<string, string>>): unknown {
  if (typeof value === "string") return named(value, kept);
  if (Array.isArray(value)) return value.map((item) => withNames(item, kept));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, withNames(item, kept)]),
  );
}

/** Whether all of a value is as expected; a regular expression stands for a text that it matches. */
function fits(actual: unknown, expected: unknown, where: string): void {
  if (expected instanceof RegExp) {
    assert.ok(
      typeof actual === "string" && expected.test(actual),
      `${String(expected)} in ${where}`,
    );
  } else if (Array.isArray(expected)) {
    assert.ok(Array.isArray(actual), where);
    assert.equal(actual.length, expected.length, where);
    expected.forEach((item, index) => {
      fits(actual[index], item, where);
    });
  } else if (isRecord(expected)) {
    assert.ok(isRecord(actual), where);
    assert.deepEqual(Object.keys(actual).sort(), Object.keys(expected).sort(), where);
    for (const [name, item] of Object.entries(expected)) fits(actual[name], item, where);
  } else assert.deepEqual(actual, expected, where);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof RegExp)
  );
}
