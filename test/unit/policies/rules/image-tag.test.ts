/** An image without a full version tag or a valid digest is reported, in pods, volumes and Helm values. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { imageTag } from "../../../../policies/rules/image-tag";
import { type Given, judged, notKnown } from "../judged";
import { container, deployment, inContainer, metadata, ofDetails } from "../pods";

const hex = "0123456789abcdef".repeat(4);
const write = "a full version tag, such as name:1.2.3, or a digest";
const is = (image: string, where = `${inContainer}.image ${ofDetails}`) => ({
  where,
  is: image,
  write,
  resource: "details",
});
const images = (...all: readonly unknown[]) => all.map((image) => deployment({ image }));

test("full versions and digests pass", async () => {
  const good = images(
    "details:1.20.3",
    "registry.example:5000/team/details:v1.20.3-alpine",
    `details@sha256:${hex}`,
    `details:latest@sha256:${hex}`,
    // What Istio's webhook replaces.
    "auto",
  );
  assert.deepEqual(await judged(imageTag, good), []);
});

test("every tag that moves is found, and so is none", async () => {
  const bad = [
    "details",
    "details:latest",
    "details:LATEST",
    "details:1",
    "details:1.20",
    "details:stable",
    "registry.example:5000/details",
    "details:",
    "",
    "details@sha256:0123",
    `details@md5:${hex}`,
    "details@sha256:1.2.3",
    "details:latest@sha256:1.2.3",
  ];
  const expected = bad.map((image) => is(JSON.stringify(image)));
  assert.deepEqual(await judged(imageTag, images(...bad)), expected);
  assert.deepEqual(await judged(imageTag, images(undefined)), [is("nothing")]);
  const unknown = is("a value that is not known before the update");
  assert.deepEqual(await judged(imageTag, images(notKnown)), [unknown]);
});

test("init containers, ephemeral ones and every kind of workload are judged", async () => {
  const bad = { ...container, image: "tool:latest" };
  const pod = { initContainers: [bad], ephemeralContainers: [bad] };
  const inner = `of Deployment bookinfo/details`;
  assert.deepEqual(await judged(imageTag, [deployment({}, pod)]), [
    is('"tool:latest"', `spec.template.spec.initContainers[0].image ${inner}`),
    is('"tool:latest"', `spec.template.spec.ephemeralContainers[0].image ${inner}`),
  ]);
  const of = (type: string, inputs: Record<string, unknown>): Given => ({
    type,
    name: "details",
    inputs,
  });
  const spec = { containers: [bad] };
  assert.deepEqual(
    await judged(imageTag, [
      of("kubernetes:core/v1:Pod", { metadata, spec }),
      of("kubernetes:apps/v1:DeploymentPatch", { metadata, spec: { template: { spec } } }),
      of("kubernetes:batch/v1:CronJob", {
        metadata: { name: "details" },
        spec: { jobTemplate: { spec: { template: { spec } } } },
      }),
    ]),
    [
      is('"tool:latest"', "spec.containers[0].image of Pod bookinfo/details"),
      is('"tool:latest"', `${inContainer}.image ${ofDetails}`),
      is(
        '"tool:latest"',
        "spec.jobTemplate.spec.template.spec.containers[0].image of CronJob default/details",
      ),
    ],
  );
});

test("images in Helm values are judged; a chart's own are its version's", async () => {
  const release = (values: object): Given => ({
    type: "kubernetes:helm.sh/v3:Release",
    name: "details",
    inputs: { chart: "proxy", values },
  });
  const good = [
    release({}),
    release({ image: { repository: "proxy" }, pilot: { image: "" } }),
    release({ image: { repository: "proxy", tag: "v7.15.6" }, extra: [{ image: "tool:1.2.3" }] }),
    release({ image: { tag: "latest", digest: `sha256:${hex}` } }),
  ];
  assert.deepEqual(await judged(imageTag, good), []);
  assert.deepEqual(
    await judged(imageTag, [
      release({
        image: { repository: "proxy", tag: "latest" },
        extra: [{ image: "tool" }],
        pilot: { image: { tag: notKnown } },
      }),
    ]),
    [
      is('"proxy:latest"', 'values.image of chart "proxy"'),
      is('"tool"', 'values.extra[0].image of chart "proxy"'),
      is("a value that is not known before the update", 'values.pilot.image of chart "proxy"'),
    ],
  );
});

test("an image whose files are mounted is judged", async () => {
  const volumes = [
    { name: "tmp", emptyDir: {} },
    { name: "model", image: { reference: "registry.example/model:latest" } },
    { name: "rules", image: { reference: "registry.example/rules:1.2.3" } },
    { name: "other", image: notKnown },
  ];
  const where = (index: number) =>
    `spec.template.spec.volumes[${index}].image.reference ${ofDetails}`;
  assert.deepEqual(await judged(imageTag, [deployment({}, { volumes })]), [
    is('"registry.example/model:latest"', where(1)),
    is("a value that is not known before the update", where(3)),
  ]);
});

test("a tag for a chart's images is judged, where charts have one, and values that cannot be read", async () => {
  const release = (inputs: Record<string, unknown>) => ({
    type: "kubernetes:helm.sh/v3:Release",
    name: "details",
    inputs: { chart: "istiod", ...inputs },
  });
  const values = {
    tag: "latest",
    global: { tag: "1.30", proxy: { image: "proxyv2", tag: "1.30.4" } },
    pilot: { hub: "registry.example", tag: 1.3 },
    cni: { imageTag: "stable", tag: "" },
    log: { tag: "audit" },
  };
  const ofChart = 'of chart "istiod"';
  assert.deepEqual(await judged(imageTag, [release({ values })]), [
    is('"the chart\'s:latest"', `values.tag ${ofChart}`),
    is('"the chart\'s:1.30"', `values.global.tag ${ofChart}`),
    is("1.3", `values.pilot.tag ${ofChart}`),
    is('"the chart\'s:stable"', `values.cni.imageTag ${ofChart}`),
  ]);
  const good = { tag: "1.30.4", global: { tag: "1.30.4-distroless", hub: "registry.example" } };
  assert.deepEqual(await judged(imageTag, [release({ values: good })]), []);
  const valueYamlFiles = [{ path: "values.yaml" }];
  assert.deepEqual(await judged(imageTag, [release({ values: notKnown, valueYamlFiles })]), [
    {
      where: `values ${ofChart}`,
      is: "a value that is not known before the update",
      write: "values that the program knows",
      resource: "details",
    },
    {
      where: `valueYamlFiles ${ofChart}`,
      found: "has values that no rule reads",
      write: "them in the program, as values",
      resource: "details",
    },
  ]);
});

test("digests are asked for, and images excepted, where that is configured", async () => {
  const settings = { requireDigest: true };
  assert.deepEqual(await judged(imageTag, images(`details:1.2.3@sha256:${hex}`), settings), []);
  assert.deepEqual(await judged(imageTag, images("details:1.20.3"), settings), [
    {
      where: `${inContainer}.image ${ofDetails}`,
      is: '"details:1.20.3"',
      write: "the image's digest, name@sha256:…",
      resource: "details",
    },
  ]);
  const exceptImages = ["registry.example/team/"];
  assert.deepEqual(
    await judged(imageTag, images("registry.example/team/a", "registry.example/b"), {
      exceptImages,
    }),
    [is('"registry.example/b"')],
  );
});
