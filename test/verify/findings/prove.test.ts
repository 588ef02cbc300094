/** The requests that show what a finding opens. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bookinfo } from "../../../components/access";
import { prove, workloadFindings } from "../../../verify/findings";
import type { Finding } from "../../../verify/findings/finding";
import type { Prober } from "../../../verify/prober";
import { routing } from "../support/stack";
import { podOf, workloadCluster } from "../support/workloads";

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
