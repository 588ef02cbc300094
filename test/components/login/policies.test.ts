import assert from "node:assert/strict";
import { test } from "node:test";
import { loginPolicies } from "../../../components/login/policies";

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

test("with a required login the proxy is asked about whatever has no token", () => {
  const required = policies(true);
  assert.deepEqual(required["istio-ingress/login"], {
    action: "CUSTOM",
    provider: { name: "login" },
    selector: gateway,
    rules: [{ to: [{ operation: { notPaths: ["/oauth2/*"] } }], when: [noToken] }],
  });
  assert.deepEqual(Object.keys(required), Object.keys(policies(false)));
});

test("at HTTPS what is only redirected there is not asked about", () => {
  const required = policies(true, "https://books.example");
  assert.deepEqual(required["istio-ingress/login"], {
    action: "CUSTOM",
    provider: { name: "login" },
    selector: gateway,
    rules: [{ to: [{ operation: { notPaths: ["/oauth2/*"], ports: ["443"] } }], when: [noToken] }],
  });
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
