/** A chart without an exact version or encryption, or of a local folder, is reported, and no message has a password. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { helmPinned } from "../../../../policies/rules/helm-pinned";
import { type Given, judged, notKnown } from "../judged";

const repositoryOpts = { repo: "https://charts.example" };
const release = (inputs: object): Given => ({
  type: "kubernetes:helm.sh/v3:Release",
  name: "istiod",
  inputs: { chart: "istiod", repositoryOpts, ...inputs },
});
const found = (version: string, chart = '"istiod"') => ({
  where: `version of chart ${chart}`,
  is: version,
  write: 'an exact version, such as "1.2.3"',
  resource: "istiod",
});
const local = (chart: string) => ({
  where: `chart "${chart}"`,
  found: "is a folder or an archive of this machine",
  write:
    "a chart of a repository or registry, and its exact version; or ./ and a folder of the program",
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
    where: `chart "${chart}"`,
    found: "comes from an address without encryption",
    write: "its address with https or oci",
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
  const unencrypted = (value: string) => ({
    where: 'plainHttp of chart "istiod"',
    is: value,
    write: "false",
    resource: "istiod",
  });
  assert.deepEqual(
    await judged(helmPinned, [
      release({ version: "1.30.4", plainHttp: false }),
      release({ version: "1.30.4", plainHttp: true }),
      release({ version: "1.30.4", plainHttp: notKnown }),
    ]),
    [unencrypted("true"), unencrypted("a value that is not known before the update")],
  );
});

test("charts whose objects Pulumi makes are judged, too; other resources are not", async () => {
  const chart = { ...release({}), type: "kubernetes:helm.sh/v4:Chart" };
  assert.deepEqual(await judged(helmPinned, [chart]), [found("nothing")]);
  assert.deepEqual(await judged(helmPinned, [{ ...chart, type: "kubernetes:core/v1:Pod" }]), []);
});

test("the older kind of chart is judged by what it fetches, or its folder", async () => {
  const old = (inputs: Record<string, unknown>): Given => ({
    type: "kubernetes:helm.sh/v3:Chart",
    name: "istiod",
    inputs,
  });
  const fetchOpts = { repo: "https://charts.example", version: "1.30.4" };
  assert.deepEqual(
    await judged(helmPinned, [
      old({ chart: "istiod", fetchOpts }),
      old({ chart: "istiod", version: "1.30.4", repo: "mirror" }),
      old({ chart: "istiod", fetchOpts: { repo: "https://charts.example" } }),
      old({ path: "istiod" }),
    ]),
    [found("nothing"), local("istiod")],
  );
});

test("a password in a chart's address is not printed, and each finding about it is made", async () => {
  const chart = "http://user:secret@charts.example/istiod-1.30.4.tgz";
  const shown = "http://charts.example/istiod-1.30.4.tgz";
  assert.deepEqual(await judged(helmPinned, [release({ chart, repositoryOpts: undefined })]), [
    {
      where: `chart "${shown}"`,
      found: "comes from an address without encryption",
      write: "its address with https or oci",
      resource: "istiod",
    },
    found("nothing", `"${shown}"`),
  ]);
});

test("a chart that is not known yet, or is missing, is found", async () => {
  const is = (value: string) => ({
    where: "chart",
    is: value,
    write: "the chart's name or address",
    resource: "istiod",
  });
  const version = "1.30.4";
  assert.deepEqual(
    await judged(helmPinned, [
      release({ chart: notKnown, version }),
      release({ chart: undefined, version }),
    ]),
    [is("a value that is not known before the update"), is("nothing")],
  );
});

test("a version that is not known yet is found", async () => {
  const unknown = found("a value that is not known before the update");
  assert.deepEqual(await judged(helmPinned, [release({ version: notKnown })]), [unknown]);
});

test("a chart in the program's folder has the program's version", async () => {
  const own = release({ chart: "./charts/istiod", repositoryOpts: undefined });
  assert.deepEqual(await judged(helmPinned, [own]), []);
});

test("a chart whose objects Pulumi makes is a component without inputs: there is nothing to judge", async () => {
  const component = { type: "kubernetes:helm.sh/v4:Chart", name: "web", inputs: {} };
  assert.deepEqual(await judged(helmPinned, [component]), []);
});

test("charts of this machine pass where that is configured", async () => {
  const folders = [
    "../charts/istiod",
    "./charts/../../istiod",
    "./charts/istiod.tgz",
    "/charts/istiod",
    "charts/istiod",
    "istiod.tgz",
  ];
  const releases = folders.map((chart) => release({ chart, repositoryOpts: undefined }));
  assert.deepEqual(await judged(helmPinned, releases), folders.map(local));
  assert.deepEqual(await judged(helmPinned, releases, { allowLocal: true }), []);
});

test("a chart of the program's is found if Helm fetches what it depends on", async () => {
  const own = (inputs: object) =>
    release({ chart: "./chart", repositoryOpts: undefined, ...inputs });
  assert.deepEqual(
    await judged(helmPinned, [
      own({}),
      own({ dependencyUpdate: false }),
      own({ dependencyUpdate: true }),
    ]),
    [
      {
        where: 'dependencyUpdate of chart "./chart"',
        is: "true",
        write: 'false, and the dependencies in the chart\'s folder, by "helm dependency build"',
        resource: "istiod",
      },
    ],
  );
});
