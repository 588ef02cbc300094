/** A version with an open advisory fails, and so does a chart source that lacks a chart or its version. */
import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { stringify } from "yaml";
import { advisories } from "../../../../components/mesh/advisories";
import { chartFolders } from "../../../../components/mesh/charts";
import {
  chartsCheck,
  judgeVersion,
  versionCheck,
} from "../../../../commands/preflight/checks/istio";
import {
  closedPort,
  lines,
  type Reply,
  serve,
  type Server,
  settingsOf,
  temporaryFolder,
} from "./support";

let server: Server;
let index: Reply;

before(async () => {
  server = await serve(({ path }) => (path === "/charts/index.yaml" ? index : undefined));
});
after(() => {
  server.close();
});

const version = "1.31.0";
const releases = [{ version: "1.30.3" }, { version, urls: ["x.tgz"] }];

/** The line about the charts. */
async function charts(source: object): Promise<string> {
  const { istio } = settingsOf({ istio: { version, charts: source } });
  return (await lines([chartsCheck(istio)]))[0] ?? "";
}

test("a release without a known hole", async () => {
  const { istio } = settingsOf({});
  const [first] = await lines([versionCheck(istio)]);
  assert.equal(
    first,
    `ok Istio's version: ${istio.version}: it has the fixes of all ${advisories.length} advisories known here`,
  );
});

test("a release with a known hole names it, and the release that closes the last of them", () => {
  const known = [
    { id: "FIRST", about: "tokens", fixedIn: ["1.30.9"] },
    { id: "SECOND", about: "crashes", fixedIn: ["1.29.20", "1.30.10"] },
    { id: "CLOSED", about: "nothing", fixedIn: ["1.30.1"] },
  ];
  assert.deepEqual(judgeVersion("1.30.3", known), {
    state: "failed",
    found: "1.30.3 is open to FIRST (tokens); SECOND (crashes)",
    advice: "Set istio.version to 1.30.10 or later.",
  });
});

test("a repository that has the three charts", async () => {
  index = { body: stringify({ entries: { base: releases, istiod: releases, gateway: releases } }) };
  for (const repository of [`${server.url}/charts`, `${server.url}/charts/`]) {
    assert.equal(
      await charts({ repository }),
      `ok Istio's charts: ${repository} has base, istiod, gateway ${version}`,
    );
  }
});

const advice = "Check istio.charts.repository and the network.";

test("a repository without a chart, or without its version", async () => {
  const repository = `${server.url}/charts`;
  index = { body: stringify({ entries: { base: releases, istiod: [{ version: "1.30.3" }] } }) };
  assert.equal(
    await charts({ repository }),
    `failed Istio's charts: ${repository} has no istiod, gateway ${version}. Set istio.version to one that it has: helm search repo --versions.`,
  );
});

test("no repository", async () => {
  const repository = `${server.url}/charts`;
  for (const body of ["<html>", "a: [", ""]) {
    index = { body };
    assert.equal(
      await charts({ repository }),
      `failed Istio's charts: ${repository}/index.yaml is not a Helm repository's index. ${advice}`,
    );
  }
  index = { status: 503, body: "" };
  assert.equal(
    await charts({ repository }),
    `failed Istio's charts: ${repository}/index.yaml answers with status 503. ${advice}`,
  );
  const port = await closedPort();
  assert.equal(
    await charts({ repository: `http://127.0.0.1:${port}` }),
    `failed Istio's charts: http://127.0.0.1:${port}/index.yaml cannot be reached (connect ECONNREFUSED 127.0.0.1:${port}). ${advice}`,
  );
});

test("a registry is not asked, and that is said", async () => {
  assert.equal(
    await charts({ oci: "oci://registry.example/charts" }),
    `not tried Istio's charts: oci://registry.example/charts is a registry, which is not checked. Ask it: helm show chart oci://registry.example/charts/base --version ${version}.`,
  );
});

test("a folder, and one that has lost a chart since the settings were checked", async (t) => {
  const { path: folder, remove } = temporaryFolder();
  t.after(remove);
  for (const chart of Object.values(chartFolders)) {
    mkdirSync(join(folder, chart), { recursive: true });
    writeFileSync(join(folder, chart, "Chart.yaml"), "name: x\n");
  }
  const { istio } = settingsOf({ istio: { version, charts: { folder } } });
  const found = chartsCheck(istio);
  assert.ok(found);
  assert.deepEqual(await lines([found]), [
    `ok Istio's charts: ${folder} has base, istiod, gateway; they are ${version} as istio.version says`,
  ]);
  rmSync(join(folder, chartFolders.gateway), { recursive: true });
  assert.deepEqual(await lines([found]), [
    `failed Istio's charts: ${folder} lacks gateway. Set istio.charts.folder to manifests/charts of Istio's source.`,
  ]);
});
