/** Pods may listen on another port than their Service's: what goes to pods goes to that, and requests to the Service's. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { build } from "esbuild";
import { application as bookinfo } from "../../../application";
import { tableProblems } from "../../../components/access/problems";
import { type Application, serviceOf } from "../../../components/application";
import type { Workloads } from "../../../components/workloads/workload";
import { clone } from "../../../lib/clone";
import { applicationPolicies } from "../../../components/network/policies";
import { waysTo } from "../../../commands/explain/ways";
import { serviceFindings } from "../../../commands/verify/findings/services";
import { protectedWorkloads } from "../../../commands/verify/findings/workloads";
import { vantagePoints } from "../../../commands/verify/plan/vantages";
import { rules } from "../../../policies/rules";
import { temporaryFolder } from "../local/images/reading";
import { judged } from "../policies/judged";
import { programOf } from "../policies/program";

const gatewayUrl = "http://localhost:8080";

const apart: Application = {
  ...bookinfo,
  services: {
    ...bookinfo.services,
    details: { ...serviceOf(bookinfo, "details"), port: 80, targetPort: 8081 },
  },
};

test("NetworkPolicies let callers connect to the pods' port", () => {
  const policies = applicationPolicies({
    application: apart,
    settings: { egress: "REGISTRY_ONLY", imports: [], metricsFrom: [] },
  });
  const portsOf = (name: string) => {
    const found = policies.find(({ metadata }) => metadata.name === name);
    return JSON.stringify([found?.spec.ingress, found?.spec.egress]).match(/"port":\d+/g);
  };
  assert.deepEqual(portsOf("details"), ['"port":8081']);
  assert.deepEqual(new Set(portsOf("productpage")), new Set(['"port":9080', '"port":8081']));
});

test("explain judges the pods' port, and names the Service's to callers", () => {
  const workloads = { application: [], ingress: [] };
  const [way] = waysTo(
    apart,
    "details",
    undefined,
    { workloads },
    {
      audience: "bookinfo",
      gatewayUrl,
      authentication: { at: "workload", required: false, clients: "listed", issuers: [] },
    },
  );
  const hop = way?.hops.at(-1);
  assert.deepEqual([hop?.destination.port, hop?.host], [8081, "details:80"]);
});

test("verify asks the Service at its port, and the pods at theirs", () => {
  const addresses = new Map([["details", [{ name: "details-v1-0", address: "10.0.0.9" }]]]);
  const vantages = vantagePoints(apart, gatewayUrl, undefined, addresses, undefined, undefined);
  const targets = vantages.flatMap(({ targets }) => targets);
  const asked = targets.filter(({ origin }) => origin.includes("//details"));
  assert.ok(asked.length > 0);
  assert.deepEqual(new Set(asked.map(({ origin }) => origin)), new Set(["http://details:80"]));
  const pods = targets.filter(({ origin }) => origin.startsWith("http://10.0.0.9:80"));
  assert.deepEqual(
    pods.map(({ origin }) => origin),
    ["http://10.0.0.9:8081"],
  );
});

for (const [targetPort, isFound] of [
  [8081, false],
  [80, true],
  [undefined, true],
] as const)
  test(`verify ${isFound ? "names" : "names no"} Service that leads to ${targetPort ?? "its own port"}`, () => {
    const workloads = protectedWorkloads(apart, {
      routing: { egress: "ALLOW_ANY", imports: [], admission: true, traffic: [] },
    });
    const ports = [{ name: "http", port: 80, ...(targetPort !== undefined && { targetPort }) }];
    const found = serviceFindings(workloads, {
      services: [
        {
          metadata: { name: "details", namespace: "bookinfo" },
          spec: { selector: { app: "details" }, ports },
        },
      ],
      endpointSlices: [],
      pods: [],
    });
    const opens = "requests for details go to the port 80 of its pods, and not to 8081";
    assert.deepEqual(
      found.map((one) => one.opens),
      isFound ? [opens] : [],
    );
  });

test("the library's own workloads have it so, and no rule of the pack reports that", async () => {
  const { resources, configuration } = await programOf("sandbox", {}, apart);
  const portsOf = (type: string, name: string) => {
    const found = resources.find((one) => one.type === type && one.name === name);
    const text = JSON.stringify(found?.inputs);
    return [...new Set(text.match(/"(port|targetPort|containerPort)":\d+/g))].sort();
  };
  assert.deepEqual(portsOf("kubernetes:core/v1:Service", "bookinfo-details"), [
    '"port":80',
    '"targetPort":8081',
  ]);
  assert.deepEqual(portsOf("kubernetes:apps/v1:Deployment", "bookinfo-details-v1"), [
    '"containerPort":8081',
    '"port":8081',
  ]);
  for (const rule of rules)
    assert.deepEqual(
      await judged(rule, resources, configuration[rule.name]?.settings),
      [],
      rule.name,
    );
});

/** The workloads are made of the table when they are loaded: these are of a table that was changed before. */
const changed = `Object.assign(require("./application").application.services.orders, { port: 80, targetPort: 8081 });
module.exports = require("./workloads").workloads;`;

for (const folder of ["template", "examples/orders"])
  test(`the services of ${folder} listen on their pods' port`, async () => {
    const outfile = join(temporaryFolder(), "changed.js");
    const resolveDir = join(clone, folder);
    await build({
      stdin: { contents: changed, resolveDir },
      alias: { "istio-auth0": clone },
      // The table's document is next to it.
      define: { __dirname: JSON.stringify(resolveDir) },
      bundle: true,
      platform: "node",
      outfile,
    });
    const workloads = createRequire(__filename)(outfile) as Workloads;
    const { PORT, ORDERS_SERVICE_PORT = "80" } = workloads.orders?.[0]?.environment ?? {};
    assert.deepEqual([PORT, ORDERS_SERVICE_PORT], ["8081", "80"]);
  });

for (const [targetPort, expected] of [
  [70_000, "a port"],
  [15_020, "a port that is not the sidecar's own"],
] as const)
  test(`${targetPort} is refused`, () => {
    const wrong = { ...serviceOf(bookinfo, "details"), targetPort };
    const problems = tableProblems({
      ...bookinfo,
      services: { ...bookinfo.services, details: wrong },
    });
    assert.deepEqual(problems, [
      `services.details.targetPort: found ${targetPort}, expected ${expected}`,
    ]);
  });
