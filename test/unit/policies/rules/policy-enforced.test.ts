/** A security policy in dry run, for another control plane's revision or written as a patch is reported. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { policyEnforced } from "../../../../policies/rules/policy-enforced";
import { type Given, judged, notKnown } from "../judged";

const policy = (metadata: object, kind = "AuthorizationPolicy"): Given => ({
  type: `kubernetes:security.istio.io/v1:${kind}`,
  name: "subject",
  inputs: { metadata: { name: "details", namespace: "bookinfo", ...metadata }, spec: {} },
});
const dry = (value: unknown) => policy({ annotations: { "istio.io/dry-run": value } });
const revision = (value: unknown, kind?: string) =>
  policy({ labels: { "istio.io/rev": value } }, kind);

const is = (where: string, value: string, kind = "AuthorizationPolicy") => ({
  where: `metadata.${where} of ${kind} bookinfo/details`,
  is: value,
  write: "nothing",
  resource: "subject",
});
const dryRun = 'annotations["istio.io/dry-run"]';
const rev = 'labels["istio.io/rev"]';
const unknown = "a value that is not known before the update";

test("policies in force pass, and so does what is no policy", async () => {
  const labelled = { labels: { team: "books" }, annotations: { note: "reviewed" } };
  const configMap = { ...revision("canary"), type: "kubernetes:core/v1:ConfigMap" };
  // Istio tries AuthorizationPolicies only.
  const peers = policy({ annotations: { "istio.io/dry-run": "true" } }, "PeerAuthentication");
  const others = [configMap, peers];
  for (const good of [policy({}), policy(labelled), dry("false"), revision("default"), ...others])
    assert.deepEqual(await judged(policyEnforced, [good]), []);
});

test("a policy that is only tried is found, however it says so", async () => {
  for (const value of ["true", "1", "T"])
    assert.deepEqual(await judged(policyEnforced, [dry(value)]), [is(dryRun, `"${value}"`)]);
});

test("a policy of any kind for another control plane is found", async () => {
  for (const kind of ["AuthorizationPolicy", "RequestAuthentication", "PeerAuthentication"])
    assert.deepEqual(await judged(policyEnforced, [revision("canary", kind)]), [
      is(rev, '"canary"', kind),
    ]);
});

test("what is not known yet is found, and everything at once", async () => {
  const both = policy({ annotations: notKnown, labels: { "istio.io/rev": notKnown } });
  assert.deepEqual(await judged(policyEnforced, [both, dry("true")]), [
    is(dryRun, unknown),
    is(rev, unknown),
    is(dryRun, '"true"'),
  ]);
});

test("a patch is found, with any content", async () => {
  assert.deepEqual(await judged(policyEnforced, [policy({}, "AuthorizationPolicyPatch")]), [
    {
      where: "AuthorizationPolicyPatch bookinfo/details",
      found: "changes a policy that the stack does not make",
      write: "the whole policy",
      resource: "subject",
    },
  ]);
});

test("policies may be tried, and revisions be read, where that is configured", async () => {
  const settings = { dryRunPolicies: ["bookinfo/details"], revisions: ["canary"] };
  assert.deepEqual(await judged(policyEnforced, [dry("true"), revision("canary")], settings), []);
  assert.deepEqual(await judged(policyEnforced, [revision("default")], settings), [
    is(rev, '"default"'),
  ]);
});
