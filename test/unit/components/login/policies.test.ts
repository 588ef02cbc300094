/** The proxy is asked about exactly the requests that need a session, and each part of the login has one caller. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { loginPolicies } from "../../../../components/login/policies";

function policies(required: boolean, gatewayUrl = "http://localhost:8080") {
  const made = loginPolicies({ login: { required, sessions: "redis" }, gatewayUrl });
  const named = made.AuthorizationPolicy.map(
    ({ metadata: { namespace, name }, spec }) => [`${namespace}/${name}`, spec] as const,
  );
  return Object.fromEntries<unknown>(named);
}

const gateway = { matchLabels: { istio: "ingress" } };
const noToken = { key: "request.headers[authorization]", notValues: ["*"] };

test("with an optional login the proxy is asked about cookies without a token", () => {
  assert.deepEqual(policies(false), {
    "login/allow-nothing": {},
    "login/oauth2-proxy": {
      action: "ALLOW",
      selector: { matchLabels: { app: "oauth2-proxy" } },
      rules: [
        {
          from: [{ source: { serviceAccounts: ["istio-ingress/istio-ingress"] } }],
          to: [{ operation: { ports: ["4180"] } }],
        },
      ],
    },
    "login/redis": {
      action: "ALLOW",
      selector: { matchLabels: { app: "redis" } },
      rules: [
        {
          from: [{ source: { serviceAccounts: ["login/oauth2-proxy"] } }],
          to: [{ operation: { ports: ["6379"] } }],
        },
      ],
    },
    "istio-ingress/login": {
      action: "CUSTOM",
      provider: { name: "login" },
      selector: gateway,
      rules: [
        {
          to: [{ operation: { notPaths: ["/oauth2/*"] } }],
          when: [noToken, { key: "request.headers[cookie]", values: ["*"] }],
        },
      ],
    },
  });
});

const page = { key: "request.headers[accept]", values: ["text/html*"] };
const noPage = { key: "request.headers[accept]", notValues: ["text/html*"] };

/** What is asked by one of the proxy's names. */
const asked = (name: string, condition: object, operation: object) => ({
  action: "CUSTOM",
  provider: { name },
  selector: gateway,
  rules: [{ to: [{ operation }], when: [noToken, condition] }],
});

test("with a required login the proxy is asked about all that has no token, by one name about pages", () => {
  const required = policies(true);
  const operation = { notPaths: ["/oauth2/*"] };
  assert.deepEqual(required["istio-ingress/login"], asked("login", page, operation));
  assert.deepEqual(required["istio-ingress/session"], asked("session", noPage, operation));
  assert.deepEqual(Object.keys(required), [
    ...Object.keys(policies(false)),
    "istio-ingress/session",
  ]);
});

test("the proxy is not asked about preflights of listed origins, and about all else", () => {
  const cors = {
    origins: ["https://app.example"],
    methods: ["GET" as const],
    headers: [],
    exposeHeaders: [],
    maxAge: "10m",
  };
  const gatewayUrl = "http://localhost:8080";
  const made = loginPolicies({ login: { required: true, sessions: "redis" }, gatewayUrl, cors });
  const rulesOf = (name: string) =>
    made.AuthorizationPolicy.find(({ metadata }) => metadata.name === name)?.spec.rules;
  const notPaths = ["/oauth2/*"];
  const to = [{ operation: { notPaths } }];
  const header = (name: string, notValues: string[]) => ({
    key: `request.headers[${name}]`,
    notValues,
  });
  assert.deepEqual(rulesOf("session"), [
    { to: [{ operation: { notPaths, notMethods: ["OPTIONS"] } }], when: [noToken, noPage] },
    { to, when: [noToken, noPage, header("origin", ["https://app.example"])] },
    {
      to,
      when: [noToken, noPage, header("access-control-request-method", ["GET", "HEAD", "POST"])],
    },
  ]);
  // No browser asks for a page by a preflight.
  assert.deepEqual(rulesOf("login"), [{ to, when: [noToken, page] }]);
});

test("at HTTPS what is only redirected there is not asked about", () => {
  const required = policies(true, "https://books.example");
  const operation = { notPaths: ["/oauth2/*"], ports: ["443"] };
  assert.deepEqual(required["istio-ingress/login"], asked("login", page, operation));
  assert.deepEqual(required["istio-ingress/session"], asked("session", noPage, operation));
});

test("the login imports its own namespace and the mesh's, and reaches its services encrypted", () => {
  const made = (sessions: "redis" | "cookie") =>
    loginPolicies({
      login: { required: false, sessions },
      gatewayUrl: "http://localhost:8080",
    });
  const { Sidecar, DestinationRule } = made("redis");
  assert.deepEqual(
    Sidecar.map(({ metadata, spec }) => [metadata.namespace, spec.workloadSelector, spec.egress]),
    [["login", undefined, [{ hosts: ["./*", "istio-system/*"] }]]],
  );
  assert.deepEqual(
    DestinationRule.map(({ spec }) => [spec.host, spec.trafficPolicy?.tls?.mode]),
    [
      ["oauth2-proxy.login.svc.cluster.local", "ISTIO_MUTUAL"],
      ["redis.login.svc.cluster.local", "ISTIO_MUTUAL"],
    ],
  );
  assert.equal(made("cookie").DestinationRule.length, 1);
});

test("without a Redis nothing may call one", () => {
  const { AuthorizationPolicy } = loginPolicies({
    login: { required: false, sessions: "cookie" },
    gatewayUrl: "http://localhost:8080",
  });
  assert.deepEqual(
    AuthorizationPolicy.map(({ resource }) => resource),
    ["allow-nothing", "proxy-callers", "check"],
  );
});
