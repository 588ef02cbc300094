/** A chart from a repository, an OCI registry or a folder becomes the arguments that Helm finds it by. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Chart, type ChartSource, locateChart } from "../../../../components/mesh/charts";

const cases: [ChartSource, Chart, object][] = [
  [
    { kind: "repository", address: "https://charts.example" },
    "istiod",
    { chart: "istiod", version: "1.30.3", repositoryOpts: { repo: "https://charts.example" } },
  ],
  [
    { kind: "oci", address: "oci://registry.example/charts" },
    "istiod",
    { chart: "oci://registry.example/charts/istiod", version: "1.30.3" },
  ],
  [{ kind: "folder", address: "/charts" }, "base", { chart: "/charts/base" }],
  [
    { kind: "folder", address: "/charts/" },
    "istiod",
    { chart: "/charts/istio-control/istio-discovery" },
  ],
  [{ kind: "folder", address: "/charts" }, "gateway", { chart: "/charts/gateway" }],
];

for (const [source, chart, location] of cases) {
  test(`the ${chart} chart of a ${source.kind} at ${source.address}`, () => {
    assert.deepEqual(locateChart(source, chart, "1.30.3"), location);
  });
}
