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
});

test("a pod whose requests come past its sidecar is found; one that says that they do not passes", async () => {
  const traffic = "traffic.sidecar.istio.io";
  const cases = [
    ["sidecar.istio.io/interceptionMode", "NONE", '"REDIRECT" or "TPROXY"', "TPROXY"],
    [`${traffic}/excludeInboundPorts`, "9080", '""', ""],
    [`${traffic}/excludeInterfaces`, "eth1", '""', ""],
    [`${traffic}/includeInboundPorts`, "8080", '"*"', "*"],
    [`${traffic}/includeInboundPorts`, "", '"*"', "*"],
  ] as const;
  for (const [name, value, write, harmless] of cases) {
    const pods = (said: string) => workload("details", { annotations: { [name]: said } });
    assert.deepEqual(await judged(namespaceInjection, [enabled, pods(value)]), [
      {
        message: `spec.template.metadata.annotations["${name}"] of Deployment bookinfo/details is "${value}". Write ${write}, or nothing`,
        resource: "details",
      },
    ]);
    assert.deepEqual(await judged(namespaceInjection, [enabled, pods(harmless)]), []);
  }
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
