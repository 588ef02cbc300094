/** The example with its sandbox's settings: every protocol, from a table of its own; and the same without people. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { test } from "node:test";
import { application } from "../../../examples/orders/application";
import { routesOf } from "../../../components/application";
import { policiesOf } from "../../../components/enforcement/policies";
import { settingsProblems } from "../../../components/config";
import { Auth0Identity } from "../../../components/identity/auth0";
import { countByType, run } from "../components/mocks";
import { gatewayDetours } from "../../../commands/verify/plan/bypass";
import { tokenClasses } from "../../../commands/verify/tokens/token-classes";

const tenant = {
  issuer: "https://tenant.example/",
  jwksUri: "https://tenant.example/.well-known/jwks.json",
  audience: "https://orders.example/api",
  permissionsClaim: ["permissions"],
};
/** The same, if only machines called it. */
const ofMachines = { ...application, people: false, roles: {} };

const usual = { at: "namespace", required: false } as const;

/** Who may call each service, and what a request must carry, as the policies say it. */
function rows(): Record<string, unknown> {
  const issuers = [{ ...tenant, clients: undefined }];
  const policies = policiesOf({
    application,
    issuers,
    authentication: usual,
    gatewayUrl: "http://localhost:8080",
  });
  return Object.fromEntries(
    policies.AuthorizationPolicy.map(({ metadata, spec }) => [
      `${metadata.namespace}/${metadata.name}`,
      spec.rules,
    ]),
  );
}

test("each service's policy names its callers and what a request must carry, and nothing else", () => {
  const gateway = "istio-ingress/istio-ingress";
  const requestPrincipals = ["https://tenant.example//*"];
  const from = (serviceAccounts: string[], signed: object = { requestPrincipals }) => [
    { source: { serviceAccounts, ...signed } },
  ];
  const when = (...values: string[]) => [{ key: "request.auth.claims[permissions]", values }];
  const to = (...operations: [methods: string[], ...paths: string[]][]) =>
    operations.map(([methods, ...paths]) => ({ operation: { methods, paths } }));
  assert.deepEqual(rows(), {
    "istio-ingress/allow-nothing": undefined,
    "istio-ingress/ports": [{ to: [{ operation: { ports: ["80"] } }] }],
    "orders/allow-nothing": undefined,
    "orders/catalogue": [{ from: from([gateway], {}) }],
    "orders/customers": [
      {
        from: from([gateway]),
        when: when("manage:customers"),
        to: to([["GET", "POST"], "/customers"], [["DELETE"], "/customers/{*}"]),
      },
      { from: from([gateway, "orders/orders"]), to: to([["GET"], "/customers/{*}"]) },
      {
        from: from([gateway]),
        when: when("manage:customers"),
        to: to([["PUT"], "/customers/{*}"]),
      },
      {
        from: from([gateway]),
        when: [...when("read:orders"), ...when("write:orders")],
        to: to([["PUT"], "/customers/{*}"]),
      },
    ],
    "orders/orders": [
      {
        from: from([gateway]),
        when: when("read:orders"),
        to: to([
          ["GET"],
          "/changes",
          "/events",
          "/orders",
          "/orders/{*}",
          "/orders/{*}/customer",
          "/orders/{*}/fulfilment",
        ]),
      },
      {
        from: from([gateway]),
        when: when("write:orders"),
        to: to([["POST"], "/orders"], [["PUT"], "/orders/{*}"]),
      },
      {
        from: from([gateway]),
        when: when("cancel:orders"),
        to: to([["DELETE"], "/orders/{*}"]),
      },
    ],
    "orders/fulfilment": [{ from: from(["orders/orders"]), when: when("fulfil:orders") }],
    "orders/inventory": [
      {
        from: from(["orders/orders"]),
        when: when("write:orders"),
        to: to([["POST"], "/shop.Inventory/Reserve"]),
      },
      {
        from: from(["orders/orders"]),
        when: when("read:orders", "fulfil:orders"),
        to: to([["POST"], "/shop.Inventory/Stock"]),
      },
    ],
    // By workload identity alone.
    "orders/store": [{ from: from(["orders/orders"], {}) }],
  });
});

test("the gateway's routes are those of the operations that it may call", () => {
  const routes = Object.entries(application.services).map(([service, place]) => [
    service,
    routesOf(place),
  ]);
  assert.deepEqual(Object.fromEntries(routes), {
    catalogue: [{ exact: "/catalogue" }],
    customers: [{ exact: "/customers" }, { prefix: "/customers/" }],
    orders: [
      { exact: "/orders" },
      { prefix: "/orders/" },
      { exact: "/changes" },
      { exact: "/events" },
    ],
    fulfilment: [],
    inventory: [],
    store: [],
  });
});

test("where nobody signs in, users and logins are refused, and no class of tokens needs a sign-in", () => {
  const settings = {
    cluster: { kind: "existing", kubeconfig: "apiVersion: v1" },
    identity: {
      kind: "oidc",
      issuer: "https://login.example",
      jwksUri: "https://login.example/keys",
      audience: "orders",
      client: { id: "web", secret: "s" },
      users: [{ email: "ada@example.com" }],
    },
    gateway: { url: "http://localhost:8080" },
    login: { at: "gateway" },
  };
  const problems = settingsProblems(ofMachines, settings).filter((line) =>
    /^(identity\.users|login\.at):/.test(line),
  );
  assert.deepEqual(problems, [
    "identity.users: found a list, expected an empty list or nothing, as only machines call Orders",
    'login.at: found "gateway", expected "none" or nothing, as only machines call Orders',
  ]);
  const authentication = { ...usual, clients: "listed" as const, issuers: [] };
  const classes = tokenClasses(ofMachines, { ...tenant, authentication });
  assert.deepEqual(
    classes.filter(({ needs }) => needs === "a sign-in"),
    [],
  );
});

test("another application's settings are not accepted", () => {
  const problems = settingsProblems(application, { bookinfo: { tag: "1.20.3" } });
  const known = "cluster, istio, mesh, identity, authentication, gateway, login, verify, sandbox";
  assert.ok(problems.includes(`bookinfo: found an unknown key, expected one of ${known}`));
});

test("bypass attempts at the gateway are of the example's own paths", () => {
  const [front, ...others] = gatewayDetours(application, "http://localhost:8080");
  assert.equal(front?.path, "/catalogue");
  const meant = others.filter(({ outcome }) => outcome === undefined).map(({ path }) => path);
  assert.deepEqual(meant, [
    "/orders/0/customer",
    "/orders//0/customer",
    "//orders/0/customer",
    "/orders/0/custome%72",
    "/orders/0%2Fcustomer",
    "/orders/./0/customer",
    "/customers/../orders/0/customer",
    "/catalogue/%2e%2e/orders/0/customer",
    "/orders/0\\customer",
    "http://localhost:8080/orders/0/customer",
  ]);
  const none = others.filter(({ outcome }) => outcome !== undefined).map(({ path }) => path);
  assert.ok(none.includes("/fulfilment/0") && none.includes("/catalogue/../fulfilment/0"));
});

test("without people the tenant gets an API and a client for each machine, and nothing for people", async () => {
  const { registrations } = await run(
    () =>
      new Auth0Identity("identity", {
        application: ofMachines,
        domain: "tenant.example",
        clientId: "management",
        clientSecret: pulumi.secret("secret"),
        audience: application.audience,
        users: [],
        machines: [{ name: "storefront", permissions: ["read:orders"] }],
        gatewayUrl: "http://localhost:8080",
        login: "none",
      }),
  );
  const made = Object.entries(countByType(registrations)).filter(([type]) =>
    type.startsWith("auth0:"),
  );
  assert.deepEqual(Object.fromEntries(made), {
    "auth0:index/resourceServer:ResourceServer": 1,
    "auth0:index/resourceServerScopes:ResourceServerScopes": 1,
    "auth0:index/client:Client": 1,
    "auth0:index/clientCredentials:ClientCredentials": 1,
    "auth0:index/clientGrant:ClientGrant": 1,
  });
});
