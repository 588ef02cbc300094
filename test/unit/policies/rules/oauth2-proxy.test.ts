/** An OAuth2-Proxy setting that weakens sign-in is reported, by flag, variable, settings file or chart value. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { oauth2Proxy } from "../../../../policies/rules/oauth2-proxy";
import { issuer, issuers } from "../istio";
import { type Given, judged, notKnown } from "../judged";

/** What has to be said, without a settings file. */
const safe = [
  "--cookie-samesite=lax",
  "--code-challenge-method=S256",
  "--insecure-oidc-skip-nonce=false",
];

const image = "quay.io/oauth2-proxy/oauth2-proxy:v7.15.6";
const proxy = (args: readonly unknown[], container: object = {}, pod: object = {}): Given => ({
  type: "kubernetes:apps/v1:Deployment",
  name: "login",
  inputs: {
    metadata: { name: "login", namespace: "login" },
    spec: {
      template: { spec: { containers: [{ name: "proxy", image, args, ...container }], ...pod } },
    },
  },
});

const findings = (given: readonly Given[], settings = {}) => judged(oauth2Proxy, given, settings);
const found = (args: readonly unknown[], settings = {}) =>
  findings([proxy([...safe, ...args])], settings);
/** The settings in which something was found. */
const names = async (given: readonly Given[]) =>
  (await findings(given)).map(({ where }) => where?.split(" ")[0]);
const is = (where: string, value: string, write: string) => ({
  where,
  is: value,
  write,
  resource: "login",
});
const container = "spec.template.spec.containers[0] of Deployment login/login";
const place = `in ${container}`;
const inFile = `in the settings file of ${container}`;

test("another project's harmless proxy passes, with flags, arguments and variables", async () => {
  const args = [
    "--provider=oidc",
    "--oidc-issuer-url=https://sso.shop.example/realms/customers",
    "--email-domain=*",
    "--upstream=http://127.0.0.1:8080/",
    "--cookie-secure",
    "--skip-auth-route=GET=^/healthz$",
    "--whitelist-domain=www.shop.example",
    "--redirect-url=https://www.shop.example/oauth2/callback",
    "--reverse-proxy",
    "--trusted-proxy-ip=10.0.0.0/8",
    "--cookie-expire",
    "12h",
    "--api-route=^/api/{1,2}",
  ];
  assert.deepEqual(await found(args), []);
  const env = [
    { name: "OAUTH2_PROXY_CLIENT_SECRET", valueFrom: { secretKeyRef: { name: "a", key: "b" } } },
    { name: "OAUTH2_PROXY_EMAIL_DOMAINS", value: "*" },
    { name: "OTHER", value: "x" },
  ];
  assert.deepEqual(await findings([proxy(safe, { env })]), []);
  assert.deepEqual(await findings([proxy(["--anything"], { image: "nginx:1.29.1" })]), []);
});

test("what has to be said is found where it is not", async () => {
  assert.deepEqual(await findings([proxy([])]), [
    is(`--insecure-oidc-skip-nonce ${place}`, "nothing", "false"),
    is(`--code-challenge-method ${place}`, "nothing", '"S256"'),
    is(`--cookie-samesite ${place}`, "nothing", '"lax" or "strict"'),
  ]);
});

test("each weakening by a flag is found", async () => {
  const bad = [
    "--skip-auth-route=.*",
    "--skip-auth-route=^/",
    "--skip-auth-route=GET=^/.*",
    "--skip-auth-route=!=^/oauth2/",
    "--skip-auth-route=/public",
    "--skip-auth-route=^/(",
    "--skip-auth-regex=.*",
    "--skip-jwt-bearer-tokens",
    "--reverse-proxy",
    "--trusted-ip=0.0.0.0/0",
    "--cookie-httponly=false",
    "--cookie-secure=false",
    "--cookie-samesite=none",
    "--cookie-domain=.shop.example",
    "--cookie-expire=0",
    "--cookie-secret=0123456789abcdef",
    "--redis-connection-url=redis://:password@redis:6379",
    "--whitelist-domain=.shop.example",
    "--whitelist-domain=*",
    "--redirect-url=http://www.shop.example/oauth2/callback",
    "--redirect-url=http://localhost:4180/oauth2/callback",
    "--oidc-issuer-url=http://sso.shop.example",
    "--oidc-enabled-signing-alg=HS256",
    "--ssl-insecure-skip-verify",
    "--show-debug-on-error",
    "--pass-access-token",
    "--alpha-config=/etc/settings.yaml",
    "--config=/etc/proxy.cfg",
    "--future-flag=1",
    notKnown,
  ];
  for (const flag of bad) assert.ok((await found([flag])).length > 0, flag);
  assert.deepEqual(await found(["--trusted-proxy-ip=0.0.0.0/0", "--reverse-proxy"]), [
    is(`--trusted-proxy-ip ${place}`, '"0.0.0.0/0"', "addresses, not all of them"),
  ]);
});

test("lists in one argument, values in the next, and variables count alike", async () => {
  assert.equal((await found(["--whitelist-domain=www.shop.example,*"])).length, 1);
  assert.equal((await found(["--cookie-samesite", "none"])).length, 1);
  const env = [
    { name: "OAUTH2_PROXY_SKIP_AUTH_ROUTES", value: ".*" },
    { name: "OAUTH2_PROXY_TRUSTED_IPS", value: "10.0.0.1" },
    {
      name: "OAUTH2_PROXY_COOKIE_SAMESITE",
      valueFrom: { configMapKeyRef: { name: "a", key: "b" } },
    },
  ];
  assert.deepEqual(await names([proxy(safe, { env })]), [
    "--skip-auth-route",
    "--trusted-ip",
    "--cookie-samesite",
  ]);
  const envFrom = [{ configMapRef: { name: "more" } }];
  assert.deepEqual(
    (await findings([proxy(safe, { envFrom })])).map(({ where, found }) => [where, found]),
    [[`envFrom ${place}`, "has settings that no rule reads"]],
  );
});

test("flags and addresses are the configured ones", async () => {
  const settings = {
    gatewayUrl: "https://www.shop.example",
    skipAuthRoutes: ["!=^/oauth2/"],
    redirectHosts: ["sso.shop.example"],
    issuers,
  };
  const good = [
    "--skip-auth-route=!=^/oauth2/",
    "--whitelist-domain=sso.shop.example",
    "--redirect-url=https://www.shop.example/oauth2/callback",
    `--oidc-issuer-url=${issuer}`,
  ];
  assert.deepEqual(await found(good, settings), []);
  const bad = [
    "--skip-auth-route=^/healthz$",
    "--whitelist-domain=www.shop.example",
    "--redirect-url=https://attacker.example/oauth2/callback",
    "--oidc-issuer-url=https://attacker.example/",
  ];
  for (const flag of bad) assert.equal((await found([flag], settings)).length, 1, flag);
  const local = { allowLocalhost: true };
  const own = ["--redirect-url=http://localhost:8080/oauth2/callback", "--cookie-secure=false"];
  assert.deepEqual(await found(own, local), []);
  assert.equal((await found(own)).length, 2);
  assert.equal((await found(["--cookie-secure=false"], local)).length, 1);
  const allowedSettings = ["show-debug-on-error", "cookie-samesite"];
  assert.deepEqual(
    await findings([proxy(["--show-debug-on-error", ...safe.slice(1)])], { allowedSettings }),
    [],
  );
});

const provider = {
  id: "sso",
  provider: "oidc",
  code_challenge_method: "S256",
  oidcConfig: { issuerURL: issuer, insecureSkipNonce: false },
};
const content = { providers: [provider], server: { bindAddress: "0.0.0.0:4180" } };

/** A proxy whose settings file is in a ConfigMap. */
const withFile = (text: unknown): Given[] => [
  proxy(
    ["--cookie-samesite=lax", "--alpha-config=/etc/proxy/settings.yaml"],
    { volumeMounts: [{ name: "files", mountPath: "/etc/proxy" }] },
    { volumes: [{ name: "files", configMap: { name: "proxy" } }] },
  ),
  {
    type: "kubernetes:core/v1:ConfigMap",
    name: "proxy",
    inputs: {
      metadata: { name: "proxy", namespace: "login" },
      data: { "settings.yaml": text },
    },
  },
];

test("the settings file is read from its ConfigMap, as YAML or JSON", async () => {
  assert.deepEqual(await findings(withFile(JSON.stringify(content))), []);
  const yaml = `providers:
  - provider: oidc
    code_challenge_method: plain
    oidcConfig: { issuerURL: "${issuer}", insecureSkipNonce: true }
`;
  assert.deepEqual(await findings(withFile(yaml)), [
    is(`providers[0].code_challenge_method ${inFile}`, '"plain"', '"S256"'),
    is(`providers[0].oidcConfig.insecureSkipNonce ${inFile}`, "true", "false"),
  ]);
});

test("what is missing from the settings file, strange in it, or not known is found", async () => {
  const without = { providers: [{ provider: "oidc" }], future: { a: 1 } };
  assert.deepEqual(await names(withFile(JSON.stringify(without))), [
    "future.a",
    "providers[].code_challenge_method",
    "providers[].oidcConfig.insecureSkipNonce",
  ]);
  assert.equal((await findings(withFile(notKnown))).length, 1);
  assert.deepEqual(await findings(withFile(notKnown), { allowUnknownSettings: true }), []);
  assert.equal((await findings(withFile("{"))).length, 1);
});

test("headers of answers, and what a client's own may be, are judged", async () => {
  const claim = (name: string, more = {}) => ({
    ...content,
    injectResponseHeaders: [
      { name, values: [{ claimSource: { claim: "access_token" } }], ...more },
    ],
  });
  const count = async (value: object, settings = {}) =>
    (await findings(withFile(JSON.stringify(value)), settings)).length;
  assert.equal(await count(claim("Authorization")), 0);
  assert.equal(await count(claim("X-User")), 1);
  assert.equal(await count(claim("X-User"), { responseHeaders: ["x-user"] }), 0);
  assert.equal(await count(claim("Authorization", { preserveRequestValue: true })), 1);
});

test("the project's own chart is judged by its values", async () => {
  const chart = (values: object): Given => ({
    type: "kubernetes:helm.sh/v3:Release",
    name: "proxy",
    inputs: { chart: "oauth2-proxy", values },
  });
  const extraArgs = {
    "cookie-samesite": "lax",
    "code-challenge-method": "S256",
    "insecure-oidc-skip-nonce": "false",
  };
  const configFile = 'email_domains = [ "*" ]\nupstreams = [ "static://202" ]\n';
  assert.deepEqual(await findings([chart({ extraArgs, config: { configFile } })]), []);
  const open = 'skip_auth_routes = [ ".*" ]\ncookie_httponly = false\n';
  assert.deepEqual(await names([chart({ extraArgs, config: { configFile: open } })]), [
    "--skip-auth-route",
    "--cookie-httponly",
  ]);
  const alphaConfig = { enabled: true, configData: content };
  assert.deepEqual(await findings([chart({ extraArgs, alphaConfig })]), []);
  const existing = chart({ extraArgs, config: { existingConfig: "other" } });
  assert.equal((await findings([existing])).length, 1);
});
