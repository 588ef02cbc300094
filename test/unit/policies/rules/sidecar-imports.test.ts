/** A listed namespace without a Sidecar for all its workloads, or with one that imports unlisted hosts, is reported. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sidecarImports } from "../../../../policies/rules/sidecar-imports";
import { type Given, judged, notKnown } from "../judged";

const sidecar = (spec: unknown, namespace = "bookinfo"): Given => ({
  type: "kubernetes:networking.istio.io/v1:Sidecar",
  name: "imports",
  inputs: { metadata: { name: "default", namespace }, spec },
});
const importing = (...hosts: unknown[]) => sidecar({ egress: [{ hosts }] });
const settings = { imports: { bookinfo: ["./*", "payments/*.payments.svc.cluster.local"] } };
const hosts = '"./*" or "payments/*.payments.svc.cluster.local"';
const missing = {
  found: 'no Sidecar of namespace "bookinfo" is for all of its workloads',
  write: 'one in it with the egress.hosts ["./*","payments/*.payments.svc.cluster.local"]',
  resource: undefined,
};
const is = (place: string, value: string, write = hosts) => ({
  where: `spec.egress${place} of Sidecar bookinfo/default`,
  is: value,
  write,
  resource: "imports",
});

test("what is listed passes, by the namespace's name as well, and less", async () => {
  for (const one of [
    importing("./*", "payments/*.payments.svc.cluster.local"),
    importing("bookinfo/*"),
    importing("./details.bookinfo.svc.cluster.local"),
    importing("payments/cards.payments.svc.cluster.local"),
    importing("~/*"),
    sidecar({ egress: [{ port: { number: 9080 }, hosts: ["./*"] }, { hosts: ["./*"] }] }),
  ])
    assert.deepEqual(await judged(sidecarImports, [one], settings), []);
});

test("a namespace without a Sidecar for all of its workloads is found", async () => {
  const { egress } = { egress: [{ hosts: ["./*"] }] };
  const some = sidecar({ workloadSelector: { labels: { app: "details" } }, egress });
  for (const others of [
    [],
    [some],
    [sidecar({ egress }, "elsewhere")],
    [sidecar({ egress }, "istio-system")],
  ])
    assert.deepEqual(await judged(sidecarImports, others, settings), [missing]);
});

test("each host that is not listed is found", async () => {
  for (const host of [
    "*/*",
    "*/details.bookinfo.svc.cluster.local",
    "elsewhere/*",
    "payments/*",
    "payments/cards.example",
    "details.bookinfo.svc.cluster.local",
  ])
    assert.deepEqual(await judged(sidecarImports, [importing("./*", host)], settings), [
      is("[0].hosts[1]", JSON.stringify(host)),
    ]);
  const second = sidecar({ egress: [{ hosts: ["./*"] }, { hosts: ["*/*"] }] });
  assert.deepEqual(await judged(sidecarImports, [second], settings), [is("[1].hosts[0]", '"*/*"')]);
});

test("a Sidecar for single workloads is judged, too", async () => {
  const some = sidecar({
    workloadSelector: { labels: { app: "details" } },
    egress: [{ hosts: ["*/*"] }],
  });
  assert.deepEqual(await judged(sidecarImports, [importing("./*"), some], settings), [
    is("[0].hosts[0]", '"*/*"'),
  ]);
});

test("without listeners or hosts everything is imported, and what is not known yet may be anything", async () => {
  for (const spec of [{}, { egress: [] }, { ingress: [{}] }])
    assert.deepEqual(await judged(sidecarImports, [sidecar(spec)], settings), [
      is("", "nothing", `hosts: ${hosts}`),
    ]);
  assert.deepEqual(await judged(sidecarImports, [sidecar({ egress: [{}] })], settings), [
    is("[0].hosts", "nothing"),
  ]);
  const later = "a value that is not known before the update";
  for (const egress of [notKnown, [notKnown], [{ hosts: notKnown }], [{ hosts: [notKnown] }]])
    assert.deepEqual(await judged(sidecarImports, [sidecar({ egress })], settings), [
      is("[0].hosts[0]", later),
    ]);
});

test("namespaces that are not listed may import what they like", async () => {
  const wide = sidecar({ egress: [{ hosts: ["*/*"] }] }, "shop");
  assert.deepEqual(await judged(sidecarImports, [wide]), []);
  assert.deepEqual(await judged(sidecarImports, [wide, importing("./*")], settings), []);
});
