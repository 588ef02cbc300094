/** Explain names each policy that is not as the stack asks, and nothing where all are. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { application } from "../../../../application";
import { differencesIn, securityKinds } from "../../../../commands/explain/differences";
import { objectsAskedOf } from "../../../../commands/stack/asked";
import { outputsWith } from "./mesh";

const outputs = outputsWith("none");

const asked = objectsAskedOf(application, outputs);
const live = securityKinds.flatMap((kind) =>
  (asked[kind] ?? []).map(({ metadata, spec }) => ({ kind, metadata, spec })),
);
const isDetails = ({ kind, metadata }: (typeof live)[number]) =>
  kind === "AuthorizationPolicy" && metadata.name === "details";
const extra = {
  kind: "AuthorizationPolicy",
  metadata: { name: "letmein", namespace: "bookinfo" },
  spec: { rules: [{}] },
};
const isExtra =
  "The mesh is not as the stack asks. AuthorizationPolicy bookinfo/letmein: it counts for what the stack protects, and the stack does not ask for it. Put it right: kubectl -n bookinfo delete authorizationpolicy letmein";

test("nothing is named where every policy is as the stack asks", () => {
  assert.ok(live.some(isDetails));
  assert.deepEqual(differencesIn(application, outputs, live), []);
});

test("named are a policy that is missing, one that differs, and one that is not the stack's", () => {
  const without = live.filter((one) => !isDetails(one));
  const [missing = "", ...none] = differencesIn(application, outputs, without);
  assert.match(
    missing,
    /^The mesh is not as the stack asks\. AuthorizationPolicy bookinfo\/details: it is missing: /,
  );
  assert.deepEqual(none, []);
  const changed = live.map((one) => (isDetails(one) ? { ...one, spec: { rules: [{}] } } : one));
  const [differs = ""] = differencesIn(application, outputs, changed);
  assert.match(
    differs,
    /AuthorizationPolicy bookinfo\/details: it differs from the stack's at spec\./,
  );
  assert.deepEqual(differencesIn(application, outputs, [...live, extra]), [isExtra]);
});

test("what the team accepts, and what is in other namespaces, is not named", () => {
  const object = "AuthorizationPolicy bookinfo/letmein";
  const accepted = [{ object, reason: "for a while" }];
  assert.deepEqual(differencesIn(application, { ...outputs, accepted }, [...live, extra]), []);
  const elsewhere = { ...extra, metadata: { ...extra.metadata, namespace: "elsewhere" } };
  assert.deepEqual(differencesIn(application, outputs, [...live, elsewhere]), []);
});
