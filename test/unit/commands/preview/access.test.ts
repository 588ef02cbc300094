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
  audience = application.audience,
}: {
  customer?: readonly string[];
  reporting?: readonly string[];
  roles?: readonly string[];
  audience?: string;
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
    inputs: {
      permissions: customer.map((name) => ({ name, resourceServerIdentifier: audience })),
    },
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
    inputs: { audience, scopes: reporting },
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

const api = {
  issuer: own,
  audience: application.audience,
  permissionsClaim: ["permissions"],
};

const changes = (before: readonly Entry[], after: readonly Entry[]) =>
  accessDifference([...before, checks], [...after, checks], application, api).map(
    ({ text }) => text,
  );

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
    "tokens with cancel:orders lose DELETE /orders/{id} of orders, through the gateway",
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
    "AuthorizationPolicy shop/allow-nothing is gone",
    "AuthorizationPolicy shop/orders is another",
    "PeerAuthentication shop/default is another",
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
  assert.deepEqual(changes(tenant(), [...tenant(), both]), [
    "tokens with read:orders and cancel:orders gain everything of orders, through the gateway",
  ]);
  const customer = ["read:orders", "cancel:orders"];
  assert.deepEqual(changes(tenant({ customer }), [...tenant({ customer }), both]), [
    "role customer gains everything of orders, through the gateway",
  ]);
});

/** A rule with more of a source, of an operation or of a rule than the table's. */
const narrowed = (source: object, operation?: object, token = true) => ({
  from: [
    {
      source: {
        serviceAccounts: [ingress],
        ...(token && { requestPrincipals: [`${own}/*`] }),
        ...source,
      },
    },
  ],
  ...(operation && { to: [{ operation }] }),
});

const of = (...rules: readonly object[]) => [...tenant(), policy("orders", ...rules)];

for (const [condition, old, now] of [
  ["notPaths", narrowed({}, { notPaths: ["/admin*"] }, false), { paths: ["/admin*"] }],
  ["ports", narrowed({}, { ports: ["9090"] }, false), { methods: ["DELETE"] }],
  ["hosts", narrowed({}, { hosts: ["inside"] }, false), { methods: ["GET"] }],
  ["namespaces", narrowed({ namespaces: ["monitoring"] }, undefined, false), { methods: ["GET"] }],
] as const)
  test(`takes no rule with the condition ${condition} for one that covers a rule without it`, () => {
    const [told = "", ...more] = changes(of(old), of(old, narrowed({}, now, false)));
    assert.deepEqual(more, []);
    assert.match(told, /^anyone gains .* of orders, through the gateway$/);
  });

test("takes a claim that is no permission, and what is excluded, for conditions", () => {
  const verified = { key: "request.auth.claims[email_verified]", values: ["true"] };
  assert.deepEqual(changes(of(), of(rule({ more: [verified] }))), [
    "every signed-in user and machine gains everything of orders, through the gateway",
  ]);
  const some = { key: claim, values: ["read:orders"], notValues: ["cancel:orders"] };
  assert.deepEqual(
    changes(of(rule({ more: [some] })), of(rule({ permissions: ["read:orders"] }))),
    [
      `rules of orders: their condition ${claim} is another`,
      "every signed-in user and machine loses everything of orders, through the gateway",
    ],
  );
});

test("compares paths by Istio's patterns", () => {
  const open = (...paths: string[]) => of(narrowed({}, { methods: ["GET"], paths }, false));
  const gains = (what: string) => [`anyone gains GET ${what} of orders, through the gateway`];
  assert.deepEqual(
    changes(open("/orders/{*}"), open("/orders/{*}", "/orders/*")),
    gains("/orders/*"),
  );
  assert.deepEqual(changes(open("/{*}"), open("/*")), gains("/*"));
  assert.deepEqual(
    changes(open("/files/{**}/public"), open("/files/{**}/public", "/files/secret")),
    gains("/files/secret"),
  );
});

test("counts the permissions of the stack's own API alone", () => {
  const other = { audience: "https://other.example" };
  assert.deepEqual(changes([...tenant(other), stock], [...tenant(), stock]), [
    "role customer gains everything of stock, through orders",
  ]);
});

test("names the workloads that a policy selects, and not the policy", () => {
  const spec = { rules: [open()] };
  const selecting = (matchLabels?: object) =>
    object("AuthorizationPolicy", "extra", {
      ...spec,
      ...(matchLabels && { selector: { matchLabels } }),
    });
  const gains = (whose: string) => [`anyone gains everything of ${whose}, through the gateway`];
  assert.deepEqual(changes([], [selecting({ app: "stock" })]), gains("stock"));
  assert.deepEqual(changes([], [selecting()]), gains("every workload of shop"));
  assert.deepEqual(changes([], [selecting({ x: "y" })]), gains("the workloads with x: y of shop"));
});

test("takes no other issuer's tokens for the roles' own, also where they come first", () => {
  const evil = "https://evil.example/";
  const extra = object("RequestAuthentication", "a-extra", { jwtRules: [{ issuer: evil }] });
  const after = of(rule({ issuer: evil, permissions: ["read:orders"] }));
  assert.deepEqual(changes(of(), [...after, extra]), [
    "RequestAuthentication shop/a-extra is new",
    "tokens of https://evil.example/ with read:orders gain everything of orders, through the gateway",
  ]);
});

test("tells objects that are known only after an update, and what opens in another way", () => {
  const unknown = {
    ...object("AuthorizationPolicy", "x", {}),
    inputs: { kind: "AuthorizationPolicy", spec: "[unknown]" },
  };
  const deployment = (app: string): Entry => ({
    type: "kubernetes:apps/v1:Deployment",
    name: "orders",
    inputs: {
      kind: "Deployment",
      metadata: { name: "orders", namespace: "shop" },
      spec: { template: { metadata: { labels: { app } }, spec: { containers: [] } } },
    },
  });
  const connection = (disableSignup: boolean): Entry => ({
    type: "auth0:index/connection:Connection",
    name: "identity-connection",
    inputs: { name: "shop", options: { disableSignup } },
  });
  assert.deepEqual(
    changes(
      [deployment("orders"), connection(true)],
      [deployment("other"), connection(false), unknown],
    ),
    [
      "Connection identity-connection is another",
      "Deployment shop/orders is another",
      "AuthorizationPolicy access-x is new",
    ],
  );
});

test("the same plan twice is no change, and many alternatives take no time", () => {
  const two = of(narrowed({ ipBlocks: ["10.0.0.1"] }), narrowed({ ipBlocks: ["10.0.0.2"] }));
  assert.deepEqual(changes(two, two), []);
  const values = Array.from({ length: 10 }, (_, number) => `p${number}`);
  const many = Array.from({ length: 9 }, () => ({ key: claim, values }));
  assert.equal(changes(of(), of(rule({ more: many }))).length, 1);
});
