/** A service is called by mutual TLS only, its versions get their shares, and no answered request is sent again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { application as bookinfo } from "../../../application";
import type { Application } from "../../../components/application";
import { type ServiceTraffic, trafficObjects } from "../../../components/traffic";
import { createTraffic } from "../../../components/workloads/traffic";
import { clusterProvider, ofType, run } from "./mocks";

const rules = "kubernetes:networking.istio.io/v1:DestinationRule";
const routes = "kubernetes:networking.istio.io/v1:VirtualService";

async function made(...services: ServiceTraffic[]) {
  const { registrations } = await run(() => {
    createTraffic("bookinfo", bookinfo, services, { provider: clusterProvider() });
  });
  const objects = (type: string) =>
    Object.values(ofType(registrations, type)).map(({ inputs, dependencies }) => ({
      inputs: inputs as { metadata: object; spec: { http: { retries: { retryOn: string } }[] } },
      dependencies,
    }));
  return { rules: objects(rules), routes: objects(routes) };
}

const host = "reviews.bookinfo.svc.cluster.local";
const metadata = { name: "reviews", namespace: "bookinfo" };
const requestLimits = {
  timeout: "30s",
  retries: {
    attempts: 2,
    perTryTimeout: "12s",
    retryOn: "connect-failure,refused-stream,reset-before-request",
  },
};

test("a service is called by mutual TLS only, and its requests are shared among its versions", async () => {
  const { rules, routes } = await made({ service: "reviews", shares: { v1: 75, v2: 25, v3: 0 } });
  const versions = ["v1", "v2", "v3"];
  assert.deepEqual(
    rules.map(({ inputs }) => [inputs.metadata, inputs.spec]),
    [
      [
        metadata,
        {
          host,
          trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" } },
          subsets: versions.map((version) => ({ name: version, labels: { version } })),
        },
      ],
    ],
  );
  assert.deepEqual(
    routes.map(({ inputs }) => [inputs.metadata, inputs.spec]),
    [
      [
        metadata,
        {
          hosts: [host],
          http: [
            {
              route: [
                { destination: { host, subset: "v1" }, weight: 75 },
                { destination: { host, subset: "v2" }, weight: 25 },
              ],
              ...requestLimits,
            },
          ],
        },
      ],
    ],
  );
});

test("a service whose versions are not told apart has no subset", async () => {
  const { rules, routes } = await made({ service: "reviews", shares: {} });
  assert.deepEqual(rules[0]?.inputs.spec, {
    host,
    trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" } },
  });
  assert.deepEqual(routes[0]?.inputs.spec, {
    hosts: [host],
    http: [{ route: [{ destination: { host } }], ...requestLimits }],
  });
});

const shop = {
  name: "shop",
  namespace: "shop",
  services: {
    feed: {
      callers: ["gateway", "news"],
      operations: {
        "GET /feed": "public",
        "GET /feed/{id}/events": { requires: "signedIn", streams: true },
        "GET /all/{rest...}": { requires: "public", callers: ["news"], streams: true },
      },
      limits: { timeout: "5s", perTryTimeout: "1s", attempts: 3 },
      versions: [{ name: "feed-v2" }],
      port: 80,
      path: "/feed",
      serviceAccount: "feed",
    },
    news: {
      callers: ["gateway"],
      requires: "public",
      limits: { timeout: "none", attempts: 0 },
      port: 80,
      path: "/news",
      serviceAccount: "news",
    },
  },
} satisfies Pick<Application, "name" | "namespace" | "services">;

const httpOf = (service: string) => {
  const [route] = trafficObjects(shop, [{ service, shares: {} }]).VirtualService;
  return route?.spec.http?.map(({ match, timeout, retries }) => ({ match, timeout, retries }));
};

const retryOn = requestLimits.retries.retryOn;

test("a service's own limits count, and not for what streams", () => {
  const events = { exact: "GET" };
  const own = {
    match: undefined,
    timeout: "5s",
    retries: { attempts: 3, perTryTimeout: "1s", retryOn },
  };
  const streaming = {
    match: [
      { uri: { regex: "/feed/[^/]+/events" }, method: events },
      { uri: { regex: "/all/.*" }, method: events },
    ],
    timeout: undefined,
    retries: { attempts: 3, retryOn },
  };
  for (const service of ["feed", "feed-v2"])
    assert.deepEqual(httpOf(service), [streaming, own], service);
});

test("a service without a timeout has none for a try, and one without attempts is asked once", () => {
  assert.deepEqual(httpOf("news"), [
    { match: undefined, timeout: undefined, retries: { attempts: 0 } },
  ]);
});

test("no answer of a service or a sidecar is asked for a second time", async () => {
  const { routes } = await made({ service: "reviews", shares: { v1: 100 } });
  // Envoy's names of what happened before any service had the request.
  const unseen = ["connect-failure", "refused-stream", "reset-before-request"];
  assert.deepEqual(routes[0]?.inputs.spec.http[0]?.retries.retryOn.split(","), unseen);
});

test("a route is made after the subsets that it leads to", async () => {
  const { routes } = await made({ service: "reviews", shares: { v1: 100 } });
  assert.deepEqual(routes[0]?.dependencies, ["bookinfo-reviews-destination"]);
});

test("Istio's own definitions take them", async () => {
  // The package can be imported only.
  const { DestinationRule, VirtualService } =
    await import("@kubernetes-models/istio/networking.istio.io/v1");
  const { rules, routes } = await made(
    { service: "reviews", shares: { v1: 34, v2: 33, v3: 33 } },
    { service: "details", shares: {} },
  );
  assert.deepEqual([rules.length, routes.length], [2, 2]);
  for (const { inputs } of rules) new DestinationRule(inputs as never).validate();
  for (const { inputs } of routes) new VirtualService(inputs).validate();
});
