/** A workload that gets no sidecar, changes it by annotations, or takes its container's name or user is reported. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { namespaceInjection } from "../../../../policies/rules/namespace-injection";
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
  where: 'metadata.labels.istio-injection of Namespace "bookinfo"',
  is: value,
  write: '"enabled"',
  resource: "books",
});
const optedOut = {
  where: "spec.template.metadata of Deployment bookinfo/details",
  found: 'has sidecar.istio.io/inject, which is not "true"',
  write: "neither such a label nor such an annotation",
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

test("an object that contradicts the same namespace is found, and so is a patch", async () => {
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
      where: 'namespace "bookinfo" of workloads',
      found: "is not the stack's",
      write: "the label istio-injection: enabled",
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

const annotated = (name: string, value: string) =>
  workload("details", { annotations: { [name]: value } });

test("annotations that lead requests past the sidecar, or change it, are found", async () => {
  const prefix = "traffic.sidecar.istio.io";
  const cases = [
    ["inject.istio.io/templates", "grpc-agent", '"sidecar", or nothing'],
    ["sidecar.istio.io/interceptionMode", "NONE", '"REDIRECT" or "TPROXY"'],
    [`${prefix}/excludeInboundPorts`, "9080", "nothing"],
    [`${prefix}/excludeInterfaces`, "eth1", "nothing"],
    [`${prefix}/includeInboundPorts`, "8080", '"*"'],
    [`${prefix}/excludeOutboundPorts`, "1", "nothing"],
    ["sidecar.istio.io/bootstrapOverride", "other", "nothing"],
    ["sidecar.istio.io/componentLogLevel", "http:debug", "no component at debug or trace"],
  ] as const;
  for (const [name, value, accepted] of cases) {
    assert.deepEqual(await judged(namespaceInjection, [enabled, annotated(name, value)]), [
      {
        where: `spec.template.metadata.annotations["${name}"] of Deployment bookinfo/details`,
        is: `"${value}"`,
        write: accepted,
        resource: "details",
      },
    ]);
    const settings = { allowedSettings: [name] };
    assert.deepEqual(
      await judged(namespaceInjection, [enabled, annotated(name, value)], settings),
      [],
    );
  }
});

test("a proxy's own configuration is read, and what is no YAML is found", async () => {
  const name = "proxy.istio.io/config";
  const found = async (config: string) =>
    (await judged(namespaceInjection, [enabled, annotated(name, config)])).map(
      ({ where }) => where?.split(" of Deployment")[0],
    );
  const place = `spec.template.metadata.annotations["${name}"]`;
  assert.deepEqual(await found("concurrency: 2\nholdApplicationUntilProxyStarts: true"), []);
  assert.deepEqual(await found("interceptionMode: NONE\nfuture: 1"), [
    `interceptionMode in ${place}`,
    `future in ${place}`,
  ]);
  assert.deepEqual(await found("proxyMetadata: { CA_ADDR: other, ISTIO_META_DNS_CAPTURE: on }"), [
    `proxyMetadata.CA_ADDR in ${place}`,
  ]);
  assert.deepEqual(await found("{"), [place]);
});

test("an annotation that Istio does not have is found, and others pass", async () => {
  const strange = annotated("sidecar.istio.io/future", "1");
  const [finding] = await judged(namespaceInjection, [enabled, strange]);
  assert.equal(
    finding?.where,
    'spec.template.metadata.annotations["sidecar.istio.io/future"] of Deployment bookinfo/details',
  );
  assert.equal(finding.found, "is a setting that the pack does not know");
  for (const name of ["prometheus.io/scrape", "sidecar.istio.io/proxyCPU", "example.org/x"])
    assert.deepEqual(await judged(namespaceInjection, [enabled, annotated(name, "1")]), [], name);
});

test("a container in the sidecar's place, and one that runs as its user, are found", async () => {
  const pod = (container: object): Given => ({
    ...details,
    inputs: {
      metadata: { name: "details", namespace: "bookinfo" },
      spec: { template: { spec: { containers: [container] } } },
    },
  });
  const found = async (container: object) =>
    (await judged(namespaceInjection, [enabled, pod(container)])).map(({ where }) => where);
  assert.deepEqual(await found({ name: "app", securityContext: { runAsUser: 1000 } }), []);
  const place = "spec.template.spec.containers[0]";
  assert.deepEqual(await found({ name: "istio-proxy" }), [
    `${place}.name of Deployment bookinfo/details`,
  ]);
  assert.deepEqual(await found({ name: "app", securityContext: { runAsUser: 1337 } }), [
    `${place}.securityContext.runAsUser of Deployment bookinfo/details`,
  ]);
});
