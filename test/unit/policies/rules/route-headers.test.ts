/** A route that sets identity headers, shows hidden ones or opens CORS wider than configured is reported. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { routeHeaders } from "../../../../policies/rules/route-headers";
import { type Given, judged, notKnown } from "../judged";

const route = (http: object, gateways: readonly string[] = ["front"]): Given => ({
  type: "kubernetes:networking.istio.io/v1:VirtualService",
  name: "route",
  inputs: { metadata: { name: "route", namespace: "shop" }, spec: { gateways, http: [http] } },
});

const to = (host: string, more = {}) => ({ route: [{ destination: { host }, ...more }] });

const title = "VirtualService shop/route";
const resource = "route";
const found = (given: Given, settings = {}) => judged(routeHeaders, [given], settings);

test("harmless headers pass, and so do those that are taken away", async () => {
  const headers = {
    request: { set: { "x-shop": "1" }, add: { "x-trace": "1" }, remove: ["authorization"] },
    response: { set: { "cache-control": "no-store" }, remove: ["server"] },
  };
  const cors = { allowOrigins: [{ exact: "https://www.shop.example" }], allowCredentials: true };
  assert.deepEqual(
    await found(route({ ...to("cart", { headers }), headers, corsPolicy: cors })),
    [],
  );
  const open = { allowOrigins: [{ regex: ".*" }] };
  assert.deepEqual(await found(route({ ...to("cart"), corsPolicy: open })), []);
});

test("headers of identity are found, at the route and at a destination, in any case", async () => {
  for (const list of ["set", "add"])
    for (const name of ["Authorization", "COOKIE", "x-forwarded-client-cert"]) {
      const headers = { request: { [list]: { [name]: "x" } } };
      assert.deepEqual(await found(route({ headers, ...to("cart") })), [
        {
          where: `spec.http[0].headers.request.${list} of ${title}`,
          has: `"${name}"`,
          write: "none",
          resource,
        },
      ]);
      assert.deepEqual(await found(route(to("cart", { headers }))), [
        {
          where: `spec.http[0].route[0].headers.request.${list} of ${title}`,
          has: `"${name}"`,
          write: "none",
          resource,
        },
      ]);
    }
  const response = { response: { set: { "Set-Cookie": "a=b" } } };
  assert.equal((await found(route({ headers: response }))).length, 1);
});

test("headers that are not known yet are found", async () => {
  for (const headers of [notKnown, { request: { set: notKnown } }])
    assert.ok((await found(route({ headers }))).length > 0);
});

test("answers for any page with credentials are found", async () => {
  const any = [{ exact: "*" }, { regex: ".*" }, { prefix: "https://" }, "*"];
  for (const origin of any) {
    const corsPolicy = { allowOrigins: [origin], allowCredentials: true };
    assert.equal((await found(route({ corsPolicy }))).length, 1, JSON.stringify(origin));
  }
});

const cors = {
  origins: ["https://app.example"],
  methods: ["GET"],
  headers: ["authorization"],
  exposeHeaders: ["x-total"],
  maxAge: 600,
  exceptHosts: ["proxy.login.svc.cluster.local"],
};
const asConfigured = {
  allowOrigins: [{ exact: "https://app.example" }],
  allowMethods: ["GET"],
  allowHeaders: ["Authorization"],
  exposeHeaders: ["x-total"],
  maxAge: "10m",
  unmatchedPreflights: "IGNORE",
};

const lets = (where: string, origin: string, write = 'exact: of ["https://app.example"]') => ({
  where,
  found: `lets ${origin} read`,
  write,
  resource,
});

test("what routes let pages of other origins do is what is configured, and nothing wider", async () => {
  const judgedAs = (corsPolicy: object) => found(route({ ...to("cart"), corsPolicy }), { cors });
  const path = "spec.http[0].corsPolicy";
  assert.deepEqual(await judgedAs(asConfigured), []);
  const wider: readonly (readonly [change: object, finding: object])[] = [
    [
      { allowOrigins: [...asConfigured.allowOrigins, { regex: ".*" }] },
      lets(`${path} of ${title}`, '{"regex":".*"}'),
    ],
    [{ allowOrigin: ["null"] }, lets(`${path} of ${title}`, '"null"')],
    ...(
      [
        [{ allowMethods: ["GET", "get"] }, '"get"', 'of ["GET"]'],
        [{ allowHeaders: ["*"] }, '"*"', 'of ["authorization"]'],
        [{ exposeHeaders: ["x-secret"] }, '"x-secret"', 'of ["x-total"]'],
      ] as const
    ).map(([change, has, write]) => {
      const where = `${path}.${Object.keys(change).join()} of ${title}`;
      return [change, { where, has, write, resource }] as const;
    }),
    ...(
      [
        [{ allowCredentials: true }, "true", "nothing"],
        [{ maxAge: "601s" }, '"601s"', 'at most "600s"'],
        [{ unmatchedPreflights: undefined }, "nothing", '"IGNORE"'],
      ] as const
    ).map(([change, is, write]) => {
      const where = `${path}.${Object.keys(change).join()} of ${title}`;
      return [change, { where, is, write, resource }] as const;
    }),
  ];
  for (const [change, finding] of wider)
    assert.deepEqual(await judgedAs({ ...asConfigured, ...change }), [finding]);
  for (const field of Object.keys(asConfigured))
    assert.ok((await judgedAs({ ...asConfigured, [field]: notKnown })).length > 0, field);
});

test("a route to a host with settings of its own is judged by those", async () => {
  const { exceptHosts, ...usual } = cors;
  const own = { origins: ["https://partner.example"], methods: ["PUT"], maxAge: 60 };
  const hosts = {
    "stock.shop.svc.cluster.local": { ...usual, ...own },
    "admin.shop.svc.cluster.local": { origins: [] },
  };
  const judgedAt = (host: string | undefined, corsPolicy?: object) => {
    const leading = host === undefined ? { directResponse: { status: 401 } } : to(host);
    return found(route({ ...leading, ...(corsPolicy && { corsPolicy }) }), {
      cors: { ...usual, exceptHosts, hosts },
    });
  };
  const partner = {
    ...asConfigured,
    allowOrigins: [{ exact: "https://partner.example" }],
    allowMethods: ["PUT"],
    maxAge: "60s",
  };
  const nobody = { allowOrigins: [], unmatchedPreflights: "IGNORE" };
  for (const [host, policy] of [
    ["cart", asConfigured],
    ["stock", partner],
    ["admin", nobody],
    [undefined, asConfigured],
  ] as const)
    assert.deepEqual(await judgedAt(host, policy), [], host);
  const path = "spec.http[0].corsPolicy";
  const answersNone = (origin: string) => ({
    where: `${path} of ${title}`,
    found: `answers no preflight of "${origin}"`,
    write: `exact: "${origin}" among allowOrigins`,
    resource,
  });
  assert.deepEqual(
    await judgedAt("cart", { ...asConfigured, allowOrigins: partner.allowOrigins }),
    [
      lets(`${path} of ${title}`, '{"exact":"https://partner.example"}'),
      answersNone("https://app.example"),
    ],
  );
  assert.deepEqual(
    await judgedAt("stock", { ...partner, allowOrigins: asConfigured.allowOrigins }),
    [
      lets(
        `${path} of ${title}`,
        '{"exact":"https://app.example"}',
        'exact: of ["https://partner.example"]',
      ),
      answersNone("https://partner.example"),
    ],
  );
  assert.equal((await judgedAt("admin", asConfigured)).length, 5);
  assert.deepEqual(await judgedAt("admin"), [
    {
      where: `${path} of ${title}`,
      found: "answers no preflight, of those that other routes let in",
      write: 'unmatchedPreflights: "IGNORE", without origins',
      resource,
    },
  ]);
  const stranger = { ...nobody, allowOrigins: [{ exact: "https://other.example" }] };
  assert.equal((await judgedAt(undefined, stranger)).length, 1);
});

test("where no origin is configured, no route lets one in", async () => {
  const none = { cors: {} };
  assert.deepEqual(await found(route(to("cart")), none), []);
  const [finding] = await found(
    route({ ...to("cart"), corsPolicy: { allowOrigins: [{ exact: "https://app.example" }] } }),
    none,
  );
  assert.deepEqual(
    finding,
    lets(`spec.http[0].corsPolicy of ${title}`, '{"exact":"https://app.example"}', "no policy"),
  );
});

test("a preflight that no token is asked for is answered by each route of a gateway", async () => {
  const unanswered = [
    {
      where: `spec.http[0].corsPolicy of ${title}`,
      found: 'answers no preflight of "https://app.example"',
      write: 'exact: "https://app.example" among allowOrigins',
      resource,
    },
  ];
  assert.deepEqual(await found(route(to("cart")), { cors }), unanswered);
  assert.deepEqual(await found(route(to("cart"), ["mesh"]), { cors }), []);
  assert.deepEqual(await found(route(to("proxy.login.svc.cluster.local")), { cors }), []);
  assert.deepEqual(await found(route({ redirect: { uri: "/" } }), { cors }), []);
});

test("what services are not to see is taken away by each route of a gateway", async () => {
  const settings = {
    hiddenHeaders: ["cookie"],
    seeing: ["proxy.login.svc.cluster.local"],
  };
  const headers = { request: { remove: ["Cookie"] } };
  const shown = [
    {
      where: `spec.http[0].route[0] of ${title}`,
      found: 'shows "cookie" to "cart.shop.svc.cluster.local"',
      write: 'headers.request.remove: ["cookie"]',
      resource,
    },
  ];
  assert.deepEqual(await found(route(to("cart")), settings), shown);
  assert.deepEqual(await found(route({ ...to("cart"), headers }), settings), []);
  assert.deepEqual(await found(route(to("cart", { headers })), settings), []);
  assert.deepEqual(await found(route(to("proxy.login.svc.cluster.local")), settings), []);
  assert.deepEqual(await found(route(to("cart"), ["mesh"]), settings), []);
  assert.deepEqual(await found(route(to("cart"), ["mesh", "front"]), settings), shown);
});

test("routes of Kubernetes' own kind are judged by their filters", async () => {
  const header = { name: "authorization", value: "x" };
  const filters = [{ requestHeaderModifier: { set: [header] } }];
  const other = (rule: object): Given => ({
    type: "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute",
    name: "route",
    inputs: { metadata: { name: "route", namespace: "shop" }, spec: { rules: [rule] } },
  });
  assert.equal((await found(other({ filters }))).length, 1);
  assert.equal((await found(other({ backendRefs: [{ name: "cart", filters }] }))).length, 1);
  const pages = (policy: object) => found(other({ filters: [{ cors: policy }] }), { cors });
  assert.deepEqual(await pages({ allowOrigins: ["https://app.example"], maxAge: 600 }), []);
  assert.deepEqual(await pages({ allowOrigins: ["*"], maxAge: 601 }), [
    lets("spec.rules[0].cors of HTTPRoute shop/route", '"*"'),
    {
      where: "spec.rules[0].cors.maxAge of HTTPRoute shop/route",
      is: "601",
      write: 'at most "600s"',
      resource,
    },
  ]);
  const harmless = [{ requestHeaderModifier: { set: [{ name: "x-shop", value: "1" }] } }];
  assert.deepEqual(await found(other({ filters: harmless })), []);
});
