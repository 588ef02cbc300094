/** The policy pack's settings follow from the table and the stack's settings, and no rule lacks one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { application as bookinfo } from "../../../../../application";
import { type ApplicationService, serviceOf } from "../../../../../components/application";
import { loginSettings } from "../../../../../components/settings";
import { resourceRule } from "../../../../../policies/rule";
import { rules } from "../../../../../policies/rules";
import { issuerSettings, tableSettings } from "../../../../../policies/table";
import { previewConfiguration } from "../../../../../commands/preview/configuration";
import { stacksOf } from "../../../../../commands/stack/stack-file";
import { readChoice } from "../../../../../commands/preview/policies/choice";
import {
  crossGuardConfiguration,
  packConfiguration,
} from "../../../../../commands/preview/policies/configuration";
import { derivedSettings } from "../../../../../commands/preview/policies/derived";
import { root } from "../../../../engine/preview";

const tenant = {
  issuer: "https://bookinfo.eu.auth0.com/",
  jwksUri: "https://bookinfo.eu.auth0.com/.well-known/jwks.json",
  audience: "https://bookinfo.io",
  permissionsClaim: ["permissions"],
  clients: "listed",
};

const settingsOf = (stack: string) =>
  previewConfiguration({ folder: root, application: bookinfo }, stack).settings;

test("the table and the issuers follow from the program's own, by the namespace's service accounts", () => {
  const reviewed = "bookinfo/bookinfo-productpage";
  const { connections, ...derived } = derivedSettings(bookinfo, settingsOf("prod"));
  assert.ok((connections?.length ?? 0) > 0);
  assert.deepEqual(derived, {
    issuers: [tenant],
    rootNamespace: "istio-system",
    checkedServices: "all",
    checkOnlyNamespaces: [],
    gatewayUrl: "https://www.bookinfo.example",
    gatewayHosts: ["www.bookinfo.example"],
    cors: {},
    routeNamespaces: ["bookinfo"],
    outboundTraffic: "REGISTRY_ONLY",
    imports: { bookinfo: ["./*"] },
    limitedDirections: {
      bookinfo: ["Ingress", "Egress"],
      "istio-ingress": ["Ingress", "Egress"],
      "istio-system": ["Ingress"],
      "cert-manager": ["Ingress"],
      "*": ["Ingress", "Egress"],
    },
    destinations: [
      "productpage.bookinfo.svc.cluster.local",
      "acme-solver.istio-ingress.svc.cluster.local",
    ],
    table: {
      namespace: "bookinfo",
      issuers: [tenant],
      services: {
        productpage: { callers: ["istio-ingress/istio-ingress"], requires: "public" },
        details: { callers: [reviewed], requires: "read:book-details" },
        reviews: { callers: [reviewed], requires: "read:book-reviews" },
        ratings: {
          callers: ["bookinfo/bookinfo-reviews"],
          requires: "read:book-reviews",
        },
      },
      ports: { productpage: 9080, details: 9080, reviews: 9080, ratings: 9080 },
      accounts: {
        productpage: "bookinfo-productpage",
        details: "bookinfo-details",
        reviews: "bookinfo-reviews",
        ratings: "bookinfo-ratings",
      },
    },
    grants: {
      audience: "https://bookinfo.io",
      permissions: ["read:book-details", "read:book-reviews"],
      roles: {
        user: ["read:book-details"],
        moderator: ["read:book-details", "read:book-reviews"],
      },
      users: {},
      clients: { "Bookinfo reporting": ["read:book-details", "read:book-reviews"] },
    },
  });
});

test("a service's document is given with its paths as policies write them, and what is known of its scopes", () => {
  const documented = { "GET /details": "signedIn", "GET /details/{id}": "read:book-details" };
  const details = {
    ...serviceOf(bookinfo, "details"),
    requires: undefined,
    operations: documented,
    document: { file: "details.yaml", operations: documented },
  } as ApplicationService;
  const application = { ...bookinfo, services: { ...bookinfo.services, details } };
  const settings = settingsOf("prod");
  const given = {
    file: "details.yaml",
    namespace: "bookinfo",
    service: "details",
    operations: ["GET /details", "GET /details/{*}"],
    permissions: ["read:book-details"],
  };
  assert.deepEqual(derivedSettings(application, settings).documents, [given]);
  const issuers = [{ ...tenant, issuer: "https://other.example", clients: "any" as const }];
  const authentication = { ...settings.authentication, issuers };
  assert.deepEqual(derivedSettings(application, { ...settings, authentication }).documents, [
    { ...given, permissions: [] },
  ]);
});

test("what pages of other origins may do follows from the settings, and which preflights need no token", () => {
  const settings = settingsOf("prod");
  const cors = {
    origins: ["https://app.example"],
    methods: ["PUT" as const],
    headers: ["authorization"],
    exposeHeaders: [],
    maxAge: "1h",
  };
  const login = loginSettings.parse({ at: "gateway", required: true });
  const derived = derivedSettings(bookinfo, {
    ...settings,
    login,
    gateway: { ...settings.gateway, cors },
  });
  const preflights = { origins: cors.origins, methods: ["GET", "HEAD", "POST", "PUT"] };
  assert.deepEqual(derived.cors, {
    ...cors,
    maxAge: 3600,
    exceptHosts: [
      "oauth2-proxy.login.svc.cluster.local",
      "acme-solver.istio-ingress.svc.cluster.local",
    ],
  });
  assert.deepEqual(derived.requiredTokens?.exemptPreflights, {
    ...preflights,
    exceptPaths: ["/oauth2/*"],
  });
  assert.deepEqual(
    derived.login?.asked.map((one) =>
      "exemptPreflights" in one ? one.exemptPreflights : undefined,
    ),
    [undefined, { ...preflights, exceptPaths: [] }],
  );
  const services = { productpage: { origins: ["https://partner.example"], maxAge: "1m" } };
  const ofService = derivedSettings(bookinfo, {
    ...settings,
    login,
    gateway: { ...settings.gateway, cors: { ...cors, services } },
  });
  const both = ["https://app.example", "https://partner.example"];
  assert.deepEqual(ofService.cors, {
    ...derived.cors,
    hosts: {
      "productpage.bookinfo.svc.cluster.local": {
        ...cors,
        origins: ["https://partner.example"],
        maxAge: 60,
      },
    },
  });
  assert.deepEqual(ofService.requiredTokens?.exemptPreflights?.origins, both);
});

test("what may connect follows from the table, and from the settings of mesh and login", () => {
  const settings = settingsOf("prod");
  const { mesh } = settings;
  const of = (namespace: string, app: string) => ({ namespace, labels: { app } });
  const gateway = { namespace: "istio-ingress", labels: { istio: "ingress" } };
  const page = of("bookinfo", "productpage");
  const has = (connections: readonly unknown[] | undefined, one: unknown) =>
    connections?.some((other) => isDeepStrictEqual(other, one)) ?? false;
  const { connections } = derivedSettings(bookinfo, settings);
  assert.ok(has(connections, { from: gateway, to: page, ports: [9080] }));
  assert.ok(has(connections, { from: page, to: of("bookinfo", "details"), ports: [9080] }));
  assert.ok(!has(connections, { from: gateway, to: of("bookinfo", "details"), ports: [9080] }));
  assert.ok(has(connections, { from: "anywhere", to: gateway, ports: [80, 443, 15_021] }));

  const login = derivedSettings(bookinfo, {
    ...settings,
    login: loginSettings.parse({ at: "gateway" }),
  });
  const proxy = of("login", "oauth2-proxy");
  assert.ok(has(login.connections, { from: proxy, to: of("login", "redis"), ports: [6379] }));
  assert.ok(has(login.connections, { from: proxy, to: "anywhere", ports: [443] }));
  assert.ok(!has(login.connections, { from: page, to: "anywhere", ports: [443] }));
  assert.deepEqual(login.limitedDirections?.login, ["Ingress", "Egress"]);
  assert.deepEqual(login.imports.login, ["./*", "istio-system/*"]);

  const image = "registry.example/page:1.0.0";
  const own = derivedSettings(bookinfo, {
    ...settings,
    login: loginSettings.parse({ at: "application", image }),
  });
  assert.ok(has(own.connections, { from: page, to: "anywhere", ports: [443] }));
  assert.ok(!has(own.connections, { from: proxy, to: "anywhere", ports: [443] }));

  const wider = derivedSettings(bookinfo, {
    ...settings,
    mesh: { ...mesh, egress: "ALLOW_ANY", imports: ["payments/*"], metricsFrom: ["monitoring"] },
  });
  const all = { namespace: "bookinfo", labels: {} };
  const payments = { namespace: "payments", labels: {} };
  const monitoring = { namespace: "monitoring", labels: {} };
  assert.ok(has(wider.connections, { from: all, to: payments }));
  assert.ok(has(wider.connections, { from: monitoring, to: all, ports: [15_020, 15_090] }));
  assert.equal(wider.outboundTraffic, "ALLOW_ANY");
  assert.deepEqual(wider.imports, { bookinfo: ["./*", "payments/*"] });
  assert.deepEqual(wider.limitedDirections?.bookinfo, ["Ingress"]);
  assert.deepEqual(wider.limitedDirections["*"], ["Ingress"]);

  const without = derivedSettings(bookinfo, {
    ...settings,
    mesh: { ...mesh, networkPolicies: false },
  });
  assert.ok(!("limitedDirections" in without) && !("connections" in without));
});

test("users' roles follow from the stack", () => {
  const { grants } = derivedSettings(bookinfo, settingsOf("sandbox"));
  assert.deepEqual(grants?.users, {
    "nobody@bookinfo.example": [],
    "user@bookinfo.example": ["user"],
    "moderator@bookinfo.example": ["moderator"],
  });
});

test("other providers' issuers, audiences and claims are as the stack has them", () => {
  const other = { issuer: "https://other.example", jwksUri: "https://other.example/keys" };
  const recognized = { ...other, audience: "others", permissionsClaim: ["scope"] };
  const { issuers, table, grants } = derivedSettings(bookinfo, {
    ...settingsOf("prod"),
    authentication: {
      at: "namespace",
      required: false,
      clients: "listed",
      issuers: [{ ...recognized, clients: ["app"] }],
    },
    login: { at: "none" },
    identity: {
      kind: "oidc",
      issuer: "https://id.example",
      jwksUri: "https://id.example/keys",
      audience: "books",
      permissionsClaim: ["realm_access", "roles"],
      users: [],
      machines: [],
    },
  });
  assert.deepEqual(issuers, [
    {
      issuer: "https://id.example",
      jwksUri: "https://id.example/keys",
      audience: "books",
      permissionsClaim: ["realm_access", "roles"],
      clients: [],
    },
    { ...recognized, clients: ["app"] },
  ]);
  assert.deepEqual(table.issuers, issuers);
  // Who gets what at a provider that is there is not the stack's to say.
  assert.equal(grants, undefined);
});

test("who is to check tokens follows from where they are checked, and from a login at the gateway", () => {
  const settings = settingsOf("prod");
  const { authentication } = settings;
  const derived = (at: typeof authentication.at, login = settings.login) => {
    const { checkedServices, checkOnlyNamespaces } = derivedSettings(bookinfo, {
      ...settings,
      authentication: { ...authentication, at },
      login,
    });
    return [checkedServices, ...checkOnlyNamespaces];
  };
  const login = loginSettings.parse({ at: "gateway" });
  assert.deepEqual(derived("namespace"), ["all"]);
  assert.deepEqual(derived("workload"), ["protected"]);
  assert.deepEqual(derived("gateway"), ["all", "istio-ingress"]);
  assert.deepEqual(derived("workload", login), ["protected", "istio-ingress"]);
});

test("what the gateway asks and requires follows from the login, and from whether it is required", () => {
  const settings = settingsOf("prod");
  const login = loginSettings.parse({ at: "gateway", required: true });
  const derived = derivedSettings(bookinfo, { ...settings, login });
  assert.deepEqual(derived.requiredTokens, {
    namespace: "istio-ingress",
    labels: { istio: "ingress" },
    exemptPaths: [
      "/oauth2/start",
      "/oauth2/sign_in",
      "/oauth2/callback",
      "/oauth2/sign_out",
      "/oauth2/signed_out",
    ],
    exemptPorts: ["80"],
  });
  const { skipAuthRoutes, hiddenHeaders, redirectHosts } = { skipAuthRoutes: [], ...derived };
  assert.deepEqual(
    [skipAuthRoutes, hiddenHeaders, redirectHosts],
    [[], ["cookie"], ["bookinfo.eu.auth0.com"]],
  );
  const without = derivedSettings(bookinfo, settings);
  assert.ok(!("requiredTokens" in without && without.requiredTokens));
  assert.ok(!("login" in without));
});

const ruleOf = (name: string, settings: z.ZodObject) =>
  resourceRule({
    name,
    description: "…",
    severity: "low",
    remediation: "…",
    settings,
    judge: () => [],
  });

const pack = [
  ruleOf("issuers", z.object({ issuers: z.array(issuerSettings) })),
  ruleOf("table", z.object({ table: tableSettings, rootNamespace: z.string() })),
  ruleOf("neither", z.object({ minimum: z.number().default(1) })),
];

test("only a rule that has such a setting is given it, and what the stack chooses counts more", () => {
  const settings = settingsOf("prod");
  const { issuers, table } = derivedSettings(bookinfo, settings);
  const choice = {
    table: { level: "advisory", settings: { rootNamespace: "mesh" } },
    neither: { level: "disabled", settings: {} },
  } as const;
  const configuration = packConfiguration(pack, bookinfo, settings, choice);
  assert.deepEqual(configuration, {
    issuers: { level: "mandatory", settings: { issuers } },
    table: { level: "advisory", settings: { table, rootNamespace: "mesh" } },
    neither: { level: "disabled", settings: {} },
  });
  assert.deepEqual(JSON.parse(crossGuardConfiguration(configuration)), {
    issuers: { enforcementLevel: "mandatory", issuers },
    table: { enforcementLevel: "advisory", table, rootNamespace: "mesh" },
    neither: { enforcementLevel: "disabled" },
  });
});

const levels = { dev: "advisory", prod: "mandatory", sandbox: "mandatory" } as const;

for (const stack of stacksOf(root)) {
  test(`stack ${stack}'s file is without mistake, and every rule has all that it asks for`, () => {
    const { choice, problems } = readChoice(root, stack, rules);
    assert.deepEqual(problems, []);
    const configuration = packConfiguration(rules, bookinfo, settingsOf(stack), choice);
    for (const { name, settings } of rules) {
      const own = configuration[name];
      assert.equal(own?.level, levels[stack as keyof typeof levels], name);
      assert.deepEqual(settings.strict().safeParse(own.settings).error?.issues ?? [], [], name);
    }
  });
}
