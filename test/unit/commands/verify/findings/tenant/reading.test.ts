/** What `verify` cannot read at a tenant is said, the rest is read page by page, and no secret is shown. */
import assert from "node:assert/strict";
import { after, before, describe, test, type TestContext } from "node:test";
import { application as bookinfo } from "../../../../../../application";
import { tenantFindings } from "../../../../../../commands/verify/findings/tenant";
import { httpClient } from "../../../../../../lib/http";
import { closedPort, type Reply, type Request, serve } from "../../../preflight/support";
import { management } from "../../../../local/tenant/support";
import { makeCertificate } from "../../support/certificate";
import { Opening } from "./doors";
import { fill, type FilledTenant, viewers } from "./filled";

const { signal } = new AbortController();
const fetch = httpClient();

describe("a client of the Management API that may not read everything", () => {
  let filled: FilledTenant;
  before(async () => {
    filled = await fill({ application: bookinfo, viewers, login: "gateway" });
  });
  after(() => filled.tenant.stop());

  /** What a client with only these scopes finds. */
  async function lookWith(scope: readonly string[]) {
    const { tenant, outputs } = filled;
    const at = new Opening(tenant, outputs);
    const made = await at.send("POST", "/clients", { name: "Reader", app_type: "non_interactive" });
    const [clientId, clientSecret] = [String(made.client_id), String(made.client_secret)];
    const audience = `https://${tenant.domain}/api/v2/`;
    await at.send("POST", "/client-grants", { client_id: clientId, audience, scope });
    const access = { domain: tenant.domain, clientId, clientSecret };
    const found = await tenantFindings(bookinfo, { ...outputs, tenant: access }, fetch, signal);
    await at.send("DELETE", `/clients/${clientId}`);
    return found;
  }

  const all = ["resource_servers", "clients", "client_grants", "connections", "roles"].map(
    (each) => `read:${each}`,
  );

  test("without the users: each thing that is not read is said, and the rest is", async () => {
    const close = await new Opening(filled.tenant, filled.outputs).patch(
      `/resource-servers/${encodeURIComponent(filled.outputs.audience)}`,
      { token_lifetime: 2_592_000 },
    );
    const { findings, notRead } = await lookWith(all);
    await close();
    assert.deepEqual(
      findings.map(({ object }) => object),
      ["API https://bookinfo.io of the tenant"],
    );
    const lacking = (scope: string) => `403 Insufficient scope, expected any of: read:${scope}`;
    assert.deepEqual(notRead, [
      `Not read at the tenant: who holds its roles (${lacking("users")}).`,
      `Not read at the tenant: what its users hold without a role (${lacking("users")}).`,
      `Not read at the tenant: its actions (${lacking("actions")}).`,
    ]);
  });

  test("with one scope: no more is found than is there", async () => {
    const { findings, notRead } = await lookWith(["read:roles"]);
    assert.deepEqual(findings, []);
    assert.equal(notRead.length, 7);
  });

  test("a wrong secret: one line, without it", async () => {
    const tenant = { ...filled.outputs.tenant, clientSecret: "s3cret-canary" };
    const found = await tenantFindings(bookinfo, { ...filled.outputs, tenant }, fetch, signal);
    assert.deepEqual(found.findings, []);
    assert.equal(found.notRead.length, 1);
    assert.match(found.notRead[0] ?? "", /^The tenant was not read: 401 \w+.*\.$/);
    assert.ok(!JSON.stringify(found).includes("canary"));
  });

  test("a tenant that does not answer: one line", async () => {
    const domain = `127.0.0.1:${await closedPort()}`;
    const tenant = { ...filled.outputs.tenant, domain };
    const found = await tenantFindings(bookinfo, { ...filled.outputs, tenant }, fetch, signal);
    assert.deepEqual(found.findings, []);
    assert.equal(found.notRead.length, 1);
    assert.match(found.notRead[0] ?? "", /^The tenant was not read: .* does not answer: .*REFUSED/);
  });
});

/** Answers as Auth0 does, by the path without its query. */
async function answering(
  t: TestContext,
  answers: Readonly<Record<string, (request: Request) => Reply>>,
) {
  const certificate = await makeCertificate();
  const token = () => ({ body: { access_token: "token-canary" } });
  const server = await serve((request) => {
    const [path = ""] = request.path.split("?");
    const all: typeof answers = { "/oauth/token": token, ...answers };
    return all[path]?.(request);
  }, certificate);
  t.after(server.close);
  const found = await tenantFindings(
    { ...bookinfo, people: false, roles: {} },
    {
      audience: bookinfo.audience,
      authentication: { at: "namespace", required: false, clients: "listed", issuers: [] },
      clientIds: { machines: {} },
      gatewayUrl: "http://localhost:8080",
      issuer: `https://${server.host}/`,
      viewers: { users: [], machines: [] },
      tenant: { domain: server.host, ...management },
    },
    httpClient(certificate.certificate),
    signal,
  );
  return { ...found, server };
}

const apiPath = `/api/v2/resource-servers/${encodeURIComponent(bookinfo.audience)}`;
const api = {
  id: "1",
  identifier: bookinfo.audience,
  signing_alg: "RS256",
  enforce_policies: true,
  token_dialect: "access_token_authz",
  token_lifetime: 3600,
  token_lifetime_for_web: 3600,
  allow_offline_access: true,
  skip_consent_for_verifiable_first_party_clients: true,
  scopes: Object.keys(bookinfo.permissions).map((value) => ({ value })),
};
const withApi = { [apiPath]: () => ({ body: api }) };

test("asked as Auth0 wants it, and what is not there is no failure", async (t) => {
  const { findings, notRead, server } = await answering(t, withApi);
  assert.deepEqual({ findings, notRead }, { findings: [], notRead: [] });
  const [asked, ...others] = server.requests;
  assert.deepEqual(Object.fromEntries(new URLSearchParams(asked?.body)), {
    grant_type: "client_credentials",
    client_id: management.clientId,
    client_secret: management.clientSecret,
    audience: `https://${server.host}/api/v2/`,
  });
  for (const { method, headers } of others)
    assert.deepEqual([method, headers.authorization], ["GET", "Bearer token-canary"]);
});

test("a symmetric signature, and an action", async (t) => {
  const { findings } = await answering(t, {
    [apiPath]: () => ({ body: { ...api, signing_alg: "HS256" } }),
    "/api/v2/actions/triggers/post-login/bindings": () => ({
      body: { bindings: [{ action: { name: "Add claims" } }] },
    }),
  });
  assert.deepEqual(
    findings.map(({ object, opens }) => `${object}: ${opens}`),
    [
      'API https://bookinfo.io of the tenant: signing_alg is "HS256", not "RS256": how its tokens are signed',
      "Action Add claims of the tenant: it runs at post-login, and changes what tokens say",
    ],
  );
});

test("a tenant that is asked too often is asked again, and not for ever", async (t) => {
  let refusals = 0;
  const { notRead, server } = await answering(t, {
    ...withApi,
    "/api/v2/clients": () => {
      refusals += 1;
      return refusals > 2
        ? { body: { total: 0, clients: [] } }
        : { status: 429, headers: { "retry-after": "0" }, body: { message: "Too many requests" } };
    },
    "/api/v2/roles": () => ({
      status: 429,
      headers: { "retry-after": "0" },
      body: { message: "Too many requests" },
    }),
  });
  const count = (path: string) => server.requests.filter((one) => one.path.startsWith(path)).length;
  assert.equal(count("/api/v2/clients?"), 3);
  assert.equal(count("/api/v2/roles"), 10);
  assert.deepEqual(notRead, [
    "Not read at the tenant: what its roles grant (429 Too many requests).",
    "Not read at the tenant: who holds its roles (429 Too many requests).",
  ]);
});

test("lists are read by pages, at most ten", async (t) => {
  const user = (page: number) => ({ user_id: `auth0|${page}`, identities: [] });
  const { notRead, server } = await answering(t, {
    ...withApi,
    "/api/v2/users": ({ path }) => {
      const page = Number(new URLSearchParams(path.split("?")[1]).get("page"));
      return { body: { total: 2, users: [user(page)] } };
    },
    "/api/v2/client-grants": () => ({ body: { total: 5000, client_grants: [{ id: "g" }] } }),
  });
  const pages = server.requests.filter(({ path }) => path.startsWith("/api/v2/users?"));
  assert.equal(pages.length, 2);
  assert.deepEqual(notRead, [
    "Not read at the tenant: what comes after the first 1000 of client-grants?audience=https%3A%2F%2Fbookinfo.io.",
  ]);
});

test("an answer that is not Auth0's is said", async (t) => {
  const { notRead } = await answering(t, { ...withApi, "/api/v2/roles": () => ({ body: ["x"] }) });
  assert.deepEqual(notRead, [
    "Not read at the tenant: what its roles grant (the answer is not as Auth0 documents it).",
    "Not read at the tenant: who holds its roles (the answer is not as Auth0 documents it).",
  ]);
});

test("another provider: one line", async (t) => {
  const { outputs, tenant } = await fill({ application: bookinfo, viewers, login: "none" });
  t.after(() => tenant.stop());
  assert.deepEqual(
    await tenantFindings(bookinfo, { ...outputs, tenant: undefined }, fetch, signal),
    {
      findings: [],
      notRead: [
        "Not read: the provider's own settings, clients and users (identity.kind is oidc).",
      ],
    },
  );
});
