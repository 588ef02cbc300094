/** Who may connect to whom, as Kubernetes reads the policies, next to the table. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { application as bookinfo } from "../../../../application";
import { gateway } from "../../../../components/access/rows";
import {
  applicationPolicies,
  certificatePolicies,
  loginNetworkPolicies,
  meshPolicies,
  type NetworkPolicyObject,
  type NetworkSettings,
} from "../../../../components/network";
import type { NetworkPolicySpec } from "../../../../components/network/objects";

const settings: NetworkSettings = { egress: "REGISTRY_ONLY", imports: [], metricsFrom: [] };
const provider = {
  issuer: "https://tenant.example:8443/",
  jwksUri: "https://keys.example/jwks.json",
  tokenEndpoint: undefined,
};

type Labels = Readonly<Record<string, string>>;

/** Of a pod; without a namespace, something outside of the cluster. */
interface Place {
  readonly namespace?: string;
  readonly labels?: Labels;
}

const fits = (selector: { matchLabels?: Labels } | undefined, labels: Labels) =>
  Object.entries(selector?.matchLabels ?? {}).every(([name, value]) => labels[name] === value);

type Rule = NonNullable<NetworkPolicySpec["ingress"]>[number];

/** https://kubernetes.io/docs/concepts/services-networking/network-policies/#behavior-of-to-and-from-selectors */
function ruleFits(
  peers: Rule["from"],
  ports: Rule["ports"],
  other: Place,
  port: number,
  own: string,
): boolean {
  const isPort = ports === undefined || ports.some((each) => each.port === port);
  const isPeer =
    peers === undefined ||
    peers.some(({ namespaceSelector, podSelector, ipBlock }) => {
      if (ipBlock !== undefined || other.namespace === undefined) return false;
      const isNear =
        namespaceSelector === undefined
          ? other.namespace === own
          : fits(namespaceSelector, { "kubernetes.io/metadata.name": other.namespace });
      return isNear && fits(podSelector, other.labels ?? {});
    });
  return isPort && isPeer;
}

/** Whether the policies let a pod have a connection in this direction. */
function allows(
  policies: readonly NetworkPolicyObject[],
  direction: "Ingress" | "Egress",
  { namespace, labels = {} }: Place,
  other: Place,
  port: number,
): boolean {
  if (namespace === undefined) return true;
  const own = policies.filter(
    ({ metadata, spec }) =>
      metadata.namespace === namespace &&
      fits(spec.podSelector, labels) &&
      spec.policyTypes.includes(direction),
  );
  if (own.length === 0) return true;
  return own.some(({ spec }) =>
    direction === "Ingress"
      ? spec.ingress?.some(({ from, ports }) => ruleFits(from, ports, other, port, namespace))
      : spec.egress?.some(({ to, ports }) => ruleFits(to, ports, other, port, namespace)),
  );
}

function connects(
  policies: readonly NetworkPolicyObject[],
  from: Place,
  to: Place,
  port: number,
): boolean {
  return allows(policies, "Egress", from, to, port) && allows(policies, "Ingress", to, from, port);
}

const pod = (namespace: string, labels: Labels = {}): Place => ({ namespace, labels });
const service = (name: string) => pod("bookinfo", { app: name });
const gatewayPod = pod("istio-ingress", { app: "istio-ingress", istio: "ingress" });
const istiod = pod("istio-system", { app: "istiod", istio: "pilot" });
const proxyPod = pod("login", { app: "oauth2-proxy" });
const redisPod = pod("login", { app: "redis" });
const prometheus = pod("monitoring", { app: "prometheus" });
const dns = pod("kube-system", { "k8s-app": "kube-dns" });
const outside: Place = {};

const whole = (changed: Partial<NetworkSettings> = {}, signsInAt?: typeof provider) => {
  const all = { ...settings, ...changed };
  return [
    ...meshPolicies(all, true),
    ...applicationPolicies({ application: bookinfo, settings: all, signsInAt }),
    ...loginNetworkPolicies("redis", all, provider),
    ...certificatePolicies(all, "acme"),
  ];
};

test("each service is reached by its callers of the table, at its port, and by nothing else", () => {
  const policies = whole();
  const names = Object.keys(bookinfo.services);
  const callers = {
    ...Object.fromEntries(names.map((name) => [name, service(name)])),
    [gateway]: gatewayPod,
  };
  for (const [name, { callers: listed, port }] of Object.entries(bookinfo.services)) {
    for (const [caller, place] of Object.entries(callers)) {
      const isListed = listed.includes(caller);
      assert.equal(connects(policies, place, service(name), port), isListed, `${caller} ${name}`);
      assert.equal(
        connects(policies, place, service(name), 15006),
        false,
        `${caller} ${name} 15006`,
      );
    }
    for (const other of [
      outside,
      pod("bookinfo", { app: "unlisted" }),
      pod("default", { app: "productpage" }),
      pod("default", { istio: "ingress" }),
      pod("istio-ingress"),
      prometheus,
      proxyPod,
      istiod,
    ])
      for (const port of [9080, 15020, 15090])
        assert.equal(connects(policies, other, service(name), port), false, JSON.stringify(other));
  }
});

test("what the stack does not name is reached by nothing, and reaches DNS and istiod", () => {
  const policies = whole();
  for (const namespace of ["bookinfo", "login"]) {
    const unlisted = pod(namespace, { app: "unlisted" });
    assert.equal(connects(policies, gatewayPod, unlisted, 9080), false);
    assert.equal(connects(policies, unlisted, outside, 443), false);
    assert.equal(connects(policies, unlisted, dns, 53), true);
    assert.equal(connects(policies, unlisted, istiod, 15012), true);
  }
});

test("the gateway serves its ports and its health to all, and reaches what is behind it", () => {
  const policies = whole();
  for (const port of [80, 443, 15021]) assert.ok(connects(policies, outside, gatewayPod, port));
  for (const port of [8080, 15000, 15020, 15090])
    assert.equal(connects(policies, prometheus, gatewayPod, port), false, String(port));
  assert.equal(connects(policies, gatewayPod, outside, 443), false);
  assert.equal(connects(policies, gatewayPod, pod("payments", { app: "cards" }), 8080), false);
  assert.equal(connects(policies, gatewayPod, istiod, 15010), false);
  assert.ok(connects(policies, gatewayPod, istiod, 15012));
  const solverPod = pod("istio-ingress", { "acme.cert-manager.io/http01-solver": "true" });
  assert.ok(connects(policies, gatewayPod, solverPod, 8089));
  assert.equal(connects(policies, outside, solverPod, 8089), false);
  assert.equal(
    meshPolicies(settings, false).some(({ spec }) => JSON.stringify(spec).includes("443")),
    false,
  );
});

test("istiod gives proxies their configuration by TLS, and the API server its webhooks", () => {
  const policies = whole();
  const stranger = pod("payments");
  assert.ok(connects(policies, stranger, istiod, 15012));
  assert.equal(connects(policies, outside, istiod, 15012), false);
  assert.ok(connects(policies, outside, istiod, 15017));
  for (const port of [8080, 15010, 15014])
    assert.equal(connects(policies, stranger, istiod, port), false, String(port));
  // It asks the API server and providers, wherever those are.
  assert.ok(connects(policies, istiod, outside, 6443));
});

test("the login's Redis is reached by its proxy, that by the gateway, and the provider by the proxy alone", () => {
  const policies = whole();
  assert.ok(connects(policies, gatewayPod, proxyPod, 4180));
  assert.ok(connects(policies, proxyPod, redisPod, 6379));
  for (const other of [gatewayPod, service("productpage"), pod("login", { app: "other" })])
    assert.equal(connects(policies, other, redisPod, 6379), false);
  assert.equal(connects(policies, service("productpage"), proxyPod, 4180), false);
  for (const port of [443, 8443]) {
    assert.ok(connects(policies, proxyPod, outside, port));
    assert.equal(connects(policies, redisPod, outside, port), false);
  }
  assert.equal(connects(policies, proxyPod, outside, 80), false);
  const withCookies = loginNetworkPolicies("cookie", settings, provider);
  assert.equal(JSON.stringify(withCookies).includes("6379"), false);
});

test("the service that people sign in to reaches the provider, where the application signs them in", () => {
  const policies = whole({}, provider);
  assert.ok(connects(policies, service("productpage"), outside, 8443));
  assert.equal(connects(policies, service("reviews"), outside, 8443), false);
  assert.equal(connects(whole(), service("productpage"), outside, 8443), false);
});

test("metrics are read from the namespaces that the settings name", () => {
  const policies = whole({ metricsFrom: ["monitoring"] });
  for (const [place, ports] of [
    [service("reviews"), [15020, 15090]],
    [proxyPod, [15020, 15090]],
    [gatewayPod, [15020, 15090]],
    [istiod, [15014]],
    [pod("cert-manager", {}), [9402]],
  ] as const)
    for (const port of ports) {
      assert.ok(connects(policies, prometheus, place, port), `${JSON.stringify(place)} ${port}`);
      assert.equal(connects(policies, pod("other"), place, port), false);
      assert.equal(connects(whole(), prometheus, place, port), false);
    }
  assert.equal(connects(policies, prometheus, service("reviews"), 9080), false);
});

test("what is imported is reached, and with any egress everything is", () => {
  const imports = ["payments/cards.payments.svc.cluster.local", "payments/*"];
  const cards = pod("payments", { app: "cards" });
  assert.ok(connects(whole({ imports }), service("details"), cards, 8080));
  assert.equal(connects(whole({ imports }), service("details"), pod("other"), 8080), false);
  const any = whole({ egress: "ALLOW_ANY" });
  assert.ok(connects(any, service("details"), outside, 443));
  assert.ok(connects(any, redisPod, outside, 443));
  assert.equal(connects(any, service("details"), service("ratings"), 9080), false);
});

test("cert-manager's webhook is asked by the API server, and its other pods by nothing", () => {
  const policies = whole();
  const webhook = pod("cert-manager", { "app.kubernetes.io/name": "webhook" });
  assert.ok(connects(policies, outside, webhook, 10250));
  assert.equal(connects(policies, outside, pod("cert-manager"), 9402), false);
  assert.equal(connects(policies, prometheus, webhook, 9402), false);
});

test("a service's policy in full", () => {
  const found = whole().find(
    ({ metadata: { namespace, name } }) => namespace === "bookinfo" && name === "reviews",
  );
  const namespaceSelector = { matchLabels: { "kubernetes.io/metadata.name": "bookinfo" } };
  const ports = [{ protocol: "TCP", port: 9080 }];
  assert.deepEqual(found, {
    resource: "network-bookinfo-reviews",
    metadata: { namespace: "bookinfo", name: "reviews" },
    spec: {
      podSelector: { matchLabels: { app: "reviews" } },
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        {
          from: [{ namespaceSelector, podSelector: { matchLabels: { app: "productpage" } } }],
          ports,
        },
      ],
      egress: [
        { to: [{ namespaceSelector, podSelector: { matchLabels: { app: "ratings" } } }], ports },
      ],
    },
  });
});
