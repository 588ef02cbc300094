/** Policies that admit what the access table does pass; a wider rule, other condition or missing caller is reported. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { accessTable } from "../../../../policies/rules/access-table";
import {
  allow,
  allowNothing,
  authorization,
  issuers,
  permission,
  principals,
  source,
  table,
} from "../istio";
import { type Given, judged, notKnown } from "../judged";

const page = allow("productpage", { from: [source("ingress/gateway")] });
const profile = allow("profile", {
  from: [source("bookinfo/productpage", [principals]), source("ingress/gateway", [principals])],
});
const from = [source("bookinfo/productpage", [principals])];
const when = [permission()];
const details = (...rules: object[]) => allow("details", ...rules);
const others = [page, profile, allowNothing];
const all = (...policies: Given[]) => [...policies, ...others];

const unknown = "a value that is not known before the update";
const is = (path: string, value: string, write: string, name = "details") => ({
  where: `${path} of AuthorizationPolicy bookinfo/${name}`,
  is: value,
  write,
  resource: name,
});
const accounts = 'serviceAccounts: ["bookinfo/productpage"]';
const nobody = (
  token = "",
  caller = "bookinfo/productpage",
  title = "AuthorizationPolicy bookinfo/details",
  resource: string | undefined = "details",
) => ({
  found: `no rule of ${title} admits ${caller}${token}, as the access table does`,
  write: `it into the serviceAccounts of a rule${token}, or take it out of the table`,
  resource,
});
const noToken = nobody(' with a token of "https://tenant.example/"');
const settings = { table };
const first = "spec.rules[0].from[0].source";

test("policies that admit what the table does pass, however they spell it", async () => {
  const spelled = {
    source: {
      principals: ["cluster.local/ns/bookinfo/sa/productpage"],
      requestPrincipals: [principals],
    },
  };
  const narrower = { from, when: [...when, { key: "request.auth.presenter", values: [notKnown] }] };
  for (const rule of [
    { from, when },
    { from: [source("productpage", [principals])], when },
    { from: [spelled], when },
    { from, when, to: [{ operation: { methods: ["GET"] } }] },
  ])
    assert.deepEqual(await judged(accessTable, all(details(rule)), settings), []);
  assert.deepEqual(await judged(accessTable, all(details({ from, when }, narrower)), settings), []);
});

test("without a table nothing is compared", async () => {
  assert.deepEqual(await judged(accessTable, [details({})]), []);
});

test("each caller, token and permission beyond the table is found", async () => {
  const key = "request.auth.claims[permissions]";
  const condition = `{"key":"${key}","values":["read"]}`;
  const cases = [
    [
      { from: [...from, source("ingress/gateway", [principals])], when },
      [is("spec.rules[0].from[1].source.serviceAccounts", '"ingress/gateway"', accounts)],
    ],
    [
      { from: [...from, { source: { requestPrincipals: [principals] } }], when },
      [is("spec.rules[0].from[1].source.serviceAccounts", "nothing", accounts)],
    ],
    [
      { from: [...from, source("bookinfo/productpage")], when },
      [is("spec.rules[0].from[1].source.requestPrincipals", "nothing", `"${principals}"`)],
    ],
    [
      { from: [source("bookinfo/productpage", [principals, "*"])], when },
      [is(`${first}.requestPrincipals`, '"*"', `"${principals}"`)],
    ],
    [{ from }, [is("spec.rules[0].when", "nothing", condition)]],
    [
      { from, when: [{ key: "request.auth.claims[scope]", values: ["read"] }] },
      [is("spec.rules[0].when", "nothing", condition), nobody()],
    ],
    [
      { from, when: [{ key, values: ["read", "write"] }] },
      [is("spec.rules[0].when[0].values", '["read","write"]', '["read"]')],
    ],
    [
      { from, when: [{ key, values: ["*"] }] },
      [is("spec.rules[0].when[0].values", '["*"]', '["read"]')],
    ],
    [
      { from, when: [{ key, notValues: ["none"] }] },
      [is("spec.rules[0].when[0].values", "nothing", '["read"]')],
    ],
    [
      { from, when: [permission(notKnown)] },
      [is("spec.rules[0].when[0].values", '["[unknown]"]', '["read"]')],
    ],
  ] as const;
  for (const [rule, expected] of cases)
    assert.deepEqual(await judged(accessTable, all(details(rule)), settings), expected);
});

test("a rule that another condition narrows does not admit what the table does", async () => {
  const narrow = [{ key: "request.headers[x-beta]", values: ["1"] }];
  assert.deepEqual(
    await judged(accessTable, all(details({ from, when: [...when, ...narrow] })), settings),
    [nobody()],
  );
});

test("a condition on permissions that the row does not ask for is found: it refuses others", async () => {
  const key = "request.auth.claims[permissions]";
  const both = details({ from, when: [...when, permission("write")] });
  assert.deepEqual(await judged(accessTable, all(both), settings), [
    is("spec.rules[0].when[1].values", '["write"]', '["read"]'),
  ]);
  const never = details({ from, when: [{ key, values: ["read"], notValues: ["read"] }] });
  assert.deepEqual(await judged(accessTable, all(never), settings), [
    is("spec.rules[0].when[0].notValues", '["read"]', "nothing"),
  ]);
  const asking = allow("productpage", { from: [source("ingress/gateway")], when });
  const good = [details({ from, when }), profile, allowNothing];
  assert.deepEqual(await judged(accessTable, [...good, asking], settings), [
    is(
      "spec.rules[0].when[0]",
      `{"key":"${key}","values":["read"]}`,
      "no condition on permissions",
      "productpage",
    ),
  ]);
});

test("a public service that asks for a token is found", async () => {
  const asking = allow("productpage", { from: [source("ingress/gateway", [principals])] });
  const title = "AuthorizationPolicy bookinfo/productpage";
  const good = [details({ from, when }), profile, allowNothing];
  assert.deepEqual(await judged(accessTable, [...good, asking], settings), [
    nobody(" without a token", "ingress/gateway", title, "productpage"),
  ]);
  assert.deepEqual(await judged(accessTable, [...good, asking, page], settings), []);
});

test("a second rule is judged like the first", async () => {
  assert.deepEqual(await judged(accessTable, all(details({ from, when }, { when })), settings), [
    is("spec.rules[1].from", "nothing", accounts),
  ]);
});

test("a caller that is unknown, or a pattern, is not one of the table's", async () => {
  for (const [caller, shown] of [
    [notKnown, unknown],
    ["bookinfo/*", '"bookinfo/*"'],
    ["elsewhere/productpage", '"elsewhere/productpage"'],
  ] as const)
    assert.deepEqual(
      await judged(
        accessTable,
        all(details({ from: [source(caller, [principals])], when })),
        settings,
      ),
      [is(`${first}.serviceAccounts`, shown, accounts), nobody()],
    );
});

test("whom the table admits and no rule does is found", async () => {
  assert.deepEqual(await judged(accessTable, others, settings), [
    { ...nobody("", undefined, "AuthorizationPolicy of details"), resource: undefined },
  ]);
  const half = [page, allowNothing, details({ from, when }), allow("profile", { from })];
  assert.deepEqual(await judged(accessTable, half, settings), [
    nobody("", "ingress/gateway", "AuthorizationPolicy bookinfo/profile", "profile"),
  ]);
  const single = "https://tenant.example//auth0|1";
  const one = details({ from: [source("bookinfo/productpage", [single])], when });
  assert.deepEqual(await judged(accessTable, all(one), settings), [noToken]);
});

test("a policy that selects no service of the table is found", async () => {
  const services = "app: productpage, details, profile, the services of the access table";
  const selector = (name: string, value: string, policy: Given) => [
    [policy, is("spec.selector.matchLabels", value, services, name)] as const,
  ];
  const rules = [{ from, when }];
  const cases = [
    ...selector("all", "nothing", authorization("all", { rules })),
    ...selector("other", '{"app":"other"}', allow("other", ...rules)),
    ...selector(
      "v1",
      '{"version":"v1"}',
      authorization("v1", { selector: { matchLabels: { version: "v1" } }, rules }),
    ),
  ];
  for (const [policy, expected] of cases)
    assert.deepEqual(await judged(accessTable, all(details(...rules), policy), settings), [
      expected,
    ]);
  const target = { targetRefs: [{ name: "waypoint" }], rules };
  const selective = { ...target, selector: { matchLabels: { app: "details" } } };
  for (const spec of [target, selective])
    assert.deepEqual(
      await judged(accessTable, all(details(...rules), authorization("target", spec)), settings),
      [is("spec.targetRefs", '{"name":"waypoint"}', "spec.selector instead", "target")],
    );
  assert.deepEqual(await judged(accessTable, all(authorization("target", selective)), settings), [
    is("spec.targetRefs", '{"name":"waypoint"}', "spec.selector instead", "target"),
    { ...nobody("", undefined, "AuthorizationPolicy of details"), resource: undefined },
  ]);
  const elsewhere = authorization("all", { rules: [{}] }, "elsewhere");
  assert.deepEqual(await judged(accessTable, all(details(...rules), elsewhere), settings), []);
  const root = authorization("all", { rules: [{}] }, "istio-system");
  const found = await judged(accessTable, all(details(...rules), root), settings);
  assert.deepEqual(
    found.map(({ resource }) => resource),
    ["all"],
  );
  const denying = authorization("deny", { action: "DENY", rules: [{}] });
  assert.deepEqual(await judged(accessTable, all(details(...rules), denying), settings), []);
});

test("an action that is not known yet is found", async () => {
  const policy = authorization("details", {
    action: notKnown,
    selector: { matchLabels: { app: "details" } },
    rules: [{ from, when }],
  });
  assert.deepEqual(await judged(accessTable, all(policy), settings), [
    is("spec.action", unknown, '"ALLOW"'),
  ]);
});

test("paths are compared where the table has them, and permissions where the issuer's tokens do", async () => {
  const row = table.services.details;
  const narrow = (paths: readonly string[]) => ({
    table: { ...table, services: { ...table.services, details: { ...row, paths } } },
  });
  const to = (...paths: string[]) => [{ operation: { paths } }];
  const limited = narrow(["/details/*"]);
  const good = all(details({ from, when, to: to("/details/*") }));
  assert.deepEqual(await judged(accessTable, good, limited), []);
  const write = 'paths: ["/details/*"]';
  assert.deepEqual(await judged(accessTable, all(details({ from, when })), limited), [
    is("spec.rules[0].to", "nothing", write),
  ]);
  const wider = all(details({ from, when, to: to("/details/*", "/admin") }));
  assert.deepEqual(await judged(accessTable, wider, limited), [
    is("spec.rules[0].to[0].operation", '{"paths":["/details/*","/admin"]}', write),
  ]);
  const [issuer] = table.issuers;
  const nested = {
    table: { ...table, issuers: [{ ...issuer, permissionsClaim: ["realm", "roles"] }] },
  };
  const condition = { key: "request.auth.claims[realm][roles]", values: ["read"] };
  assert.deepEqual(
    await judged(accessTable, all(details({ from, when: [condition] })), nested),
    [],
  );
});

test("each operation is compared with its own row", async () => {
  const read = { methods: ["GET"], paths: ["/details/{*}"], requires: "read" };
  const write = { methods: ["POST", "PUT"], paths: ["/details"], requires: "write" };
  const callers = ["bookinfo/productpage"];
  const rows = [read, write].map((row) => ({ ...row, callers }));
  const limited = { table: { ...table, services: { ...table.services, details: rows } } };
  const rule = (asked: string, methods: string[], ...paths: string[]) => ({
    from,
    when: [permission(asked)],
    to: [{ operation: { methods, paths } }],
  });
  const reads = rule("read", ["GET"], "/details/{*}");
  const writes = rule("write", ["POST", "PUT"], "/details");
  const found = (...rules: object[]) => judged(accessTable, all(details(...rules)), limited);
  assert.deepEqual(await found(reads, writes), []);
  const expected =
    'methods: ["GET"], paths: ["/details/{*}"]; or methods: ["POST","PUT"], paths: ["/details"]';
  const more = (value: string, position = 0) =>
    is(`spec.rules[${position}].to[0].operation`, value, expected);
  // A method more, a path more, no method, and no operation at all.
  assert.deepEqual(await found(rule("read", ["GET", "DELETE"], "/details/{*}"), writes), [
    more('{"methods":["GET","DELETE"],"paths":["/details/{*}"]}'),
  ]);
  assert.deepEqual(await found(rule("read", ["GET"], "/details/{*}", "/details/{**}"), writes), [
    more('{"methods":["GET"],"paths":["/details/{*}","/details/{**}"]}'),
  ]);
  assert.deepEqual(await found(reads, rule("write", [], "/details")), [
    more('{"methods":[],"paths":["/details"]}', 1),
  ]);
  assert.deepEqual(
    (await found(reads, { from, when: [permission("write")] }))[0],
    is("spec.rules[1].to", "nothing", expected),
  );
  // The other row's permission, or the operation missing.
  assert.deepEqual(await found(reads, rule("read", ["POST", "PUT"], "/details")), [
    is("spec.rules[1].when[0].values", '["read"]', '["write"]'),
  ]);
  assert.deepEqual(await found(reads, rule("write", ["PUT"], "/details")), [
    nobody(" for POST /details"),
  ]);
  assert.deepEqual(await found(reads), [nobody(" for POST /details"), nobody(" for PUT /details")]);
});

test("where only listed clients' tokens count, each rule names them, and no others", async () => {
  const of = (clients: unknown) => ({
    table: { ...table, issuers: issuers.map((one) => ({ ...one, clients })) },
  });
  const details = (...conditions: object[]) => [
    allow("productpage", { from: [source("ingress/gateway")] }),
    allow("profile", {
      from: [source("bookinfo/productpage", [principals]), source("ingress/gateway", [principals])],
      when: conditions,
    }),
    allow("details", {
      from: [source("bookinfo/productpage", [principals])],
      when: [permission(), ...conditions],
    }),
  ];
  const presenter = (...values: unknown[]) => ({ key: "request.auth.presenter", values });
  const count = async (given: readonly Given[], clients: unknown) =>
    (await judged(accessTable, given, of(clients))).length;
  assert.equal(await count(details(presenter("web")), ["web"]), 0);
  assert.equal(await count(details(), "any"), 0);
  assert.equal(await count(details(), ["web"]), 2);
  assert.equal(await count(details(presenter("web", "other")), ["web"]), 2);
  assert.equal(await count(details(presenter("*")), ["web"]), 2);
  const excluded = { key: "request.auth.presenter", notValues: ["other"] };
  assert.equal(await count(details(excluded), ["web"]), 2);
  // The stack's own clients: their ids are their provider's outputs, or not known yet.
  const client: Given = {
    type: "auth0:index/client:Client",
    name: "web",
    outputs: { clientId: "web" },
  };
  assert.equal(await count([...details(presenter("web", notKnown)), client], "listed"), 0);
  assert.equal(await count([...details(presenter("stranger")), client], "listed"), 2);
});

test("a policy for the labels of two services is compared with neither", async () => {
  const labels = { profile: { name: "profile" } };
  const both = authorization("both", {
    selector: { matchLabels: { app: "details", name: "profile" } },
    rules: [{ from, when }],
  });
  const policy = authorization("profile", {
    ...(profile.inputs?.spec as object),
    selector: { matchLabels: labels.profile },
  });
  assert.deepEqual(
    await judged(accessTable, [details({ from, when }), page, policy, both, allowNothing], {
      table: { ...table, labels },
    }),
    [
      is(
        "spec.selector.matchLabels",
        '{"app":"details","name":"profile"}',
        '{"app":"productpage"} or {"app":"details"} or {"name":"profile"}, the services of the access table',
        "both",
      ),
    ],
  );
});
