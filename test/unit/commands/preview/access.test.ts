/** Who gains and loses what is told by the policies, roles and machines of two plans, the most dangerous first. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { accessDifference } from "../../../../commands/preview/access/difference";
import type { Entry } from "../../../../commands/preview/graph";
import { gateway } from "../../../../components/access/rows";
import type { Application } from "../../../../components/application";

const port = 8080;

const application = {
  name: "shop",
  title: "Shop",
  namespace: "shop",
  people: true,
  audience: "https://shop.example",
  home: "/front",
  permissions: { "read:orders": "", "cancel:orders": "" },
  roles: {},
  services: {
    front: { callers: [gateway], requires: "public", port, path: "/front", serviceAccount: "web" },
    orders: {
      callers: [gateway],
      operations: {
        "GET /orders/{id}": "read:orders",
        "DELETE /orders/{id}": "cancel:orders",
        "GET /files/{path...}": "read:orders",
      },
      port,
      path: "/orders/0",
      serviceAccount: "orders",
    },
    stock: {
      callers: ["orders"],
      requires: "read:orders",
      port,
      path: "/stock",
      serviceAccount: "stock",
    },
  },
  requests: [{ name: "front", path: "/front", through: ["front"] }],
} satisfies Application;

const own = "https://tenant.example/";
const ingress = "istio-ingress/istio-ingress";
const claim = "request.auth.claims[permissions]";

interface RuleParts {
  readonly from?: string;
  readonly issuer?: string | undefined;
  readonly to?: readonly (readonly [methods: string[], ...paths: string[]])[];
  readonly permissions?: readonly string[];
  readonly more?: readonly object[];
}

const rule = ({
  from = ingress,
  issuer = own,
  to = [],
  permissions = [],
  more = [],
}: RuleParts) => ({
  from: [{ source: { serviceAccounts: [from], requestPrincipals: [`${issuer}/*`] } }],
  ...(to.length > 0 && {
    to: to.map(([methods, ...paths]) => ({ operation: { methods, paths } })),
  }),
  when: [...permissions.map((each) => ({ key: claim, values: [each] })), ...more],
});

const open = (from = ingress) => ({ from: [{ source: { serviceAccounts: [from] } }] });

const object = (kind: string, name: string, spec: object, more: object = {}): Entry => ({
  type: `kubernetes:security.istio.io/v1:${kind}`,
  name: `access-${name}`,
  inputs: { kind, metadata: { name, namespace: "shop", ...more }, spec },
});

const policy = (service: string, ...rules: readonly object[]) =>
  object("AuthorizationPolicy", service, {
    action: "ALLOW",
    selector: { matchLabels: { app: service } },
    rules,
  });

const tenant = ({
  customer = ["read:orders"],
  reporting = [],
  roles = ["customer"],
}: {
  customer?: readonly string[];
  reporting?: readonly string[];
  roles?: readonly string[];
} = {}): Entry[] => [
  ...["customer", "admin"].map((name) => ({
    type: "auth0:index/role:Role",
    name: `identity-role-${name}`,
    inputs: { name },
  })),
  {
    type: "auth0:index/rolePermissions:RolePermissions",
    name: "identity-role-customer-permissions",
    dependencies: ["auth0:index/role:Role identity-role-customer"],
    inputs: { permissions: customer.map((name) => ({ name })) },
  },
  {
    type: "auth0:index/client:Client",
    name: "identity-machine-reporting",
    inputs: { name: "Shop reporting" },
  },
  {
    type: "auth0:index/clientGrant:ClientGrant",
    name: "identity-machine-reporting-grant",
    dependencies: ["auth0:index/client:Client identity-machine-reporting"],
    inputs: { scopes: reporting },
  },
  { type: "auth0:index/user:User", name: "identity-user-a", inputs: { email: "a@shop.example" } },
  {
    type: "auth0:index/userRoles:UserRoles",
    name: "identity-user-a-roles",
    dependencies: [
      "auth0:index/user:User identity-user-a",
      ...roles.map((role) => `auth0:index/role:Role identity-role-${role}`),
    ],
  },
];

const checks = object("RequestAuthentication", "tokens", { jwtRules: [{ issuer: own }] });

const reads = rule({ to: [[["GET"], "/orders/{*}"]], permissions: ["read:orders"] });
const cancels = rule({ to: [[["DELETE"], "/orders/{*}"]], permissions: ["cancel:orders"] });
const orders = policy("orders", reads, cancels);
const stock = policy("stock", rule({ from: "shop/orders", permissions: ["read:orders"] }));

const changes = (before: readonly Entry[], after: readonly Entry[]) =>
  accessDifference([...before, checks], [...after, checks], application).map(({ text }) => text);

const told: readonly (readonly [
  string,
  before: readonly Entry[],
  after: readonly Entry[],
  ...changes: readonly string[],
])[] = [
  ["nothing of the same plan", [...tenant(), orders], [...tenant(), orders]],
  [
    "a role that holds another permission",
    [...tenant(), orders, stock],
    [...tenant({ customer: ["cancel:orders"] }), orders, stock],
    "role customer gains DELETE /orders/{id} of orders, through the gateway",
    "role customer loses GET /orders/{id} of orders, through the gateway",
    "role customer loses everything of stock, through orders",
  ],
  [
    "a machine that loses what it could do by a service behind",
    [...tenant({ reporting: ["read:orders"] }), stock],
    [...tenant(), stock],
    "machine reporting loses everything of stock, through orders",
  ],
  [
    "a public operation as what anyone gains, and not each role",
    [...tenant(), orders],
    [
      ...tenant(),
      policy("orders", reads, {
        ...open(),
        to: [{ operation: { methods: ["GET"], paths: ["/files/{**}"] } }],
      }),
    ],
    "anyone gains GET /files/{path...} of orders, through the gateway",
  ],
  [
    "what asks for any token, and is a role's already",
    [...tenant(), policy("orders", reads)],
    [...tenant(), policy("orders", rule({ to: [[["GET"], "/orders/{*}"]] }))],
    "every signed-in user and machine gains GET /orders/{id} of orders, through the gateway",
  ],
  [
    "a template that has become wider",
    [...tenant(), policy("orders", reads)],
    [
      ...tenant(),
      policy("orders", rule({ to: [[["GET"], "/orders/{**}"]], permissions: ["read:orders"] })),
    ],
    "role customer gains GET /orders/{**} of orders, through the gateway",
  ],
  [
    "a rule without operations as everything",
    [...tenant(), policy("orders", reads)],
    [...tenant(), policy("orders", rule({ permissions: ["read:orders"] }))],
    "role customer gains everything of orders, through the gateway",
  ],
  [
    "a workload that may call without a token",
    [...tenant(), policy("stock", open("shop/orders"))],
    [...tenant(), policy("stock", open("shop/orders"), open("shop/web"))],
    "workload front gains everything of stock",
  ],
  [
    "tokens of another issuer, after what anyone gains",
    [...tenant(), stock],
    [
      ...tenant(),
      policy("stock", rule({ from: "shop/orders", permissions: ["read:orders"] }), open(), {
        ...rule({ from: "shop/orders", issuer: "https://partner.example", permissions: ["x"] }),
      }),
    ],
    "anyone gains everything of stock, through the gateway",
    "tokens of https://partner.example with x gain everything of stock, through orders",
  ],
  [
    "permissions, where the plan has no roles and no machines",
    [orders],
    [policy("orders", reads)],
    "tokens with cancel:orders lose DELETE /orders/{id} of orders, through the gateway",
  ],
  [
    "another permission that the same roles hold",
    [...tenant({ customer: ["read:orders", "cancel:orders"] }), policy("orders", reads)],
    [
      ...tenant({ customer: ["read:orders", "cancel:orders"] }),
      policy("orders", rule({ to: [[["GET"], "/orders/{*}"]], permissions: ["cancel:orders"] })),
    ],
    "GET /orders/{id} of orders asks for cancel:orders, and asked for read:orders: the same roles and machines hold it",
  ],
  [
    "another condition, once for all services",
    [
      ...tenant(),
      policy("orders", rule({ more: [{ key: "request.auth.presenter", values: ["one"] }] })),
      policy("stock", rule({ more: [{ key: "request.auth.presenter", values: ["one"] }] })),
    ],
    [...tenant(), policy("orders", rule({})), policy("stock", rule({}))],
    "rules of orders, stock: their condition request.auth.presenter is another",
  ],
  [
    "objects that decide in another way",
    [
      ...tenant(),
      orders,
      object("PeerAuthentication", "default", { mtls: { mode: "STRICT" } }),
      object("AuthorizationPolicy", "allow-nothing", {}),
    ],
    [
      ...tenant(),
      object("AuthorizationPolicy", "orders", orders.inputs?.spec as object, {
        annotations: { "istio.io/dry-run": "true" },
      }),
      object("PeerAuthentication", "default", { mtls: { mode: "PERMISSIVE" } }),
    ],
    "AuthorizationPolicy shop allow-nothing is gone",
    "AuthorizationPolicy shop orders is another",
    "PeerAuthentication shop default is another",
  ],
  [
    "a user's role",
    [...tenant()],
    [...tenant({ roles: ["admin"] })],
    "user a@shop.example gains role admin",
    "user a@shop.example loses role customer",
  ],
];

for (const [what, before, after, ...expected] of told) {
  test(`tells ${what}`, () => {
    assert.deepEqual(changes(before, after), expected);
  });
}

test("tells who gains what all need together only of those who hold all", () => {
  const both = policy("orders", rule({ permissions: ["read:orders", "cancel:orders"] }));
  assert.deepEqual(changes(tenant(), [...tenant(), both]), []);
  const customer = ["read:orders", "cancel:orders"];
  assert.deepEqual(changes(tenant({ customer }), [...tenant({ customer }), both]), [
    "role customer gains everything of orders, through the gateway",
  ]);
});
