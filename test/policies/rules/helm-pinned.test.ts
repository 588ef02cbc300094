import assert from "node:assert/strict";
import { test } from "node:test";
import { helmPinned } from "../../../policies/rules/helm-pinned";
import { type Given, judged, notKnown } from "../judged";

const repositoryOpts = { repo: "https://charts.example" };
const release = (inputs: object): Given => ({
  type: "kubernetes:helm.sh/v3:Release",
  name: "istiod",
  inputs: { chart: "istiod", repositoryOpts, ...inputs },
});
const found = (version: string, chart = '"istiod"') => ({
  message: `version of chart ${chart} is ${version}. Write an exact version, such as "1.2.3"`,
  resource: "istiod",
});
const local = (chart: string) => ({
  message: `chart "${chart}" is a folder or an archive of this machine. Write a chart of a repository or registry, and its exact version`,
  resource: "istiod",
});

test("an exact version passes, from a repository and from a registry", async () => {
  const chart = "oci://registry.example/charts/istiod";
  const good = [
    release({ version: "1.30.4" }),
    release({ version: "v1.21.2" }),
    release({ version: "1.31.0-rc.1" }),
    release({ version: "1.30.4", chart, repositoryOpts: undefined }),
  ];
  assert.deepEqual(await judged(helmPinned, good), []);
});

test("no version, and every range, is found", async () => {
  const ranges = [
    "1",
    "1.30",
    "^1.30.4",
    "~1.30.4",
    ">=1.30.4",
    "1.30.x",
    "*",
    "",
    "latest",
    "1.30.4 || 2.0.0",
  ];
  assert.deepEqual(
    await judged(helmPinned, [release({}), ...ranges.map((version) => release({ version }))]),
    [found("nothing"), ...ranges.map((version) => found(JSON.stringify(version)))],
  );
});

test("a chart that comes without encryption is found", async () => {
  const plain = (chart: string) => ({
    message: `chart "${chart}" comes from an address without encryption. Write its address with https or oci`,
    resource: "istiod",
  });
  const repository = { repo: "http://user:secret@charts.example" };
  const archive = "http://charts.example/istiod-1.30.4.tgz";
  assert.deepEqual(
    await judged(helmPinned, [
      release({ version: "1.30.4", repositoryOpts: repository }),
      release({ version: "1.30.4", chart: archive, repositoryOpts: undefined }),
    ]),
    [plain("istiod"), plain(archive)],
  );
});

test("charts whose objects Pulumi makes are judged, too; other resources are not", async () => {
  const chart = { ...release({}), type: "kubernetes:helm.sh/v4:Chart" };
  assert.deepEqual(await judged(helmPinned, [chart]), [found("nothing")]);
  assert.deepEqual(await judged(helmPinned, [{ ...chart, type: "kubernetes:core/v1:Pod" }]), []);
});

test("a version that is not known yet is found", async () => {
  const unknown = found("a value that is not known before the update");
  assert.deepEqual(await judged(helmPinned, [release({ version: notKnown })]), [unknown]);
});

test("charts of this machine pass where that is configured", async () => {
  const folders = ["./charts/istiod", "/charts/istiod", "charts/istiod", "istiod.tgz"];
  const releases = folders.map((chart) => release({ chart, repositoryOpts: undefined }));
  assert.deepEqual(await judged(helmPinned, releases), folders.map(local));
  assert.deepEqual(await judged(helmPinned, releases, { allowLocal: true }), []);
});
