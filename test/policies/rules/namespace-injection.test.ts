import assert from "node:assert/strict";
import { test } from "node:test";
import { namespaceInjection } from "../../../policies/rules/namespace-injection";
import { workload } from "../istio";
import { type Given, judged, notKnown } from "../judged";

const namespace = (labels: object = {}): Given => ({
  type: "kubernetes:core/v1:Namespace",
  name: "books",
  inputs: { metadata: { name: "bookinfo", labels } },
});
const enabled = namespace({ "istio-injection": "enabled" });
const details = workload("details");
const is = (value: string) => ({
  message: `metadata.labels.istio-injection of Namespace "bookinfo" is ${value}. Write "enabled"`,
  resource: "books",
});
const optedOut = {
  message:
    'spec.template.metadata of Deployment bookinfo/details has sidecar.istio.io/inject, which is not "true". Write neither such a label nor such an annotation',
  resource: "details",
};

test("a labelled namespace passes, by either label; so does one without workloads", async () => {
  assert.deepEqual(await judged(namespaceInjection, [enabled, details]), []);
  const revision = namespace({ "istio.io/rev": "stable" });
  assert.deepEqual(await judged(namespaceInjection, [revision, details]), []);
  assert.deepEqual(await judged(namespaceInjection, [namespace()]), []);
});

test("a namespace that says nothing, or otherwise, is found", async () => {
  assert.deepEqual(await judged(namespaceInjection, [namespace(), details]), [is("nothing")]);
  const disabled = namespace({ "istio-injection": "disabled", "istio.io/rev": "stable" });
  assert.deepEqual(await judged(namespaceInjection, [disabled, details]), [is('"disabled"')]);
  const unknown = namespace({ "istio-injection": notKnown });
  assert.deepEqual(await judged(namespaceInjection, [unknown, details]), [
    is("a value that is not known before the update"),
  ]);
});

test("whatever says otherwise of the same namespace is found, a patch, too", async () => {
  const disabled = namespace({ "istio-injection": "disabled" });
  const patch = { ...disabled, type: "kubernetes:core/v1:NamespacePatch" };
  for (const other of [disabled, patch])
    assert.deepEqual(await judged(namespaceInjection, [enabled, other, details]), [
      is('"disabled"'),
    ]);
  const labelling = { ...enabled, type: "kubernetes:core/v1:NamespacePatch" };
  assert.deepEqual(await judged(namespaceInjection, [namespace(), labelling, details]), []);
});

test("a pod that says no is found; one that asks for its sidecar needs no label", async () => {
  const inject = (value: string) => ({ "sidecar.istio.io/inject": value });
  for (const without of [
    workload("details", { labels: inject("false") }),
    workload("details", { annotations: inject("false") }),
    workload("details", { annotations: inject(notKnown) }),
  ])
    assert.deepEqual(await judged(namespaceInjection, [enabled, without]), [optedOut]);
  const asking = workload("details", { labels: inject("true") });
  assert.deepEqual(await judged(namespaceInjection, [namespace(), asking]), []);
  assert.deepEqual(await judged(namespaceInjection, [asking]), []);
  assert.deepEqual(await judged(namespaceInjection, [namespace(), asking, workload("reviews")]), [
    is("nothing"),
  ]);
  const disabled = namespace({ "istio-injection": "disabled" });
  assert.deepEqual(await judged(namespaceInjection, [disabled, asking]), [is('"disabled"')]);
});

test("a namespace that the stack does not make is found, unless it is configured", async () => {
  assert.deepEqual(await judged(namespaceInjection, [details]), [
    {
      message:
        'namespace "bookinfo" of workloads is not the stack\'s. Write the label istio-injection: enabled',
      resource: undefined,
    },
  ]);
  const injectedNamespaces = ["bookinfo"];
  assert.deepEqual(await judged(namespaceInjection, [details], { injectedNamespaces }), []);
  const exceptNamespaces = ["bookinfo"];
  assert.deepEqual(await judged(namespaceInjection, [details], { exceptNamespaces }), []);
});

test("the ambient mesh passes where that is configured", async () => {
  const ambient = namespace({ "istio.io/dataplane-mode": "ambient" });
  assert.deepEqual(await judged(namespaceInjection, [ambient, details]), [is("nothing")]);
  const settings = { allowAmbient: true };
  assert.deepEqual(await judged(namespaceInjection, [ambient, details], settings), []);
});

test("requests that reach a container past its sidecar are found", async () => {
  const prefix = "traffic.sidecar.istio.io";
  const cases = [
    ["inject.istio.io/templates", "grpc-agent", '"sidecar"'],
    ["sidecar.istio.io/interceptionMode", "NONE", '"REDIRECT" or "TPROXY"'],
    [`${prefix}/excludeInboundPorts`, "9080", '""'],
    [`${prefix}/excludeInterfaces`, "eth1", '""'],
    [`${prefix}/includeInboundPorts`, "8080", '"*"'],
  ] as const;
  for (const [name, value, accepted] of cases) {
    const annotated = workload("details", { annotations: { [name]: value } });
    assert.deepEqual(await judged(namespaceInjection, [enabled, annotated]), [
      {
        message: `spec.template.metadata.annotations["${name}"] of Deployment bookinfo/details is "${value}". Write ${accepted}, or nothing`,
        resource: "details",
      },
    ]);
  }
  const outbound = workload("details", {
    annotations: { [`${prefix}/excludeOutboundPorts`]: "1" },
  });
  assert.deepEqual(await judged(namespaceInjection, [enabled, outbound]), []);
});
