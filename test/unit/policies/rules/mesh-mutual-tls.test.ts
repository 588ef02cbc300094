/** A stack passes only if the whole mesh requires mutual TLS and no PeerAuthentication makes an exception. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { meshMutualTls } from "../../../../policies/rules/mesh-mutual-tls";
import { type Given, judged, notKnown } from "../judged";

const peers = (spec: object, metadata = { name: "default", namespace: "istio-system" }): Given => ({
  type: "kubernetes:security.istio.io/v1:PeerAuthentication",
  name: "mutual-tls",
  inputs: { metadata, spec },
});

const missing = {
  found: "no PeerAuthentication of the whole mesh is in namespace istio-system",
  write: 'a PeerAuthentication "default" in the root namespace with spec.mtls.mode "STRICT"',
  resource: undefined,
};
const is = (where: string, value: string, name = "istio-system/default") => ({
  where: `${where} of PeerAuthentication ${name}`,
  is: value,
  write: '"STRICT"',
  resource: "mutual-tls",
});

test("STRICT in the root namespace, without a selector, passes", async () => {
  assert.deepEqual(await judged(meshMutualTls, [peers({ mtls: { mode: "STRICT" } })]), []);
});

test("a stack without one is told what to write", async () => {
  assert.deepEqual(await judged(meshMutualTls, []), [missing]);
  assert.deepEqual(await judged(meshMutualTls, [peers({})]), [missing]);
  assert.deepEqual(await judged(meshMutualTls, [peers({ mtls: { mode: "UNSET" } })]), [missing]);
  const selective = { selector: { matchLabels: { app: "details" } }, mtls: { mode: "STRICT" } };
  assert.deepEqual(await judged(meshMutualTls, [peers(selective)]), [missing]);
});

test("no other mode passes, of a whole object or of a port, in any namespace", async () => {
  const bookinfo = { name: "weak", namespace: "bookinfo" };
  assert.deepEqual(
    await judged(meshMutualTls, [
      peers({ mtls: { mode: "STRICT" }, portLevelMtls: { 9080: { mode: "DISABLE" } } }),
      peers({ mtls: { mode: "PERMISSIVE" } }, bookinfo),
      peers({ mtls: { mode: "UNSET" } }, bookinfo),
    ]),
    [
      is("spec.portLevelMtls.9080.mode", '"DISABLE"'),
      is("spec.mtls.mode", '"PERMISSIVE"', "bookinfo/weak"),
    ],
  );
});

test("a mode that is not known yet does not pass", async () => {
  assert.deepEqual(await judged(meshMutualTls, [peers({ mtls: { mode: notKnown } })]), [
    is("spec.mtls.mode", "a value that is not known before the update"),
  ]);
});

test("the root namespace is the configured one", async () => {
  const settings = { rootNamespace: "mesh" };
  const strict = peers({ mtls: { mode: "STRICT" } }, { name: "default", namespace: "mesh" });
  assert.deepEqual(await judged(meshMutualTls, [strict], settings), []);
  assert.deepEqual(await judged(meshMutualTls, [strict]), [missing]);
});
