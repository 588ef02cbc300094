/** A chart or image of Istio is reported if it is older than the oldest safe version, or of an unknown version. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { oldestIstio } from "../../../../components/mesh/advisories";
import { istioVersion } from "../../../../policies/rules/istio-version";
import { type Given, judged, notKnown } from "../judged";

const repositoryOpts = { repo: "https://istio-release.storage.googleapis.com/charts" };
const release = (inputs: object): Given => ({
  type: "kubernetes:helm.sh/v3:Release",
  name: "mesh",
  inputs: { chart: "istiod", repositoryOpts, ...inputs },
});
const is = (value: string, { where = "version", chart = "istiod", oldest = "1.30.4" } = {}) => ({
  where: `${where} of Istio's chart "${chart}"`,
  is: value,
  write: `"${oldest}" or later`,
  resource: "mesh",
});

test("the oldest version without a known hole, and later ones, pass", async () => {
  const versions = [oldestIstio, "1.31.0", "2.0.0"];
  assert.deepEqual(
    await judged(
      istioVersion,
      versions.map((version) => release({ version })),
    ),
    [],
  );
});

test("the pack's default is what the program accepts", async () => {
  const [line, minor, patch] = oldestIstio.split(".").map(Number);
  const before = `${line}.${minor}.${(patch ?? 0) - 1}`;
  assert.deepEqual(await judged(istioVersion, [release({ version: before })]), [is(`"${before}"`)]);
});

test("older ones, candidates and what is no version are found, of each of Istio's charts", async () => {
  const bad = ["1.30.3", "1.29.9", "1.30.4-rc.1", "latest"];
  assert.deepEqual(
    await judged(istioVersion, [...bad.map((version) => release({ version })), release({})]),
    [...bad.map((version) => is(`"${version}"`)), is("nothing")],
  );
  const charts = ["base", "gateway", "oci://registry.istio.io/release/charts/cni"];
  for (const chart of charts)
    assert.deepEqual(
      await judged(istioVersion, [release({ chart, repositoryOpts: undefined, version: "1.9.0" })]),
      [is('"1.9.0"', { chart })],
    );
});

test("an images' tag is judged as well", async () => {
  const tagged = (values: object) => release({ version: "1.30.4", values });
  assert.deepEqual(
    await judged(istioVersion, [
      tagged({ global: { tag: "1.31.0-distroless" } }),
      tagged({ global: { tag: "1.28.0" }, tag: notKnown }),
    ]),
    [
      is('"1.28.0"', { where: "values.global.tag" }),
      is("a value that is not known before the update", { where: "values.tag" }),
    ],
  );
});

test("a tag is judged wherever the charts take one, and so is an image's own", async () => {
  const values = {
    pilot: { tag: "1.20.0", hub: "registry.example:5000/istio", image: "pilot" },
    global: { proxy: { image: "registry.example:5000/istio/proxyv2:1.21.0@sha256:0" }, tag: "" },
    cni: { tag: 1.29 },
    meshConfig: {
      defaultConfig: { tracing: { custom_tags: { tag: { literal: { value: "a" } } } } },
    },
  };
  assert.deepEqual(await judged(istioVersion, [release({ version: "1.30.4", values })]), [
    is('"1.20.0"', { where: "values.pilot.tag" }),
    is('"1.21.0"', { where: "values.global.proxy.image" }),
    is("1.29", { where: "values.cni.tag" }),
  ]);
});

test("what holds a tag and is not known yet is found", async () => {
  const values = { global: notKnown, pilot: { image: notKnown, env: notKnown } };
  const unknown = "a value that is not known before the update";
  assert.deepEqual(await judged(istioVersion, [release({ version: "1.30.4", values })]), [
    is(unknown, { where: "values.global" }),
    is(unknown, { where: "values.pilot.image" }),
  ]);
});

test("values that cannot be read are found: they may say any tag", async () => {
  const chart = 'chart "istiod"';
  assert.deepEqual(
    await judged(istioVersion, [
      release({ version: "1.30.4", values: notKnown }),
      release({ version: "1.30.4", valueYamlFiles: [{ path: "values.yaml" }] }),
      { ...release({ version: "1.30.4", values: notKnown }), type: "kubernetes:helm.sh/v4:Chart" },
    ]),
    [
      {
        where: `values of ${chart}`,
        is: "a value that is not known before the update",
        write: "values that the program knows",
        resource: "mesh",
      },
      {
        where: `valueYamlFiles of ${chart}`,
        found: "has values that no rule reads",
        write: "them in the program, as values",
        resource: "mesh",
      },
    ],
  );
});

test("istiod is Istio's from a mirror as well", async () => {
  const mirrored = { repositoryOpts: { repo: "https://charts.example" }, version: "1.20.0" };
  assert.deepEqual(await judged(istioVersion, [release(mirrored)]), [is('"1.20.0"')]);
});

test("charts of other projects are not Istio's, with any name", async () => {
  const other = { repositoryOpts: { repo: "https://charts.example" }, version: "0.1.0" };
  assert.deepEqual(
    await judged(istioVersion, [
      release({ ...other, chart: "gateway" }),
      release({ chart: "cert-manager", version: "1.0.0" }),
    ]),
    [],
  );
});

test("a version or a chart that is not known yet is found", async () => {
  const unknown = "a value that is not known before the update";
  assert.deepEqual(await judged(istioVersion, [release({ version: notKnown })]), [is(unknown)]);
  assert.deepEqual(await judged(istioVersion, [release({ chart: notKnown, version: "1.0.0" })]), [
    {
      where: `version of Istio's chart ${unknown}`,
      is: '"1.0.0"',
      write: '"1.30.4" or later',
      resource: "mesh",
    },
  ]);
});

test("a folder's charts are what the configuration says, and the oldest is the configured one", async () => {
  const folder = release({ chart: "./charts/base", repositoryOpts: undefined, version: "1.0.0" });
  const where = { where: "the configured folderVersion", chart: "./charts/base" };
  assert.deepEqual(await judged(istioVersion, [folder]), [is("nothing", where)]);
  assert.deepEqual(await judged(istioVersion, [folder], { folderVersion: "1.31.0" }), []);
  const oldest = "1.32.0";
  assert.deepEqual(await judged(istioVersion, [folder], { folderVersion: "1.31.0", oldest }), [
    is('"1.31.0"', { ...where, oldest }),
  ]);
});
