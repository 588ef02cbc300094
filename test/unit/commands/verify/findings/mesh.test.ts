/** A setting of the mesh that differs from the stack's is a finding that says what it opens. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { extensionProviders as providersOf } from "../../../../../components/login/gateway";
import { releaseUndo } from "../../../../../commands/verify/findings/finding";
import type { Namespace } from "../../../../../commands/verify/findings/kubernetes";
import { meshFindings, type MeshOutputs } from "../../../../../commands/verify/findings/mesh";
import { objectOf } from "../../../../../commands/verify/findings/proxy-config";

const outputs: MeshOutputs = {
  login: { at: "gateway", required: false, sessions: "redis" },
  routing: { egress: "REGISTRY_ONLY", imports: [], admission: true, traffic: [] },
};

const [extensionProvider] = providersOf({ required: false });

const own: readonly Namespace[] = ["bookinfo", "istio-ingress"].map((name) => ({
  metadata: { name, labels: { "kubernetes.io/metadata.name": name } },
}));

/** As Istio's chart writes it from the stack's values, on the sandbox. */
function settings(): Record<string, unknown> {
  return {
    accessLogFile: "/dev/stdout",
    defaultConfig: {
      concurrency: 1,
      discoveryAddress: "istiod.istio-system.svc:15012",
      proxyMetadata: { ECC_SIGNATURE_ALGORITHM: "ECDSA" },
    },
    enablePrometheusMerge: true,
    extensionProviders: [structuredClone(extensionProvider)],
    ingressControllerMode: "OFF",
    outboundTrafficPolicy: { mode: "REGISTRY_ONLY" },
    pathNormalization: { normalization: "DECODE_AND_MERGE_SLASHES" },
    rootNamespace: "istio-system",
    trustDomain: "cluster.local",
  };
}

test("the stack's settings are no finding", () => {
  assert.deepEqual(meshFindings(outputs, settings(), own), []);
});

test("without a login there is no extension provider, and where workloads reach anything, they may", () => {
  const { extensionProviders, outboundTrafficPolicy, ...others } = settings();
  assert.ok(extensionProviders !== undefined && outboundTrafficPolicy !== undefined);
  const without: MeshOutputs = {
    login: undefined,
    routing: { egress: "ALLOW_ANY", imports: [], admission: true, traffic: [] },
  };
  const mode = { outboundTrafficPolicy: { mode: "ALLOW_ANY" } };
  assert.deepEqual(meshFindings(without, { ...others, ...mode }, own), []);
  const found = meshFindings(without, settings(), own).map(({ object }) => object);
  assert.deepEqual(found, [
    "Setting outboundTrafficPolicy of the mesh",
    "Extension provider login of the mesh",
  ]);
});

test("selectors that see the stack's namespaces are no finding, and neither is a provider of traces", () => {
  const providers = [extensionProvider, { name: "traces", opentelemetry: { service: "x" } }];
  const selectors = [
    { matchLabels: { team: "other" } },
    { matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "Exists" }] },
  ];
  const live = { ...settings(), extensionProviders: providers, discoverySelectors: selectors };
  assert.deepEqual(meshFindings(outputs, live, own), []);
});

const login = (change: object) => [
  {
    ...objectOf(extensionProvider),
    envoyExtAuthzHttp: { ...objectOf(objectOf(extensionProvider).envoyExtAuthzHttp), ...change },
  },
];

const changes: readonly (readonly [change: object, object: string, opens: RegExp])[] = [
  [
    { extensionProviders: login({ failOpen: true }) },
    "Extension provider login of the mesh",
    /differs from the stack's in failOpen: while the login is down, requests pass without it/,
  ],
  [
    { extensionProviders: login({ service: "evil.default.svc.cluster.local" }) },
    "Extension provider login of the mesh",
    /in service/,
  ],
  [
    { extensionProviders: login({ headersToUpstreamOnAllow: ["authorization", "x-user"] }) },
    "Extension provider login of the mesh",
    /in headersToUpstreamOnAllow/,
  ],
  [{ extensionProviders: [] }, "Extension provider login of the mesh", /is missing/],
  [
    { extensionProviders: [extensionProvider, { name: "mine", envoyExtAuthzGrpc: {} }] },
    "Extension provider mine of the mesh",
    /does not ask for it/,
  ],
  [
    { outboundTrafficPolicy: { mode: "ALLOW_ANY" } },
    "Setting outboundTrafficPolicy of the mesh",
    /other addresses/,
  ],
  [{ pathNormalization: undefined }, "Setting pathNormalization of the mesh", /spelling/],
  [
    { pathNormalization: { normalization: "BASE" } },
    "Setting pathNormalization of the mesh",
    /BASE.*spelling/,
  ],
  [{ accessLogFile: "" }, "Setting accessLogFile of the mesh", /no proxy logs/],
  [
    { accessLogFormat: "%REQ(AUTHORIZATION)%" },
    "Setting accessLogFormat of the mesh",
    /tokens or cookies/,
  ],
  [{ ingressControllerMode: undefined }, "Setting ingressControllerMode of the mesh", /Ingress/],
  [{ trustDomain: "other" }, "Setting trustDomain of the mesh", /trust domain/],
  [{ trustDomainAliases: ["other"] }, "Setting trustDomainAliases of the mesh", /count as/],
  [{ caCertificates: [{ pem: "x" }] }, "Setting caCertificates of the mesh", /authority/],
  [{ enableAutoMtls: false }, "Setting enableAutoMtls of the mesh", /plain text/],
  [{ rootNamespace: "mine" }, "Setting rootNamespace of the mesh", /another namespace/],
  [{ configSources: [{ address: "xds://x" }] }, "Setting configSources of the mesh", /elsewhere/],
  [{ somethingNew: true }, "Setting somethingNew of the mesh", /does not ask for it/],
  [
    { defaultProviders: { accessLogging: ["x"] } },
    "Setting defaultProviders.accessLogging of the mesh",
    /log their requests elsewhere/,
  ],
  [
    { defaultConfig: { interceptionMode: "NONE" } },
    "Setting defaultConfig of the mesh",
    /every proxy has interceptionMode "NONE"/,
  ],
  [
    { defaultConfig: { proxyMetadata: { ISTIO_META_UNSAFE: "true" } } },
    "Setting defaultConfig of the mesh",
    /proxyMetadata\.ISTIO_META_UNSAFE/,
  ],
  [
    { discoverySelectors: [{ matchLabels: { "kubernetes.io/metadata.name": "istio-ingress" } }] },
    "Setting discoverySelectors of the mesh",
    /does not see bookinfo:/,
  ],
];

for (const [change, object, opens] of changes) {
  test(`${JSON.stringify(change)}: said of ${object}`, () => {
    const found = meshFindings(outputs, { ...settings(), ...change }, own);
    assert.deepEqual(
      found.map((each) => [each.object, each.undo]),
      [[object, releaseUndo({ name: "istiod", namespace: "istio-system" })]],
    );
    assert.match(found[0]?.opens ?? "", opens);
  });
}

test("without istiod's ConfigMap, Istio's defaults are judged", () => {
  const found = meshFindings(outputs, undefined, own).map(({ object }) => object);
  assert.deepEqual(found, [
    "Setting pathNormalization of the mesh",
    "Setting accessLogFile of the mesh",
    "Setting ingressControllerMode of the mesh",
    "Setting outboundTrafficPolicy of the mesh",
    "Extension provider login of the mesh",
  ]);
});
