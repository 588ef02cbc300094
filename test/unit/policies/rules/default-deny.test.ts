/** A namespace with sidecars is reported unless it, or the whole mesh, has a policy that is known to allow nothing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultDeny } from "../../../../policies/rules/default-deny";
import { allow, allowNothing, authorization, workload } from "../istio";
import { judged, notKnown } from "../judged";

const open = (namespace = '"bookinfo"') => ({
  found: `no AuthorizationPolicy of namespace ${namespace} allows nothing`,
  write: "one in it with an empty spec",
  resource: undefined,
});
const details = workload("details");

test("a policy that allows nothing passes, of the namespace or of the whole mesh", async () => {
  assert.deepEqual(await judged(defaultDeny, [details, allowNothing]), []);
  const whole = authorization("none", {}, "istio-system");
  assert.deepEqual(await judged(defaultDeny, [details, whole]), []);
  assert.deepEqual(await judged(defaultDeny, []), []);
  for (const spec of [{ rules: [] }, { rules: null }, { selector: { matchLabels: null } }])
    assert.deepEqual(await judged(defaultDeny, [details, authorization("none", spec)]), []);
});

test("each namespace without one is found once", async () => {
  const other = workload("other", { namespace: "other" });
  assert.deepEqual(await judged(defaultDeny, [details, workload("reviews"), other]), [
    open(),
    open('"other"'),
  ]);
});

test("a policy that allows something, or not to all, or denies, is none", async () => {
  const others = [
    allow("details", {}),
    authorization("a", { rules: [{}] }),
    authorization("b", { selector: { matchLabels: { app: "details" } } }),
    authorization("c", { action: "DENY" }),
    authorization("d", { targetRefs: [{ kind: "Gateway", name: "waypoint" }] }),
    authorization("e", {}, "elsewhere"),
  ];
  assert.deepEqual(await judged(defaultDeny, [details, ...others]), [open()]);
});

test("rules or an action that are not known yet may allow something", async () => {
  const unknowns = [
    authorization("a", { rules: notKnown }),
    authorization("b", { action: notKnown }),
    authorization("d", { targetRefs: notKnown }),
    { ...authorization("c", {}), inputs: { metadata: { namespace: "bookinfo" }, spec: notKnown } },
  ];
  assert.deepEqual(await judged(defaultDeny, [details, ...unknowns]), [open()]);
});

test("workloads without a sidecar are not judged, nor excepted namespaces", async () => {
  const without = workload("details", { labels: { "sidecar.istio.io/inject": "false" } });
  assert.deepEqual(await judged(defaultDeny, [without]), []);
  assert.deepEqual(await judged(defaultDeny, [details], { exceptNamespaces: ["bookinfo"] }), []);
  const whole = authorization("none", {}, "mesh");
  assert.deepEqual(await judged(defaultDeny, [details, whole], { rootNamespace: "mesh" }), []);
});
