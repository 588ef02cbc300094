/** The gateway leads the listed paths of its own host to services, and HTTP to HTTPS where it has a certificate. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as random from "@pulumi/random";
import { application as bookinfo } from "../../../../application";
import { application as orders } from "../../../../examples/orders/application";
import { ingressObjects, signedOutRoute } from "../../../../components/gateway/route";
import { createIngress, type IngressArgs } from "../../../../components/workloads/ingress";
import { find, ofType, run } from "../mocks";

const gatewayType = "kubernetes:networking.istio.io/v1:Gateway";
const routeType = "kubernetes:networking.istio.io/v1:VirtualService";

async function lead(gatewayUrl: string, changes: Partial<IngressArgs> = {}) {
  const { registrations } = await run(() => {
    const certificate = new random.RandomPassword("certificate", { length: 1 });
    createIngress(
      "in",
      {
        application: bookinfo,
        gatewayUrl,
        ...(changes.tls && { certificate }),
        ...changes,
      },
      {},
    );
  });
  return registrations;
}

async function specs(gatewayUrl: string, changes: Partial<IngressArgs> = {}) {
  const registrations = await lead(gatewayUrl, changes);
  return Object.fromEntries(
    [gatewayType, routeType].flatMap((type) =>
      Object.values(ofType(registrations, type)).map(({ name, inputs, dependencies }) => {
        const { metadata, spec } = inputs as { metadata: { name: string }; spec: unknown };
        return [name, { object: metadata.name, spec, dependencies }];
      }),
    ),
  );
}

const toProductpage = (authority: object = {}) => ({
  hosts: ["*"],
  gateways: ["istio-ingress/bookinfo"],
  exportTo: ["istio-ingress"],
  http: [
    {
      match: [
        { uri: { exact: "/productpage" }, ...authority },
        { uri: { prefix: "/static" }, ...authority },
        { uri: { prefix: "/api/v1/products" }, ...authority },
      ],
      route: [
        { destination: { host: "productpage.bookinfo.svc.cluster.local", port: { number: 9080 } } },
      ],
      timeout: "30s",
      retries: {
        attempts: 2,
        perTryTimeout: "12s",
        retryOn: "connect-failure,refused-stream,reset-before-request",
      },
    },
  ],
});
const plain = {
  port: { number: 80, name: "http", protocol: "HTTP" },
  hosts: ["bookinfo/books.example"],
};
const selector = { istio: "ingress" };

test("by HTTP the gateway answers for its own host only, and leads to three of productpage's paths", async () => {
  assert.deepEqual(await specs("http://books.example:8080"), {
    "in-gateway": { object: "bookinfo", spec: { selector, servers: [plain] }, dependencies: [] },
    "in-route": { object: "bookinfo", spec: toProductpage(), dependencies: ["in-gateway"] },
  });
});

test("routes that are to count first come before a service's, and in its own VirtualService", async () => {
  const first = { match: [{ uri: { prefix: "/oauth2/" } }], directResponse: { status: 404 } };
  const { "in-route": route } = await specs("http://books.example:8080", { firstRoutes: [first] });
  const usual = toProductpage();
  assert.deepEqual(route?.spec, { ...usual, http: [first, ...usual.http] });
});

test("what streams has a route of its own, without a timeout, before the rest of its service", () => {
  const place = { port: 80, path: "/feed", serviceAccount: "feed" };
  const { VirtualService: routes } = ingressObjects({
    application: {
      ...bookinfo,
      services: {
        feed: {
          ...place,
          callers: ["gateway"],
          operations: {
            "GET /feed": "public",
            "GET /feed/{id}/events": { requires: "public", streams: true },
            "GET /feed/inside": { requires: "public", callers: ["feed"], streams: true },
          },
          limits: { timeout: "5s" },
        },
      },
    },
    gatewayUrl: "http://localhost:8080",
  });
  const authority = { regex: "(?i)(localhost|127\\.0\\.0\\.1|\\[::1\\])(:[0-9]+)?" };
  assert.deepEqual(
    routes[0]?.spec.http?.map(({ match, timeout }) => ({ match, timeout })),
    [
      {
        match: [{ uri: { regex: "/feed/[^/]+/events" }, method: { exact: "GET" }, authority }],
        timeout: undefined,
      },
      {
        match: [
          { uri: { exact: "/feed" }, authority },
          { uri: { prefix: "/feed/" }, authority },
        ],
        timeout: "5s",
      },
    ],
  );
});

test("by HTTPS it does so with the certificate, and HTTP leads nowhere but there", async () => {
  assert.deepEqual(await specs("https://books.example", { tls: { minimumVersion: "1.2" } }), {
    "in-gateway": {
      object: "bookinfo",
      spec: {
        selector,
        servers: [
          {
            port: { number: 443, name: "https", protocol: "HTTPS" },
            hosts: ["bookinfo/books.example"],
            tls: {
              mode: "SIMPLE",
              credentialName: "bookinfo-certificate",
              minProtocolVersion: "TLSV1_2",
            },
          },
        ],
      },
      dependencies: ["certificate"],
    },
    "in-route": { object: "bookinfo", spec: toProductpage(), dependencies: ["in-gateway"] },
    "in-redirect-gateway": {
      object: "bookinfo-redirect",
      spec: { selector, servers: [plain] },
      dependencies: ["certificate"],
    },
    "in-redirect": {
      object: "bookinfo-redirect",
      spec: {
        hosts: ["*"],
        gateways: ["istio-ingress/bookinfo-redirect"],
        exportTo: ["istio-ingress"],
        http: [
          {
            match: [{ uri: { prefix: "/" } }],
            redirect: { scheme: "https", authority: "books.example", redirectCode: 301 },
          },
        ],
      },
      dependencies: ["in-redirect-gateway"],
    },
  });
});

test("the Gateway is next to the gateway's pods, and takes routes of the application's namespace alone", () => {
  const { Gateway: gateways, VirtualService: routes } = ingressObjects({
    application: bookinfo,
    gatewayUrl: "https://books.example",
    tls: { minimumVersion: "1.2" },
  });
  assert.deepEqual(
    [...new Set(gateways.map(({ metadata }) => metadata.namespace))],
    ["istio-ingress"],
  );
  const hosts = gateways.flatMap(({ spec }) => spec.servers ?? []).flatMap(({ hosts }) => hosts);
  assert.deepEqual(hosts, ["bookinfo/books.example", "bookinfo/books.example"]);
  assert.deepEqual([...new Set(routes.map(({ metadata }) => metadata.namespace))], ["bookinfo"]);
});

test("an ACME authority's challenge by HTTP leads to cert-manager's solver, and nothing else by HTTP leads anywhere", async () => {
  const { "in-redirect": redirect } = await specs("https://books.example", {
    tls: { minimumVersion: "1.2", issuer: { kind: "acme" } },
  });
  const { http } = redirect?.spec as { http: { match: object[]; route?: object[] }[] };
  assert.deepEqual(
    http.map(({ match, route }) => [match, route]),
    [
      [
        [{ uri: { prefix: "/.well-known/acme-challenge/" } }],
        [
          {
            destination: {
              host: "acme-solver.istio-ingress.svc.cluster.local",
              port: { number: 8089 },
            },
          },
        ],
      ],
      [[{ uri: { prefix: "/" } }], undefined],
    ],
  );
});

for (const [minimumVersion, protocol] of [
  ["1.2", "TLSV1_2"],
  ["1.3", "TLSV1_3"],
] as const) {
  test(`a minimum version of ${minimumVersion} is Istio's ${protocol}`, async () => {
    const registrations = await lead("https://books.example", { tls: { minimumVersion } });
    const { inputs } = find(registrations, gatewayType, "in-gateway");
    const { spec } = inputs as { spec: { servers: { tls: { minProtocolVersion: string } }[] } };
    assert.deepEqual(
      spec.servers.map(({ tls }) => tls.minProtocolVersion),
      [protocol],
    );
  });
}

test("a redirect keeps the URL's port, and is for its own host where the gateway takes any", async () => {
  const { "in-redirect": redirect } = await specs("https://localhost:8443", {
    tls: { minimumVersion: "1.2" },
  });
  assert.deepEqual((redirect?.spec as { http: unknown }).http, [
    {
      match: [
        {
          uri: { prefix: "/" },
          authority: { regex: "(?i)(localhost|127\\.0\\.0\\.1|\\[::1\\])(:[0-9]+)?" },
        },
      ],
      redirect: { scheme: "https", authority: "localhost:8443", redirectCode: 301 },
    },
  ]);
});

const cors = {
  origins: ["https://app.example", "http://localhost:3000"],
  methods: ["GET" as const, "PUT" as const],
  headers: ["authorization"],
  exposeHeaders: ["x-total"],
  maxAge: "2h",
};

test("pages of listed origins are let in by the routes to services, and by no other", async () => {
  const firstRoutes = [
    signedOutRoute({
      application: bookinfo,
      gatewayUrl: "http://books.example",
      signedOut: "/out",
    }),
  ];
  const args = { cors, firstRoutes, hiddenHeaders: ["cookie"] };
  const { "in-route": route } = await specs("http://books.example", args);
  const [first, services] = (route?.spec as { http: object[] }).http;
  assert.ok(first !== undefined && !("corsPolicy" in first));
  assert.deepEqual(services, {
    ...toProductpage().http[0],
    headers: { request: { remove: ["cookie"] }, response: { add: { vary: "Origin" } } },
    corsPolicy: {
      allowOrigins: [{ exact: "https://app.example" }, { exact: "http://localhost:3000" }],
      allowMethods: ["GET", "PUT"],
      allowHeaders: ["authorization"],
      exposeHeaders: ["x-total"],
      maxAge: "7200s",
      unmatchedPreflights: "IGNORE",
    },
  });
});

test("a service has other origins, or none, and what it does not say is the stack's", () => {
  const services = {
    customers: { origins: ["https://partner.example"], methods: ["GET" as const] },
    orders: { origins: [] },
  };
  const { VirtualService } = ingressObjects({
    application: orders,
    gatewayUrl: "http://orders.example",
    cors: { ...cors, services },
  });
  const policies = (VirtualService[0]?.spec.http ?? []).map(({ corsPolicy, route }) => ({
    service: route?.[0]?.destination.host.split(".")[0],
    origins: corsPolicy?.allowOrigins?.map(({ exact }) => exact),
    methods: corsPolicy?.allowMethods,
    unmatched: corsPolicy?.unmatchedPreflights,
  }));
  const unmatched = "IGNORE";
  const [usual, partner, nobody] = [
    { origins: cors.origins, methods: ["GET", "PUT"], unmatched },
    { origins: ["https://partner.example"], methods: ["GET"], unmatched },
    // Its preflights are answered all the same: policies exempt them for the other services.
    { origins: [], methods: ["GET", "PUT"], unmatched },
  ];
  const of = (service: string) => policies.filter((one) => one.service === service);
  assert.deepEqual(of("catalogue"), [{ service: "catalogue", ...usual }]);
  assert.deepEqual(of("customers"), [{ service: "customers", ...partner }]);
  // One of its routes is that of what streams.
  const ofOrders = { service: "orders", ...nobody };
  assert.deepEqual(of("orders"), [ofOrders, ofOrders]);
});

test("by HTTPS, redirects of HTTP say nothing of other origins", async () => {
  const { "in-redirect": redirect } = await specs("https://books.example", {
    tls: { minimumVersion: "1.2" },
    cors,
  });
  assert.ok(redirect !== undefined && !JSON.stringify(redirect).includes("cors"));
});

test("Istio's schemas take all of it", async () => {
  // The package can be imported only.
  const { Gateway, VirtualService } =
    await import("@kubernetes-models/istio/networking.istio.io/v1");
  const registrations = await lead("https://books.example", {
    tls: { minimumVersion: "1.3" },
    cors: { ...cors, services: { productpage: { origins: [] } } },
  });
  const gateways = Object.values(ofType(registrations, gatewayType));
  const routes = Object.values(ofType(registrations, routeType));
  assert.deepEqual([gateways.length, routes.length], [2, 2]);
  for (const { inputs } of gateways) new Gateway(inputs as never).validate();
  for (const { inputs } of routes) new VirtualService(inputs as never).validate();
});

test("after a sign-out the gateway sends the browser home, and the browser drops its pages", async () => {
  const gatewayUrl = "http://books.example";
  const firstRoutes = [
    signedOutRoute({ application: bookinfo, gatewayUrl, signedOut: "/signed-out" }),
  ];
  const { "in-route": route } = await specs(gatewayUrl, { firstRoutes });
  const { http } = toProductpage();
  assert.deepEqual(route?.spec, {
    ...toProductpage(),
    http: [
      {
        match: [{ uri: { exact: "/signed-out" } }],
        redirect: { uri: "/productpage", redirectCode: 302 },
        headers: {
          response: { set: { "cache-control": "no-store", "clear-site-data": '"cache"' } },
        },
      },
      ...http,
    ],
  });
});
