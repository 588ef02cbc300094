/** A setting of istiod or of a sidecar injector that opens the mesh is a finding; what the stack makes is not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { releaseUndo } from "../../../../../commands/verify/findings/finding";
import {
  type ControlPlane,
  controlPlaneFindings,
} from "../../../../../commands/verify/findings/control-plane";
import type {
  Namespace,
  WebhookConfiguration,
} from "../../../../../commands/verify/findings/kubernetes";

const meshed: readonly Namespace[] = [
  { metadata: { name: "bookinfo", labels: { "istio-injection": "enabled" } } },
];

type Webhooks = NonNullable<WebhookConfiguration["webhooks"]>;

const injector = (selector: Webhooks[number]["namespaceSelector"], host = "istiod"): Webhooks => [
  {
    name: "namespace.sidecar-injector.istio.io",
    admissionReviewVersions: ["v1"],
    clientConfig: { service: { name: host, namespace: "istio-system" } },
    failurePolicy: "Fail",
    sideEffects: "None",
    ...(selector && { namespaceSelector: selector }),
  },
];

const enabled = {
  matchExpressions: [{ key: "istio-injection", operator: "In", values: ["enabled"] }],
};

/** As the chart makes it with the stack's values, on the sandbox. */
function controlPlane() {
  const env: { name: string; value: string }[] = [
    { name: "CA_TRUSTED_NODE_ACCOUNTS", value: "istio-system/ztunnel" },
    { name: "PILOT_CERT_PROVIDER", value: "istiod" },
    { name: "PILOT_ENABLE_ALPN_FILTER", value: "false" },
    { name: "PILOT_ENABLE_METADATA_EXCHANGE", value: "false" },
    { name: "PILOT_JWT_PUB_KEY_REFRESH_INTERVAL", value: "5m" },
    { name: "PILOT_SCOPE_GATEWAY_TO_NAMESPACE", value: "true" },
  ];
  const args = [
    "discovery",
    "--monitoringAddr=:15014",
    "--log_output_level=default:info",
    "--domain",
    "cluster.local",
    "--keepaliveMaxServerConnectionAge",
    "5m",
    "--grpcAddr=127.0.0.1:15010",
  ];
  const webhooks = injector(enabled);
  const parts: ControlPlane = {
    controlPlane: [
      {
        metadata: { name: "istiod", namespace: "istio-system" },
        spec: {
          selector: {},
          template: { spec: { containers: [{ name: "discovery", env, args }] } },
        },
      },
    ],
    webhooks: [
      { metadata: { name: "istio-sidecar-injector" }, webhooks },
      {
        metadata: { name: "istio-sidecar-injector-other" },
        webhooks: injector({ matchLabels: { "istio.io/rev": "other" } }, "istiod-other"),
      },
      { metadata: { name: "vault" }, webhooks: [] },
    ],
    pods: [
      {
        metadata: { name: "istiod-1", namespace: "istio-system", labels: { app: "istiod" } },
        status: { phase: "Running", podIP: "10.0.0.9" },
      },
    ],
  };
  return { env, args, webhooks, parts };
}

test("what the stack makes is no finding, and neither is another revision's injector", () => {
  assert.deepEqual(controlPlaneFindings(controlPlane().parts, meshed), []);
});

const istiod = "Deployment istio-system/istiod";

const changes: readonly (readonly [
  what: string,
  change: (live: ReturnType<typeof controlPlane>) => unknown,
  object: string,
  opens: RegExp,
])[] = [
  [
    "Gateways of every namespace",
    ({ env }) => env.pop(),
    istiod,
    /PILOT_SCOPE_GATEWAY_TO_NAMESPACE is not true: a Gateway of any namespace/,
  ],
  ...(
    [
      ["PILOT_SKIP_VALIDATE_TRUST_DOMAIN", "true"],
      ["XDS_AUTH", "false"],
      ["PILOT_ENABLE_XDS_IDENTITY_CHECK", "false"],
      ["TRUSTED_GATEWAY_CIDR", "0.0.0.0/0"],
      ["CA_TRUSTED_NODE_ACCOUNTS", "default/evil"],
      ["JWKS_RESOLVER_INSECURE_SKIP_VERIFY", "true"],
      ["PILOT_JWT_PUB_KEY_REFRESH_INTERVAL", "24h"],
      ["ENABLE_DEBUG_ENDPOINT_AUTH", "false"],
      ["SHARED_MESH_CONFIG", "mine"],
    ] as const
  ).map(
    ([name, value]) =>
      [
        `${name}=${value}`,
        ({ env }: ReturnType<typeof controlPlane>) => {
          const at = env.findIndex((each) => each.name === name);
          env.splice(at < 0 ? 0 : at, at < 0 ? 0 : 1, { name, value });
        },
        istiod,
        new RegExp(`^its variable ${name} is ${value.replace("/", "\\/")}: `),
      ] as const,
  ),
  [
    "settings from another file",
    ({ args }) => args.push("--meshConfig=/mine"),
    istiod,
    /its argument --meshConfig=\/mine/,
  ],
  ["discovery in plain text", ({ args }) => args.pop(), istiod, /plain text at port 15010/],
  [
    "discovery in plain text where istiod has no address for it",
    ({ args }) => args.splice(-1, 1, "--grpcAddr="),
    istiod,
    /plain text at port 8080/,
  ],
  [
    "an injector that may fail",
    ({ webhooks }) => Object.assign(webhooks[0] ?? {}, { failurePolicy: "Ignore" }),
    "MutatingWebhookConfiguration istio-sidecar-injector",
    /failurePolicy/,
  ],
  [
    "an injector that leaves the namespace out",
    ({ webhooks }) =>
      Object.assign(webhooks[0] ?? {}, { namespaceSelector: { matchLabels: { no: "such" } } }),
    "MutatingWebhookConfiguration istio-sidecar-injector",
    /leaves out bookinfo/,
  ],
  [
    "another control plane's injector",
    ({ parts }) =>
      Object.assign(parts.webhooks[1] ?? {}, { webhooks: injector(enabled, "istiod-other") }),
    "MutatingWebhookConfiguration istio-sidecar-injector-other",
    /another control plane/,
  ],
];

for (const [what, change, object, opens] of changes) {
  test(`${what}: said of ${object}`, () => {
    const live = controlPlane();
    change(live);
    const found = controlPlaneFindings(live.parts, meshed);
    assert.deepEqual(
      found.map((each) => each.object),
      [object],
    );
    assert.match(found[0]?.opens ?? "", opens);
    assert.equal(found[0]?.undo, releaseUndo({ name: "istiod", namespace: "istio-system" }));
  });
}

test("discovery in plain text is asked for from a pod outside the mesh", () => {
  const live = controlPlane();
  live.args.pop();
  const [found] = controlPlaneFindings(live.parts, meshed);
  assert.equal(found?.attempt?.from, "outsider");
  assert.equal(found.attempt.request.origin, "http://10.0.0.9:15010");
});
