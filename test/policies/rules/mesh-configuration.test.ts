import assert from "node:assert/strict";
import { test } from "node:test";
import { meshConfiguration } from "../../../policies/rules/mesh-configuration";
import { type Given, judged, notKnown } from "../judged";

const istiod = (values: unknown, chart = "istiod"): Given => ({
  type: "kubernetes:helm.sh/v3:Release",
  name: "control-plane",
  inputs: { chart, version: "1.30.4", values },
});

const object = (kind: string, spec: object): Given => ({
  type: `kubernetes:networking.istio.io/v1:${kind}`,
  name: "object",
  inputs: { metadata: { name: "one", namespace: "shop" }, spec },
});

const is = (path: string, value: string, write: string) => ({
  message: `values.${path} of Release control-plane is ${value}. Write ${write}`,
  resource: "control-plane",
});
const captureMode = (value: string, index = 0) => ({
  message: `spec.ingress[${index}].captureMode of Sidecar shop/one is ${value}. Write "IPTABLES", or nothing`,
  resource: "object",
});
const filter = {
  message:
    "EnvoyFilter shop/one changes the proxies past the mesh's policies. Write Istio's own objects instead",
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
  const given = [istiod(said), istiod(undefined), sidecar, egress, object("Gateway", {})];
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
      is(
        "sidecarInjectorWebhook.neverInjectSelector",
        '[{"matchLabels":{"app":"cart"}}]',
        "nothing",
      ),
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
        '"BASE" or "DECODE_AND_MERGE_SLASHES" or "DEFAULT" or "MERGE_SLASHES"',
      ),
    ],
    [
      { env: { PILOT_SKIP_VALIDATE_TRUST_DOMAIN: "true" } },
      is("env.PILOT_SKIP_VALIDATE_TRUST_DOMAIN", '"true"', '"false" or false'),
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
    is("global.proxy.autoInject", notKnownYet, '"enabled"'),
    is("meshConfig.trustDomainAliases", notKnownYet, "nothing"),
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
        message:
          'valueYamlFiles of chart "istiod" has values that no rule reads. Write them in the program, as values',
        resource: "control-plane",
      },
    ],
  );
});
