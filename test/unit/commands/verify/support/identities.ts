/** A cluster whose authority issues certificates, and the identities of two workloads of it. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { issueIdentities } from "../../../../../commands/verify/probes/identities";
import { startAuthority } from "./authority";
import { startCluster, type ClusterOptions } from "./cluster";

export const details = { namespace: "bookinfo", name: "bookinfo-details" };

export async function cluster(t: TestContext, options: Partial<ClusterOptions> = {}) {
  const authority = await startAuthority();
  const run = () => assert.fail("no pod is asked for");
  const fake = await startCluster({ run, authority, ...options });
  t.after(async () => {
    authority.close();
    await fake.close();
  });
  return { fake, authority };
}

/** The first is of `details`. */
export async function identities(t: TestContext) {
  const { fake, authority } = await cluster(t);
  const target = { namespace: "bookinfo", name: "bookinfo-ratings" };
  const { signal } = new AbortController();
  const issued = await issueIdentities(fake.kubeconfig, [details, target], signal);
  const [own, other] = [...issued.values()];
  assert.ok(own && other);
  return { own, other, host: authority.host };
}
