/** Each mistake of a table is one line with its place, what was found and what was expected, and all are told at once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { application as bookinfo } from "../../../../application";
import { tableComplaint, tableProblems } from "../../../../components/access/problems";
import type { Application, Path } from "../../../../components/application";
import type { Operations } from "../../../../components/access/rows";
import { application as orders } from "../../../../examples/orders/application";

const place = { port: 8080, path: "/orders", serviceAccount: "orders" };

/** So that each permission is asked for, and the gateway is asked for something. */
const others = {
  reads: { ...place, callers: ["gateway"], requires: "read:orders", routes: [{ exact: "/reads" }] },
  writes: { ...place, callers: ["gateway"], requires: "write:orders" },
};

const table = (services: Application["services"]): Application => ({
  name: "shop",
  title: "Shop",
  namespace: "shop",
  people: true,
  audience: "https://shop.example",
  home: "/orders",
  permissions: { "read:orders": "Read", "write:orders": "Write" },
  roles: { clerk: { description: "Sells", permissions: ["read:orders"] } },
  services: { ...services, ...others },
  requests: [{ name: "reads", path: "/reads", through: ["reads"] }],
});

/** Of a service with these operations, and one that its path is of; the request goes to another, whose route is first. */
const ofOperations = (operations: Operations, more: object = {}) => {
  const orders = {
    ...place,
    path: "/health",
    callers: ["gateway"],
    operations: { "GET /health": "public", ...operations },
    ...more,
  } as const;
  return tableProblems({
    ...table({}),
    services: { reads: others.reads, orders, writes: others.writes },
  });
};

test("the tables of this repository have no problem", () => {
  assert.deepEqual([bookinfo, orders].map(tableComplaint), [undefined, undefined]);
});

test("unknown permissions, callers and requirements are each named with what there is", () => {
  const services = {
    gateway: { ...place, callers: ["orders"], requires: "public" },
    orders: { ...place, callers: ["gateway", "shop"], requires: "read:order" },
    stock: { ...place, callers: [], requires: "signedIn" },
  };
  const roles = { clerk: { description: "Sells", permissions: ["sell"] } };
  const known = "gateway, orders, stock, reads, writes";
  assert.deepEqual(tableProblems({ ...table(services), roles }), [
    'roles.clerk.permissions: found "sell", expected one of read:orders, write:orders',
    "services.gateway: found a service with the name of the ingress gateway",
    `services.orders.callers: found "shop", expected one of ${known}`,
    'services.orders.requires: found "read:order", expected one of public, signedIn, read:orders, write:orders',
    `services.stock.callers: found none, expected one of ${known}`,
  ]);
  assert.deepEqual(
    tableProblems({ ...table({}), permissions: {}, services: {}, requests: [reads] }),
    [
      'roles.clerk.permissions: found "read:orders", but the table has no permissions',
      'requests["reads"].through: found "reads", expected one of ',
    ],
  );
});

const reads = { name: "reads", path: "/orders", through: ["reads"] } as const;

test("a permission is asked for by a service, and is no word that means something else", () => {
  const permissions = { ...table({}).permissions, "sell:orders": "Sell", public: "All" };
  assert.deepEqual(tableProblems({ ...table({}), permissions }), [
    'permissions: found "sell:orders", which no service asks for',
    'permissions: found "public", which is a requirement of its own',
  ]);
});

test("an operation's callers and requirement are checked as a service's are", () => {
  const known = "gateway, reads, orders, writes";
  assert.deepEqual(
    ofOperations({
      "GET /orders": "read:order",
      "POST /orders": { requires: "write", callers: ["shop"] },
      // To Istio an empty list is no condition: each workload would be admitted.
      "PUT /orders": { requires: "write:orders", callers: [] },
    }),
    [
      'services.orders.operations["GET /orders"]: found "read:order", expected one of public, signedIn, read:orders, write:orders',
      'services.orders.operations["POST /orders"].requires: found "write", expected one of public, signedIn, read:orders, write:orders',
      'services.orders.operations["POST /orders"].callers: found "shop", expected one of ' + known,
      'services.orders.operations["PUT /orders"].callers: found none, expected one of ' + known,
    ],
  );
  assert.deepEqual(ofOperations({}, { operations: {} }), [
    "services.orders.operations: found none, expected at least one",
  ]);
  assert.deepEqual(ofOperations({}, { requires: "public" }), [
    "services.orders: found requires and operations, expected one of them",
  ]);
});

test("each permission of a requirement with several is known, and a requirement has a known form", () => {
  const known = "read:orders, write:orders";
  assert.deepEqual(
    ofOperations({
      "GET /a": { anyOf: ["read:orders", { allOf: ["write:orders", "write"] }] },
      "GET /b": { requires: { allOf: ["read", "read:orders"] } },
      "GET /c": { anyOf: ["signedIn", "read:orders"] },
    }),
    [
      `services.orders.operations["GET /a"]: found "write", expected one of ${known}`,
      `services.orders.operations["GET /b"].requires: found "read", expected one of ${known}`,
      `services.orders.operations["GET /c"]: found "signedIn", expected one of ${known}`,
    ],
  );
  const every: Operations = { "GET /a": { anyOf: ["read:orders", { allOf: ["write:orders"] }] } };
  assert.deepEqual(ofOperations(every), []);
  for (const found of [null, 1, {}, { anyOf: [] }, { allOf: [1] }, { allOf: ["a"], anyOf: ["a"] }])
    assert.deepEqual(ofOperations({ "GET /a": found } as never), [
      `services.orders.operations["GET /a"]: found ${JSON.stringify(found)}, expected one of public, signedIn, ${known}, or a list of permissions under allOf or anyOf`,
    ]);
});

test("what has not the shape of a table is a line each, and no stack trace", () => {
  const shaped = (changes: object) => tableProblems({ ...table({}), ...changes });
  const place = {
    ...{ callers: ["gateway"], requires: "public", port: 80, path: "/", serviceAccount: "shop" },
  };
  const service = (changes: object) => shaped({ services: { shop: { ...place, ...changes } } });
  const lines: readonly (readonly [readonly string[], string])[] = [
    [shaped({ services: null }), "services: found nothing, expected services by their names"],
    [shaped({ services: { shop: null } }), "services.shop: found nothing, expected a service"],
    [
      shaped({ permissions: [] }),
      "permissions: found an empty list, expected permissions by their names",
    ],
    [
      shaped({ roles: { clerk: { description: "Sells" } } }),
      "roles.clerk.permissions: found nothing, expected a list of permissions",
    ],
    [shaped({ requests: [] }), "requests: found an empty list, expected at least one request"],
    [
      service({ callers: "gateway" }),
      'services.shop.callers: found "gateway", expected a list of callers',
    ],
    [
      service({ callers: undefined }),
      "services.shop.callers: found nothing, expected a list of callers",
    ],
    [
      service({ operations: null }),
      "services.shop.operations: found nothing, expected operations by their names",
    ],
    [
      service({ port: "80" }),
      'services.shop.port: found the text "80", expected a port. As a number it is written without quotes: 80',
    ],
    [
      service({ greeting: "" }),
      "services.shop.greeting: found empty text, expected what a client sends first",
    ],
    [
      service({ document: {} }),
      "services.shop.document.file: found nothing, expected the document's file",
    ],
    [
      service({ serviceAccount: undefined }),
      "services.shop.serviceAccount: found nothing, expected the name of its service account",
    ],
    [
      service({ path: "shop" }),
      'services.shop.path: found "shop", expected a path that begins with a slash',
    ],
    [
      service({ routes: [{ prefix: "shop" }] }),
      'services.shop.routes[0].prefix: found "shop", expected a path that begins with a slash',
    ],
    [shaped({ home: undefined }), "home: found nothing, expected a path that begins with a slash"],
    [
      shaped({ namespace: "The Shop" }),
      'namespace: found "The Shop", expected small letters, digits and hyphens',
    ],
    [shaped({ people: "no" }), 'people: found the text "no", expected true or false'],
  ];
  for (const [found, line] of lines) assert.equal(found[0], line);
});

test("a field that this version does not know is named with those that it knows", () => {
  const [read] = table({}).requests;
  assert.deepEqual(
    tableProblems({
      ...table({}),
      quotas: {},
      roles: { clerk: { description: "Sells", permissions: [], inherits: ["guest"] } },
      services: { reads: { ...others.reads, versions: [{ name: "v1", weight: 1 }], quota: 5 } },
      requests: [{ ...read, each: "1h" }],
    } as never),
    [
      "roles.clerk.inherits: found an unknown key, expected one of description, permissions",
      "services.reads.versions[0].weight: found an unknown key, expected one of name, part",
      "services.reads.quota: found an unknown key, expected one of path, proof, onRefusal, cors, callers, protocol, requires, operations, port, targetPort, serviceAccount, routes, greeting, limits, labels, versions, document",
      "requests[0].each: found an unknown key, expected one of path, proof, onRefusal, asks, name, through",
      "quotas: found an unknown key, expected one of name, title, namespace, people, audience, home, permissions, roles, services, image, settings, requests",
      // What can be read is checked all the same.
      'permissions: found "write:orders", which no service asks for',
    ],
  );
});

test("a misspelt field is not taken for none, and a permission is no pattern", () => {
  const known = "public, signedIn, read:orders, write:orders";
  assert.deepEqual(
    ofOperations({
      "GET /a": { requires: "signedIn", caller: ["orders"] },
      "GET /b": { anyOf: ["read:orders"], allof: ["write:orders"] },
      "GET /c": { requires: "signedIn", callers: "orders" },
    } as never),
    [
      'services.orders.operations["GET /a"].caller: found an unknown key, expected requires, callers or streams',
      `services.orders.operations["GET /b"]: found {"anyOf":["read:orders"],"allof":["write:orders"]}, expected one of ${known}, or a list of permissions under allOf or anyOf`,
      'services.orders.operations["GET /c"].callers: found "orders", expected a list of callers',
    ],
  );
  for (const name of ["orders:*", "50%", 'a"b', "a b", "", "ä"]) {
    const permissions = { ...table({}).permissions, [name]: "Sell" };
    assert.deepEqual(tableProblems({ ...table({}), permissions }), [
      `permissions: found ${JSON.stringify(name)}, expected a scope without *, %, quotes and blanks`,
    ]);
  }
});

test("an operation's own routes lead all of its paths to the service", () => {
  const pages = {
    ...place,
    path: "/docs/0",
    callers: ["gateway"],
    operations: { "GET /docs/{page}": "read:orders" },
    routes: [{ exact: "/docs/0" }],
  } as const;
  assert.deepEqual(tableProblems(table({ pages })), [
    'services.pages.operations["GET /docs/{page}"]: found routes for a part of its paths at the gateway, expected one with the prefix /docs/ or shorter',
  ]);
  assert.deepEqual(
    tableProblems(table({ pages: { ...pages, routes: [{ prefix: "/docs" }] } })),
    [],
  );
});

test("a gRPC service's operations are methods with their service, of which its path is one", () => {
  const stock = (operations: object, path = "/shop.Stock/Count") =>
    ofOperations({}, { protocol: "grpc", callers: ["reads"], operations, path });
  const form =
    "expected a gRPC service with its package, one slash, and a method, such as shop.Inventory/Reserve";
  assert.deepEqual(stock({ "shop.Stock/Count": "public", "Stock/Count": "read:orders" }), []);
  for (const name of ["GET /shop.Stock/Count", "/shop.Stock/Count", "shop.Stock", "shop..A/B"])
    assert.deepEqual(stock({ [name]: "public" }), [
      `services.orders.operations[${JSON.stringify(name)}]: ${form}`,
    ]);
  assert.deepEqual(stock({ "shop.Stock/Take": "public" }), [
    'services.orders.path: found "/shop.Stock/Count", expected one of its operations after a slash',
  ]);
});

test("a service of connections has callers in the mesh, and nothing that only requests have", () => {
  const store = (more: object) =>
    tableProblems(table({ store: { ...tcp, ...more } as Application["services"][string] }));
  const tcp = { protocol: "tcp", port: 7000, serviceAccount: "store", greeting: "PING" };
  assert.deepEqual(store({ callers: ["reads"] }), []);
  const of = (field: string) =>
    `services.store.${field}: found one, expected none with the protocol tcp, whose callers are known by their identity alone`;
  assert.deepEqual(
    store({
      callers: ["gateway"],
      requires: "public",
      operations: {},
      document: { file: "store.yaml", operations: {} },
      path: "/",
      proof: { request: "GET /" },
      onRefusal: "unchanged",
      cors: "own",
      routes: [],
      greeting: undefined,
    }),
    [
      'services.store.callers: found "gateway", expected one of store, reads, writes',
      ...["requires", "operations", "document", "path", "proof", "onRefusal", "cors", "routes"].map(
        of,
      ),
      "services.store.greeting: found nothing, expected what a client sends first",
    ],
  );
  assert.deepEqual(store({ callers: ["reads"], protocol: "udp" }), [
    'services.store.protocol: found "udp", expected one of http, grpc, tcp',
  ]);
});

test("a service's path, and what the gateway is asked for, are of a GET operation", () => {
  assert.deepEqual(ofOperations({ "POST /orders": "write:orders" }, { path: "/orders" }), [
    'services.orders.path: found "/orders", expected a path of one of its GET operations',
  ]);
  const requests = [{ name: "orders", path: "/orders/0", through: ["orders"] }] as const;
  const orders = {
    ...place,
    callers: ["gateway"],
    operations: { "GET /orders": "public" },
  } as const;
  assert.deepEqual(tableProblems({ ...table({ orders }), requests }), [
    'requests["orders"].path: found "/orders/0", expected a path of one of the GET operations of orders',
  ]);
});

test("the gateway leads each operation that it may call to its own service", () => {
  const shipping = {
    ...place,
    path: "/orders/0/shipping",
    callers: ["gateway"],
    operations: { "GET /orders/{id}/shipping": "public" },
  } as const;
  const orders = {
    ...place,
    callers: ["gateway"],
    operations: { "GET /orders": "public", "GET /orders/{id}": "public" },
  } as const;
  assert.deepEqual(tableProblems(table({ orders, shipping })), [
    'services.shipping.operations["GET /orders/{id}/shipping"]: found a route of orders, which comes first, for its path at the gateway, expected one that leads to shipping',
  ]);
  assert.deepEqual(tableProblems(table({ shipping, orders })), [
    'services.orders.operations["GET /orders/{id}"]: found a route of shipping, which comes first, for its path at the gateway, expected one that leads to orders',
  ]);
  const routes = [{ exact: "/orders" }];
  assert.deepEqual(tableProblems(table({ orders: { ...orders, routes } })), [
    'services.orders.operations["GET /orders/{id}"]: found no route for its path at the gateway, expected one that leads to orders',
  ]);
});

test("the gateway leads what it is asked for to the first service of the request", () => {
  const asked = (routes: readonly Path[], path = "/orders?all=1") => {
    const orders = { ...place, callers: ["gateway"], requires: "public", routes } as const;
    const requests = [{ name: "all", path, through: ["orders"] }] as const;
    return tableProblems({ ...table({ orders }), requests });
  };
  assert.deepEqual(asked([{ exact: "/orders" }]), []);
  assert.deepEqual(asked([{ prefix: "/ord" }]), []);
  const where = 'requests["all"].through: found orders at first, and';
  const expected = "at the gateway, expected one that leads to orders (services.orders.routes)";
  assert.deepEqual(asked([]), [`${where} no route for /orders ${expected}`]);
  assert.deepEqual(asked([{ exact: "/orders" }], "/orders/0"), [
    `${where} no route for /orders/0 ${expected}`,
  ]);
  assert.deepEqual(asked([{ exact: "/orders" }], "/reads"), [
    `${where} a route of reads for /reads ${expected}`,
  ]);
});

test("an operation's name is a known method, a space, and a path that Istio can compare", () => {
  const wrong = (name: string) =>
    ofOperations({ [name]: "public" }).map((line) =>
      line.replace(`services.orders.operations[${JSON.stringify(name)}]: `, ""),
    );
  const form =
    "expected a method, one space, and a path that begins with a slash, such as GET /orders/{id}";
  for (const name of ["/orders", "GET orders", "GET  /orders", "GET /a /b", "GET"])
    assert.deepEqual(wrong(name), [form], name);
  for (const method of ["get", "*", "DELTE", "CONNECT"])
    assert.deepEqual(wrong(`${method} /orders`), [
      `found the method ${method}, expected one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE`,
    ]);
  const segments = {
    "GET /orders*": "orders*",
    "GET /orders/%2e": "%2e",
    "GET /orders/{id": "{id",
    "GET /orders/{id}.json": "{id}.json",
    "GET /orders/{}": "{}",
    "GET /{rest...}/orders": "{rest...}",
    "GET /orders?page": "orders?page",
    "GET /orders#a": "orders#a",
    "GET /ördér": "ördér",
  };
  for (const [name, segment] of Object.entries(segments)) {
    const [line = ""] = wrong(name);
    assert.ok(line.startsWith(`found the segment ${JSON.stringify(segment)}, expected text`), line);
  }
  assert.deepEqual(wrong("GET /orders/:id/items"), [
    'found the segment ":id", which is text here, expected a name in braces: {id}',
  ]);
  for (const name of ["GET //orders", "GET /orders/../a", "GET /.", "GET /./a"])
    assert.match(wrong(name).join(), /^expected no empty segment/, name);
  for (const name of ["GET /", "GET /orders/", "TRACE /a", "GET /a/{b-c}/c.d", "GET /a/{rest...}"])
    assert.deepEqual(wrong(name), [], name);
});

test("two operations that a request can be for ask for the same", () => {
  const found = (one: string, two: string, sample: string) => [
    `services.orders.operations: found ${one} and ${two}, which both match ${sample}, expected one of them, or the same requirement and callers for both`,
  ];
  const both = (one: string, two: string) =>
    ofOperations({ [one]: "read:orders", [two]: "write:orders" });
  for (const [one, two, sample] of [
    ["GET /orders/{id}", "GET /orders/mine", "GET /orders/mine"],
    ["GET /orders/mine", "GET /orders/{id}", "GET /orders/mine"],
    ["GET /orders/{id}", "GET /orders/{name}", "GET /orders/0"],
    ["GET /{a}/mine", "GET /orders/{id}", "GET /orders/mine"],
    ["GET /orders/{id}/items", "GET /orders/{rest...}", "GET /orders/0/items"],
    ["GET /a/{rest...}", "GET /a/{a...}", "GET /a/0"],
    // Many services read /files/ as /files.
    ["GET /files", "GET /files/{rest...}", "GET /files"],
  ] as const)
    assert.deepEqual(both(one, two), found(one, two, sample));
  for (const [one, two] of [
    ["GET /orders/{id}", "POST /orders/{id}"],
    ["GET /orders", "GET /orders/"],
    ["GET /orders", "GET /orders/{id}"],
    ["GET /orders/{id}", "GET /orders/{id}/items"],
    ["GET /orders/{id}/a", "GET /orders/{id}/b"],
  ] as const)
    assert.deepEqual(both(one, two), [], `${one}, ${two}`);
  const same = { "GET /orders/{id}": "read:orders", "GET /orders/mine": "read:orders" } as const;
  assert.deepEqual(ofOperations(same), []);
  const callers = (...callers: string[]) => ({ requires: "public", callers });
  const inAnyOrder = {
    "GET /orders/{id}": callers("gateway", "reads"),
    "GET /orders/mine": callers("reads", "gateway"),
  };
  assert.deepEqual(ofOperations(inAnyOrder), []);
});

test("limits of another form, and what streams only a little, are each named", () => {
  const limits = { timeout: "never", perTryTimeout: "0s", attempts: 11 };
  assert.deepEqual(ofOperations({}, { limits }), [
    'services.orders.limits.timeout: found "never", expected a duration such as 500ms, 30s or 5m, or none',
    'services.orders.limits.perTryTimeout: found "0s", expected a duration such as 500ms, 30s or 5m',
    "services.orders.limits.attempts: found 11, expected a whole number from 0 to 10",
  ]);
  assert.deepEqual(ofOperations({}, { limits: { timeout: "none", attempts: 0 } }), []);
  const streams = false as unknown as true;
  assert.deepEqual(ofOperations({ "GET /feed": { requires: "public", streams } }), [
    'services.orders.operations["GET /feed"].streams: found false, expected true, or none',
  ]);
});

const proven = (more: object, operations: Operations = { "POST /orders": "write:orders" }) =>
  ofOperations(operations, { path: undefined, ...more });

test("a service's proof is a request that one of its operations is for, with a status that no proxy has", () => {
  const proof = { request: "POST /orders?dry-run=1", body: "{}", answers: [201, 409, 403] };
  assert.deepEqual(proven({ proof }), []);
  const where = "services.orders.proof";
  const wrong: readonly [object, ...lines: string[]][] = [
    [{ path: "/health", proof }, "services.orders: found path and proof, expected one of them"],
    [{}, "services.orders: found neither path nor proof, expected one of them"],
    [
      { proof: { request: "PUT /orders" } },
      `${where}.request: found "PUT /orders", expected one that one of its operations is for`,
    ],
    [
      { proof: { request: "/orders" } },
      `${where}.request: found "/orders", expected a method, one space, and a path that begins with a slash, such as GET /orders/{id}`,
    ],
    [
      { proof: { request: "GET /orders/{id}" } },
      `${where}.request: found "GET /orders/{id}", expected a path without templates`,
    ],
    [
      { proof: { ...proof, answers: [201, 503] } },
      `${where}.answers: found 503, with which the mesh answers for a service that it does not reach, expected another status`,
    ],
    [
      { proof: { ...proof, answers: "OK" } },
      `${where}.answers: found OK, expected a status from 200 to 599`,
    ],
    [
      { proof: { ...proof, headers: { Authorization: "Basic eDp5" } } },
      `${where}.headers: found Authorization, which is each viewer's own`,
    ],
    ...(
      [
        ...["Connection", "keep-alive", "TE", "trailer", "transfer-encoding", "upgrade"].map(
          (name) => [name, "which is of one connection, and not passed on"] as const,
        ),
        ["Proxy-Authorization", "which is of one connection, and not passed on"],
        ["Host", "which verify writes"],
        ["content-length", "which verify writes"],
        ["X-Verify-Request", "which verify writes"],
        ["x-forwarded-client-cert", "which the mesh writes"],
      ] as const
    ).map(([name, why]): [object, string] => [
      { proof: { ...proof, headers: { [name]: "3" } } },
      `${where}.headers: found ${name}, ${why}`,
    ]),
    [
      { proof: { ...proof, headers: { "bad name": "x" } } },
      `${where}.headers: found "bad name", expected a header's name`,
    ],
    [
      { proof: { ...proof, headers: { a: "x\r\ny: z" } } },
      `${where}.headers.a: found "x\\r\\ny: z", expected a header's value`,
    ],
    [
      { proof: { ...proof, answers: 99 } },
      `${where}.answers: found 99, expected a status from 200 to 599`,
    ],
    [
      { proof, onRefusal: { status: "UNAVAILABLE" } },
      "services.orders.onRefusal.status: found UNAVAILABLE, expected a status from 200 to 599",
    ],
    [
      { proof, onRefusal: "passed on" },
      'services.orders.onRefusal: found "passed on", expected "same status", "unchanged" or { status, body }',
    ],
  ];
  for (const [more, ...lines] of wrong) {
    const found = proven(more).filter(
      // One of another kind of answer is one that no operation is for, too.
      (line) => !line.endsWith("is for") || lines.includes(line),
    );
    assert.deepEqual(found, lines);
  }
});

test("a gRPC service's proof is a method, and its status a code", () => {
  const stock = (proof: object) =>
    ofOperations(
      {},
      {
        protocol: "grpc",
        callers: ["reads"],
        path: undefined,
        operations: { "shop.Stock/Count": "signedIn" },
        proof,
      },
    );
  assert.deepEqual(stock({ request: "shop.Stock/Count", answers: "NOT_FOUND" }), []);
  assert.deepEqual(stock({ request: "shop.Stock/Take" }), [
    'services.orders.proof.request: found "shop.Stock/Take", expected one that one of its operations is for',
  ]);
  assert.deepEqual(stock({ request: "shop.Stock/Count", answers: 200 }), [
    "services.orders.proof.answers: found 200, expected a code of gRPC such as OK",
  ]);
});

test("how a refusal is passed on is told from what permitted requests are answered", () => {
  const asked = (more: object, service: object = {}) =>
    tableProblems({
      ...table({}),
      services: { ...others, reads: { ...others.reads, ...service } },
      requests: [{ name: "all", path: "/reads", through: ["reads", "writes"], ...more }] as never,
    });
  const alone =
    'requests["all"].onRefusal: found the status 200 alone, which permitted requests get as well, expected a body too: a text that only the answer to a refusal has';
  assert.deepEqual(asked({ onRefusal: { status: 502 } }), []);
  assert.deepEqual(asked({ onRefusal: { status: 200, body: "not today" } }), []);
  assert.deepEqual(asked({ onRefusal: { status: 200 } }), [alone]);
  assert.deepEqual(asked({}, { onRefusal: { status: 200 } }), [alone]);
  assert.deepEqual(asked({ onRefusal: "unchanged" }, { onRefusal: { status: 200 } }), []);
  assert.deepEqual(asked({ through: ["reads"], onRefusal: "unchanged" }), [
    'requests["all"].onRefusal: found one, expected none where through names one service',
  ]);
  const asks = (of: object, through: readonly string[] = ["reads", "writes"]) =>
    asked({ asks: of, through });
  assert.deepEqual(asks({ writes: "GET /orders" }), []);
  assert.deepEqual(asks({ reads: "GET /orders" }), [
    'requests["all"].asks: found "reads", expected one of writes',
  ]);
  assert.deepEqual(asks({ writes: "/orders" }), [
    'requests["all"].asks.writes: found "/orders", expected a method, one space, and a path that begins with a slash, such as GET /orders/{id}',
  ]);
});
