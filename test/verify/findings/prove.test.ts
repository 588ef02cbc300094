/** The requests that show what a finding opens. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bookinfo } from "../../../components/access";
import { workloadFindings } from "../../../verify/findings";
import type { Finding } from "../../../verify/findings/finding";
import { prove } from "../../../verify/findings/prove";
import type { Prober, ProbeRequest } from "../../../verify/prober";
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
    send(requests, as) {
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

test("a pod that takes a service's requests is shown by what a sidecar has sent to it", async () => {
  const outputs = { login: undefined, routing };
  const cluster = workloadCluster(bookinfo, outputs);
  const labels = { app: "details", version: "v1" };
  const impostor = meshedPod({
    name: "impostor",
    namespace: "bookinfo",
    account: "default",
    labels,
  });
  const address = impostor.status?.podIP ?? "";
  const found = workloadFindings(bookinfo, outputs, {
    ...cluster,
    pods: [...cluster.pods, impostor],
  });
  const line = (subset: string, to: string, counter: string, value: number) =>
    `outbound|9080|${subset}|details.bookinfo.svc.cluster.local::${to}::${counter}::${value}`;
  const clusters = [
    line("v1", `${address}:9080`, "cx_total", 2),
    line("v1", `${address}:9080`, "rq_total", 5),
    line("", `${address}:9080`, "rq_total", 1),
    // Another address, which begins alike.
    line("v1", `${address}9:9080`, "rq_total", 70),
    line("v1", `${address}:9080`, "rq_active", 800),
  ].join("\n");
  const asked: ProbeRequest[] = [];
  const prober: Prober = {
    send(requests) {
      asked.push(...requests);
      return Promise.resolve(
        requests.map(({ path }) =>
          path.startsWith("/clusters?")
            ? { status: 200, headers: {}, body: clusters }
            : { status: 403, headers: {}, body: "RBAC: access denied" },
        ),
      );
    },
    close: () => undefined,
  };
  const [finding] = await prove(found, {
    probers: new Map([["stranger", Promise.resolve(prober)]]),
    identities: new Map(),
  });
  assert.equal(
    finding?.seen,
    `8 times GET http://details.bookinfo:9080/details/0 from the pod stranger: its sidecar has opened 2 connections to ${address} and sent it 6 requests`,
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
