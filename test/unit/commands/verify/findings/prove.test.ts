/** The requests that show what a finding opens. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { application as bookinfo } from "../../../../../application";
import { workloadFindings } from "../../../../../commands/verify/findings";
import type { Finding } from "../../../../../commands/verify/findings/finding";
import { prove } from "../../../../../commands/verify/findings/prove";
import type { ProbeRequest } from "../../../../../commands/verify/probes/observed";
import type { Prober } from "../../../../../commands/verify/probes/prober";
import { routing } from "../support/stack";
import { meshedPod, podOf, workloadCluster } from "../support/workloads";

/** That ratings runs as productpage's service account. */
function borrowed(): readonly Finding[] {
  const outputs = { login: undefined, routing };
  const cluster = workloadCluster(bookinfo, outputs);
  const { spec } = podOf(cluster, "ratings-v1");
  assert.ok(spec);
  spec.serviceAccountName = "bookinfo-productpage";
  return workloadFindings(bookinfo, outputs, cluster);
}

test("a borrowed identity is shown by a request of that account's, with a token that may do everything", async () => {
  const identity = { certificate: "c", key: "k", authority: "a" };
  const asked: unknown[] = [];
  const prober: Prober = {
    send(requests, { identity: as } = {}) {
      asked.push([requests, as]);
      return Promise.resolve([{ status: 200, headers: {}, body: "for s3cret-token-of-someone" }]);
    },
    close: () => undefined,
  };
  const headers = { authorization: "Bearer s3cret-token-of-someone" };
  const credentials = {
    sent: { headers },
    shown: { headers: {} },
    words: new Map([["s3cret-token-of-someone", "[token]"]]),
  };
  const [finding] = await prove(borrowed(), {
    probers: new Map([["outsider", Promise.resolve(prober)]]),
    identities: new Map([["bookinfo/bookinfo-productpage", identity]]),
    whole: { viewer: "moderator", credentials },
  });
  const request = {
    method: "GET",
    origin: "http://details.bookinfo:9080",
    path: "/details/0",
    headers,
  };
  assert.deepEqual(asked, [[[request], identity]]);
  assert.equal(
    finding?.seen,
    "GET http://details.bookinfo:9080/details/0 with the token of moderator from the pod outsider as bookinfo/bookinfo-productpage: 200 for [token]",
  );
});

test("a borrowed identity that no request is sent as is named all the same", async () => {
  const prober: Prober = { send: () => assert.fail("nobody is asked"), close: () => undefined };
  const [finding] = await prove(borrowed(), {
    probers: new Map([["outsider", Promise.resolve(prober)]]),
    identities: new Map(),
  });
  assert.deepEqual([finding?.object, finding?.seen], ["Deployment bookinfo/ratings-v1", undefined]);
});

/** Envoy's counters of a service at a port, before and after, each by the address and the counter. */
const clustersOf = (
  name: string,
  port: number,
  counters: readonly (readonly [string, string, number])[],
) =>
  counters
    .map(
      ([to, counter, value]) =>
        `outbound|${port}|v1|${name}.svc.cluster.local::${to}::${counter}::${value}`,
    )
    .join("\n");

/** A pod `stranger` whose sidecar answers with these, one after the other; and what it was asked. */
function strangerWith(...clusters: readonly string[]) {
  const asked: ProbeRequest[] = [];
  const left = [...clusters];
  const prober: Prober = {
    send(requests) {
      asked.push(...requests);
      return Promise.resolve(
        requests.map(({ path }) =>
          path.startsWith("/clusters?")
            ? { status: 200, headers: {}, body: left.shift() ?? "" }
            : { status: 403, headers: {}, body: "RBAC: access denied" },
        ),
      );
    },
    close: () => undefined,
  };
  const senders = {
    probers: new Map([["stranger", Promise.resolve(prober)]]),
    identities: new Map(),
  };
  return { asked, senders };
}

test("a pod that takes a service's requests is shown by what a sidecar has sent to it meanwhile", async () => {
  const outputs = { login: undefined, routing };
  const cluster = workloadCluster(bookinfo, outputs);
  const labels = { app: "details", version: "v1" };
  const impostor = meshedPod({
    name: "impostor",
    namespace: "bookinfo",
    account: "default",
    labels,
  });
  const address = impostor.status?.podIPs?.[0]?.ip ?? "";
  const found = workloadFindings(bookinfo, outputs, {
    ...cluster,
    pods: [...cluster.pods, impostor],
  });
  const counters = (connections: number, requests: number) =>
    clustersOf("details.bookinfo", 9080, [
      [`${address}:9080`, "cx_total", connections],
      [`${address}:9080`, "rq_total", requests],
      [`${address}:9080`, "rq_active", 800 + requests],
      // Another address, which begins alike.
      [`${address}9:9080`, "rq_total", 70 * requests],
    ]);
  const { asked, senders } = strangerWith(counters(1, 19), counters(3, 25));
  const [finding] = await prove(found, senders);
  assert.equal(
    finding?.seen,
    `8 times GET http://details.bookinfo:9080/details/0 from the pod stranger: meanwhile its sidecar has opened 2 connections to ${address} and sent 6 requests there`,
  );
  const { origin, path = "" } = asked.at(-1) ?? {};
  assert.equal(origin, "http://127.0.0.1:15000");
  const filter = new RegExp(new URLSearchParams(path.split("?")[1]).get("filter") ?? "");
  for (const name of [
    "outbound|9080||details.bookinfo.svc.cluster.local",
    "outbound|9080|v1|details.bookinfo.svc.cluster.local",
  ])
    assert.match(name, filter);
  assert.doesNotMatch("outbound|9080||details.bookinfo2.svc.cluster.local", filter);
});

test("requests at port 80, of several addresses, are counted one finding after the other", async () => {
  const finding = (takenBy: readonly string[]): Finding => ({
    object: "EndpointSlice shop/web",
    opens: "requests for web go elsewhere",
    undo: "kubectl delete it",
    attempt: {
      from: "stranger",
      takenBy,
      request: { method: "GET", origin: "http://web.shop:80", path: "/", headers: {} },
    },
  });
  const counters = (one: number, other: number) =>
    clustersOf("web.shop", 80, [
      ["10.0.0.8:80", "rq_total", one],
      ["[fd00::9]:80", "rq_total", other],
    ]);
  const { asked, senders } = strangerWith(
    counters(0, 0),
    counters(2, 3),
    counters(2, 3),
    counters(2, 7),
  );
  const proven = await prove([finding(["10.0.0.8", "fd00::9"]), finding(["fd00::9"])], senders);
  assert.deepEqual(
    proven.map(({ seen = "" }) => /sent (\d+) requests/.exec(seen)?.[1]),
    ["5", "4"],
  );
  const path = asked[0]?.path ?? "";
  const filter = new RegExp(new URLSearchParams(path.split("?")[1]).get("filter") ?? "");
  assert.match("outbound|80||web.shop.svc.cluster.local", filter);
});
