/** A login is exactly the resources of its kind, its secrets are in Secrets, and nothing runs before its policies. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { application as bookinfo } from "../../../../application";
import { createLogin, extensionProviders } from "../../../../components/login";
import { describeLogin } from "../../../../components/login/output";
import type { Clients } from "../../../../components/identity/identity";
import type { Egress } from "../../../../components/mesh/egress";
import { loginSettings } from "../../../../components/settings";
import { clusterProvider, countByType, find, ofType, read, run } from "../mocks";

const identity = {
  issuer: "https://tenant.example/",
  jwksUri: "https://tenant.example/.well-known/jwks.json",
  audience: "https://bookinfo.io",
  permissionsClaim: ["permissions"],
  certificateAuthority: "PEM",
  scopes: ["openid", "offline_access"],
  endSessionEndpoint: "https://tenant.example/oidc/logout",
  userPasswords: pulumi.output<Record<string, string>>({}),
};

/** Makes a login with these settings. */
function login(settings: object, client = true, egress: Egress = "ALLOW_ANY") {
  return run(
    () => {
      const provider = clusterProvider();
      const before = new kubernetes.core.v1.Namespace("before", {}, { provider });
      return createLogin(
        "login",
        loginSettings.parse(settings),
        {
          identity: {
            ...identity,
            clientIds: { ...(client && { web: pulumi.output("web-id") }), machines: {} },
            clientSecrets: pulumi.secret<Clients<string>>({ web: "web-secret", machines: {} }),
          },
          gatewayUrl: "http://localhost:8080",
          application: bookinfo,
          egress,
        },
        { providers: [provider], dependsOn: [before] },
      );
    },
    { preview: false },
  );
}

const always = {
  "pulumi:pulumi:Stack": 1,
  "pulumi:providers:kubernetes": 1,
  "kubernetes:core/v1:Namespace": 1,
};
const atGateway = {
  "istio-auth0:index:GatewayLogin": 1,
  "kubernetes:core/v1:Namespace": 2,
  "kubernetes:security.istio.io/v1:AuthorizationPolicy": 4,
  "kubernetes:networking.istio.io/v1:Sidecar": 1,
  "kubernetes:networking.istio.io/v1:DestinationRule": 2,
  "istio-auth0:index:Redis": 1,
  "istio-auth0:index:OAuth2Proxy": 1,
  "kubernetes:core/v1:ConfigMap": 1,
  "kubernetes:core/v1:Secret": 2,
  "kubernetes:core/v1:ServiceAccount": 2,
  "kubernetes:core/v1:Service": 2,
  "kubernetes:apps/v1:Deployment": 2,
};

/** Without the random values, of which the stack's other parts have some in every run. */
async function counts(settings: object, client = true) {
  const { registrations } = await login(settings, client);
  return Object.fromEntries(
    Object.entries(countByType(registrations)).filter(([type]) => !type.startsWith("random:")),
  );
}

test("no login makes nothing, and one without a client neither", async () => {
  assert.deepEqual(await counts({ at: "none" }), always);
  assert.deepEqual(await counts({ at: "gateway" }, false), always);
});

test("a login at the gateway is these resources; required or not, and in cookies no Redis", async () => {
  assert.deepEqual(await counts({ at: "gateway" }), { ...always, ...atGateway });
  assert.deepEqual(await counts({ at: "gateway", required: true }), {
    ...always,
    ...atGateway,
    "kubernetes:security.istio.io/v1:AuthorizationPolicy": 5,
  });
  const without = Object.entries(atGateway).filter(([type]) => type !== "istio-auth0:index:Redis");
  assert.deepEqual(await counts({ at: "gateway", sessions: "cookie" }), {
    ...always,
    ...Object.fromEntries(without),
    "kubernetes:security.istio.io/v1:AuthorizationPolicy": 3,
    "kubernetes:networking.istio.io/v1:DestinationRule": 1,
    "kubernetes:core/v1:Secret": 1,
    "kubernetes:core/v1:ServiceAccount": 1,
    "kubernetes:core/v1:Service": 1,
    "kubernetes:apps/v1:Deployment": 1,
  });
});

test("every secret is one, and none is an argument or in a ConfigMap", async () => {
  const { registrations } = await login({ at: "gateway" });
  const secrets = ofType(registrations, "kubernetes:core/v1:Secret");
  assert.deepEqual(
    Object.fromEntries(Object.values(secrets).map(({ name, secrets: paths }) => [name, paths])),
    {
      "login-redis-configuration": ["stringData"],
      "login-proxy-secrets": ["stringData"],
    },
  );
  const others = registrations.filter(
    ({ type }) => type !== "kubernetes:core/v1:Secret" && type.startsWith("kubernetes:"),
  );
  const text = JSON.stringify(others.map(({ inputs }) => inputs));
  for (const secret of [
    "web-secret",
    "generated login-redis-password",
    "generated login-proxy-cookie-secret",
  ])
    assert.ok(!text.includes(secret), secret);
});

test("browsers are told to keep nothing that a session had a part in", async () => {
  const { registrations } = await login({ at: "gateway" });
  const { inputs } = find(
    registrations,
    "kubernetes:core/v1:ConfigMap",
    "login-proxy-configuration",
  );
  assert.partialDeepStrictEqual(inputs, { data: { "cache-control": "no-store" } });
  for (const provider of extensionProviders({ required: true }))
    assert.partialDeepStrictEqual(provider, {
      envoyExtAuthzHttp: { headersToDownstreamOnAllow: ["cache-control", "set-cookie"] },
    });
});

test("the proxy is made once its Redis is ready: it ends where it does not reach it", async () => {
  const { registrations } = await login({ at: "gateway" });
  const { dependencies } = find(registrations, "istio-auth0:index:OAuth2Proxy", "login-proxy");
  assert.ok(dependencies.includes("login-redis-deployment"), dependencies.join());
});

test("nothing of the login runs before its policies are there, and no container has more rights than it needs", async () => {
  const { registrations } = await login({ at: "gateway" });
  const policies = Object.values(
    ofType(registrations, "kubernetes:security.istio.io/v1:AuthorizationPolicy"),
  ).map(({ name }) => name);
  const deployment = z.object({
    spec: z.object({
      template: z.object({
        spec: z.object({
          automountServiceAccountToken: z.literal(false),
          securityContext: z.object({
            seccompProfile: z.object({ type: z.literal("RuntimeDefault") }),
          }),
          containers: z.array(z.object({ securityContext: z.unknown(), name: z.string() })),
        }),
      }),
    }),
  });
  for (const [type, name] of [
    ["istio-auth0:index:Redis", "login-redis"],
    ["istio-auth0:index:OAuth2Proxy", "login-proxy"],
  ] as const) {
    // A component's children wait for what it waits for.
    const { dependencies } = find(registrations, type, name);
    assert.deepEqual(
      policies.filter((policy) => !dependencies.includes(policy)),
      [],
      name,
    );
    const { inputs } = find(registrations, "kubernetes:apps/v1:Deployment", `${name}-deployment`);
    for (const { securityContext } of deployment.parse(inputs).spec.template.spec.containers)
      assert.deepEqual(securityContext, {
        runAsNonRoot: true,
        runAsUser: 10001,
        runAsGroup: 10001,
        readOnlyRootFilesystem: true,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ["ALL"] },
      });
  }
});

test("the application loses the cookies to the gateway's login, or gets a login of its own with its paths", async () => {
  const { result: none } = await login({ at: "none" });
  assert.deepEqual(none, { application: {}, enforced: [] });
  const { result: gateway } = await login({ at: "gateway" });
  assert.deepEqual(Object.keys(gateway.application), ["firstRoutes", "hiddenHeaders"]);
  assert.deepEqual(gateway.application.hiddenHeaders, ["cookie"]);
  const { result, registrations } = await login({
    at: "application",
    image: "localhost/page:1.0.0",
  });
  assert.deepEqual(result.application.paths, [
    { exact: "/login" },
    { exact: "/logout" },
    { exact: "/callback" },
  ]);
  const [{ match, redirect } = {}, ...others] = result.application.firstRoutes ?? [];
  assert.deepEqual(
    [match?.map(({ uri }) => uri), redirect?.uri, others],
    [[{ exact: "/signed-out" }], "/productpage", []],
  );
  const override = result.application.overrides?.productpage;
  assert.equal(override?.image, "localhost/page:1.0.0");
  assert.deepEqual(override.environment, [
    { configMapRef: { name: "login" } },
    { secretRef: { name: "login" } },
  ]);
  const { secret } = await read(pulumi.output(override.annotations["checksum/files"]));
  assert.equal(secret, false);
  assert.deepEqual(find(registrations, "kubernetes:core/v1:ConfigMap", "login-settings").inputs, {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "login", namespace: "bookinfo" },
    data: {
      OIDC_ISSUER: "https://tenant.example/",
      OIDC_AUDIENCE: "https://bookinfo.io",
      OIDC_SCOPE: "openid offline_access",
      OIDC_CALLBACK_URL: "http://localhost:8080/callback",
      OIDC_LOGGED_OUT_URL: "http://localhost:8080/signed-out",
      OIDC_END_SESSION_ENDPOINT: "https://tenant.example/oidc/logout",
      OIDC_CERTIFICATE_AUTHORITY: "PEM",
    },
  });
});

test("signing out leads on to the provider, and comes back by an address of its own", async () => {
  const { result } = await login({ at: "gateway" });
  const rewrites = (result.application.firstRoutes ?? []).map(({ rewrite }) => rewrite?.uri);
  for (const rewrite of [
    "/oauth2/sign_out?rd=%2Foauth2%2Fsigned_out&asked=",
    "/oauth2/sign_out?rd=https%3A%2F%2Ftenant.example%2Foidc%2Flogout%3Fpost_logout_redirect_uri%3Dhttp%253A%252F%252Flocalhost%253A8080%252Foauth2%252Fsigned_out%26id_token_hint%3D%7Bid_token%7D&asked=",
  ])
    assert.ok(rewrites.includes(rewrite), rewrites.join("\n"));
  const signedOut = result.application.firstRoutes?.find(
    ({ match = [] }) => match[0]?.uri?.exact === "/oauth2/signed_out",
  );
  // Signed out, the browser forgets what it was shown.
  assert.equal(signedOut?.headers?.response?.set?.["clear-site-data"], '"cache"');
  assert.equal(signedOut.redirect?.uri, "/productpage");
});

test("a required login asks the proxy by two names, neither of which begins with the other", () => {
  const named = (required: boolean) => extensionProviders({ required }).map(({ name }) => name);
  assert.deepEqual([named(false), named(true)], [["login"], ["login", "session"]]);
  const [pages, others] = extensionProviders({ required: true });
  const check = { includeAdditionalHeadersInCheck: { accept: "application/json" } };
  assert.partialDeepStrictEqual(others, { envoyExtAuthzHttp: check });
  assert.doesNotMatch(JSON.stringify(pages), /includeAdditional/);
  assert.partialDeepStrictEqual(pages, {
    envoyExtAuthzHttp: { service: "login/oauth2-proxy.login.svc.cluster.local" },
  });
});

test("the stack's output says how browsers get in, and nothing where they do not", () => {
  assert.equal(describeLogin(loginSettings.parse({ at: "none" })), undefined);
  assert.deepEqual(describeLogin(loginSettings.parse({ at: "gateway", required: true })), {
    at: "gateway",
    required: true,
    sessions: "redis",
  });
  const application = loginSettings.parse({ at: "application", image: "localhost/page:1.0.0" });
  assert.deepEqual(describeLogin(application), { at: "application" });
});

for (const [settings, egress, entries] of [
  [{ at: "none" }, "REGISTRY_ONLY", []],
  [{ at: "gateway" }, "REGISTRY_ONLY", [["login", ["tenant.example"], 443]]],
  [
    { at: "application", image: "localhost/page:1.0.0" },
    "REGISTRY_ONLY",
    [["bookinfo", ["tenant.example"], 443]],
  ],
  [{ at: "gateway" }, "ALLOW_ANY", []],
  [{ at: "application", image: "localhost/page:1.0.0" }, "ALLOW_ANY", []],
] as const) {
  test(`with ${egress} and a login at ${settings.at} the provider is entered ${entries.length === 0 ? "nowhere" : "where people are signed in"}`, async () => {
    const { registrations } = await login(settings, true, egress);
    const entry = z.object({
      metadata: z.object({ namespace: z.string() }),
      spec: z.object({
        hosts: z.array(z.string()),
        ports: z.array(z.object({ number: z.number() })).length(1),
        exportTo: z.tuple([z.literal(".")]),
      }),
    });
    const made = ofType(registrations, "kubernetes:networking.istio.io/v1:ServiceEntry");
    assert.deepEqual(
      Object.values(made).map(({ inputs }) => {
        const { metadata, spec } = entry.parse(inputs);
        return [metadata.namespace, spec.hosts, spec.ports[0]?.number];
      }),
      entries,
    );
  });
}
