/** A chart value, EnvoyFilter, Sidecar or Telemetry that leads requests past policies or the access log is reported. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { meshConfiguration } from "../../../../policies/rules/mesh-configuration";
import { deepmerge } from "deepmerge-ts";
import { type Given, judged, notKnown } from "../judged";

/** What has to be said. */
const safe = {
  env: { PILOT_SCOPE_GATEWAY_TO_NAMESPACE: "true" },
  meshConfig: {
    accessLogFile: "/dev/stdout",
    pathNormalization: { normalization: "DECODE_AND_MERGE_SLASHES" },
  },
};

type Values = Readonly<Record<string, unknown>>;

/** The chart with these values next to the safe ones, or with these alone. */
const istiod = (values: Values, chart = "istiod", isWhole = false): Given => ({
  type: "kubernetes:helm.sh/v3:Release",
  name: "control-plane",
  inputs: { chart, version: "1.30.4", values: isWhole ? values : deepmerge(safe, values) },
});

const proxies = (values: Values): Given => ({
  type: "kubernetes:helm.sh/v3:Release",
  name: "front",
  inputs: { chart: "gateway", version: "1.30.4", values },
});

const object = (kind: string, spec: object): Given => ({
  type: `kubernetes:networking.istio.io/v1:${kind}`,
  name: "object",
  inputs: { metadata: { name: "one", namespace: "shop" }, spec },
});

const is = (path: string, value: string, write: string) => ({
  where: `values.${path} of Release control-plane`,
  is: value,
  write,
  resource: "control-plane",
});
const captureMode = (value: string, index = 0) => ({
  where: `spec.ingress[${index}].captureMode of Sidecar shop/one`,
  is: value,
  write: '"IPTABLES" or "DEFAULT"',
  resource: "object",
});
const filter = {
  where: "EnvoyFilter shop/one",
  found: "changes the proxies past the mesh's policies",
  write: "Istio's own objects instead",
  resource: "object",
};
const notKnownYet = "a value that is not known before the update";

test("Istio's defaults pass, said or not, and so does what is no matter of policies", async () => {
  const said = {
    global: { proxy: { autoInject: "enabled", includeInboundPorts: "*", excludeInboundPorts: "" } },
    sidecarInjectorWebhook: { neverInjectSelector: [] },
    meshConfig: {
      accessLogFile: "/dev/stdout",
      trustDomainAliases: [],
      pathNormalization: { normalization: "DECODE_AND_MERGE_SLASHES" },
    },
  };
  const sidecar = object("Sidecar", { ingress: [{ port: {} }, { captureMode: "IPTABLES" }] });
  const egress = object("Sidecar", { egress: [{ captureMode: "NONE" }] });
  const given = [istiod(said), istiod({}), sidecar, egress, object("Gateway", {})];
  assert.deepEqual(await judged(meshConfiguration, given), []);
});

test("each value that leads requests round the sidecars is found", async () => {
  const cases = [
    [
      { global: { proxy: { autoInject: "disabled" } } },
      is("global.proxy.autoInject", '"disabled"', '"enabled"'),
    ],
    [
      { global: { proxy: { excludeInboundPorts: "9080" } } },
      is("global.proxy.excludeInboundPorts", '"9080"', "nothing"),
    ],
    [
      { global: { proxy: { includeInboundPorts: "" } } },
      is("global.proxy.includeInboundPorts", '""', '"*"'),
    ],
    [
      { sidecarInjectorWebhook: { neverInjectSelector: [{ matchLabels: { app: "cart" } }] } },
      {
        where:
          "values.sidecarInjectorWebhook.neverInjectSelector[0].matchLabels.app of Release control-plane",
        found: "is set",
        write: "nothing",
        resource: "control-plane",
      },
    ],
    [
      { meshConfig: { defaultConfig: { interceptionMode: "NONE" } } },
      is("meshConfig.defaultConfig.interceptionMode", '"NONE"', '"REDIRECT" or "TPROXY"'),
    ],
    [
      { meshConfig: { trustDomainAliases: ["elsewhere"] } },
      is("meshConfig.trustDomainAliases", '["elsewhere"]', "nothing"),
    ],
    [
      { meshConfig: { pathNormalization: { normalization: "NONE" } } },
      is(
        "meshConfig.pathNormalization.normalization",
        '"NONE"',
        '"DECODE_AND_MERGE_SLASHES" or "MERGE_SLASHES"',
      ),
    ],
    [
      { env: { PILOT_SKIP_VALIDATE_TRUST_DOMAIN: "true" } },
      is("env.PILOT_SKIP_VALIDATE_TRUST_DOMAIN", '"true"', "false"),
    ],
  ] as const;
  for (const [values, expected] of cases)
    assert.deepEqual(await judged(meshConfiguration, [istiod(values)]), [expected]);
});

test("an EnvoyFilter, and a listener that is not captured, are found, each at once", async () => {
  const ingress = [{ captureMode: "NONE" }, {}, { captureMode: notKnown }];
  const given = [object("EnvoyFilter", {}), object("Sidecar", { ingress })];
  assert.deepEqual(await judged(meshConfiguration, given), [
    filter,
    captureMode('"NONE"'),
    captureMode(notKnownYet, 2),
  ]);
});

test("what is not known yet does not pass", async () => {
  const values = {
    global: { proxy: { autoInject: notKnown } },
    meshConfig: { trustDomainAliases: notKnown },
  };
  assert.deepEqual(await judged(meshConfiguration, [istiod(values)]), [
    is("meshConfig.trustDomainAliases", notKnownYet, "nothing"),
    is("global.proxy.autoInject", notKnownYet, '"enabled"'),
  ]);
});

test("the control plane's charts, and EnvoyFilters that may be, are configured", async () => {
  const off = istiod({ global: { proxy: { autoInject: "disabled" } } }, "our-istiod");
  assert.deepEqual(await judged(meshConfiguration, [off]), []);
  assert.deepEqual(
    await judged(meshConfiguration, [off, object("EnvoyFilter", {})], {
      controlPlaneCharts: ["our-istiod"],
      allowedEnvoyFilters: ["shop/one"],
    }),
    [is("global.proxy.autoInject", '"disabled"', '"enabled"')],
  );
});

test("values in files are found: they may say anything of the mesh", async () => {
  const { inputs, ...release } = istiod({});
  const valueYamlFiles = [{ path: "mesh.yaml" }];
  assert.deepEqual(
    await judged(meshConfiguration, [{ ...release, inputs: { ...inputs, valueYamlFiles } }]),
    [
      {
        where: 'valueYamlFiles of chart "istiod"',
        found: "has values that no rule reads",
        write: "them in the program, as values",
        resource: "control-plane",
      },
    ],
  );
});

test("what has to be said is found where it is not: absent is as weak as wrong", async () => {
  const found = (await judged(meshConfiguration, [istiod({}, "istiod", true)])).map(
    ({ where }) => where?.split(" of Release")[0],
  );
  assert.deepEqual(found, [
    "values.meshConfig.pathNormalization.normalization",
    "values.meshConfig.accessLogFile",
    "values.env.PILOT_SCOPE_GATEWAY_TO_NAMESPACE",
  ]);
  const settings = { scopeGateways: false, allowedSettings: ["meshConfig.accessLogFile"] };
  const allowed = await judged(meshConfiguration, [istiod({}, "istiod", true)], settings);
  assert.equal(allowed.length, 1);
});

test("a Telemetry of the whole mesh logs in the place of a file, and one that is off is found", async () => {
  const { pathNormalization } = safe.meshConfig;
  const quiet = istiod({ ...safe, meshConfig: { pathNormalization } }, "istiod", true);
  const logging = (spec: object, namespace: string): Given => ({
    type: "kubernetes:telemetry.istio.io/v1:Telemetry",
    name: "log",
    inputs: { metadata: { name: "log", namespace }, spec },
  });
  const on = { accessLogging: [{ providers: [{ name: "envoy" }] }] };
  assert.equal((await judged(meshConfiguration, [quiet])).length, 1);
  assert.deepEqual(await judged(meshConfiguration, [quiet, logging(on, "istio-system")]), []);
  assert.equal((await judged(meshConfiguration, [quiet, logging(on, "shop")])).length, 1);
  const off = { accessLogging: [{ disabled: true }] };
  assert.deepEqual(await judged(meshConfiguration, [istiod({}), logging(off, "shop")]), [
    {
      where: "spec.accessLogging[0].disabled of Telemetry shop/log",
      is: "true",
      write: "false: each request leaves a trace",
      resource: "log",
    },
  ]);
});

test("a value that the pack does not know is found, unless it is allowed", async () => {
  const future = istiod({ future: { value: 1 } });
  const [finding, ...more] = await judged(meshConfiguration, [future]);
  assert.equal(finding?.where, "values.future.value of Release control-plane");
  assert.equal(finding.found, "is a setting that the pack does not know");
  assert.deepEqual(more, []);
  assert.deepEqual(await judged(meshConfiguration, [future], { allowedSettings: ["future"] }), []);
});

test("the gateway's chart is judged by its own table", async () => {
  const good = {
    podAnnotations: { "inject.istio.io/templates": "gateway", "prometheus.io/port": "15020" },
    env: { ISTIO_META_DNS_CAPTURE: "true" },
    service: { type: "LoadBalancer" },
  };
  assert.deepEqual(await judged(meshConfiguration, [proxies(good)]), []);
  const bad = { podAnnotations: { "sidecar.istio.io/proxyImage": "other:1.0.0" }, env: { A: "b" } };
  assert.deepEqual(
    (await judged(meshConfiguration, [proxies(bad)])).map(({ where }) => where?.split(" ")[0]),
    ["values.env.A", 'values.podAnnotations["sidecar.istio.io/proxyImage"]'],
  );
});

test("calls to any address are found where only what is entered may be reached", async () => {
  const settings = { outboundTraffic: "REGISTRY_ONLY" };
  const mode = "meshConfig.outboundTrafficPolicy.mode";
  const chart = (outboundTrafficPolicy: unknown) =>
    istiod({ meshConfig: { outboundTrafficPolicy } });
  const cases = [
    [undefined, "nothing"],
    [{}, "nothing"],
    [{ mode: "ALLOW_ANY" }, '"ALLOW_ANY"'],
    [{ mode: notKnown }, notKnownYet],
  ] as const;
  for (const [policy, shown] of cases) {
    assert.deepEqual(await judged(meshConfiguration, [chart(policy)], settings), [
      is(mode, shown, '"REGISTRY_ONLY"'),
    ]);
    const allowed = { ...settings, allowedSettings: [mode] };
    assert.deepEqual(await judged(meshConfiguration, [chart(policy)], allowed), []);
  }
  const closed = chart({ mode: "REGISTRY_ONLY" });
  assert.deepEqual(await judged(meshConfiguration, [closed], settings), []);
  for (const outboundTrafficPolicy of [{}, { mode: "REGISTRY_ONLY" }])
    assert.deepEqual(
      await judged(meshConfiguration, [object("Sidecar", { outboundTrafficPolicy })], settings),
      [],
    );
  for (const outboundTrafficPolicy of [{ mode: "ALLOW_ANY" }, { mode: notKnown }, notKnown]) {
    const one = object("Sidecar", { outboundTrafficPolicy });
    const [finding, ...more] = await judged(meshConfiguration, [one], settings);
    assert.equal(finding?.where, "spec.outboundTrafficPolicy.mode of Sidecar shop/one");
    assert.equal(finding.write, '"REGISTRY_ONLY"');
    assert.deepEqual(more, []);
    assert.deepEqual(await judged(meshConfiguration, [one]), []);
  }
});

test("a profile of system calls is asked of the charts where that is configured", async () => {
  const settings = { requireSeccompProfile: true };
  const found = async (given: Given, configuration = {}) =>
    (await judged(meshConfiguration, [given], configuration)).map(
      ({ where }) => where?.split(" of ")[0],
    );
  const seccompProfile = { type: "RuntimeDefault" };
  const good = istiod({ seccompProfile, global: { proxy: { seccompProfile } } });
  assert.deepEqual(await found(good, settings), []);
  assert.deepEqual(await found(istiod({}), settings), [
    "values.seccompProfile.type",
    "values.global.proxy.seccompProfile.type",
  ]);
  assert.deepEqual(await found(istiod({})), []);
  const gateway = "values.securityContext.seccompProfile.type";
  assert.deepEqual(await found(proxies({}), settings), [gateway]);
  assert.deepEqual(await found(proxies({ securityContext: { seccompProfile } }), settings), []);
  const open = { securityContext: { seccompProfile: { type: "Unconfined" } } };
  assert.deepEqual(await found(proxies(open)), [gateway]);
});
