/** A container without a positive amount for every required request and limit is reported, an init container too. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { resourcesSet } from "../../../../policies/rules/resources-set";
import { judged, notKnown } from "../judged";
import { container, deployment, inContainer, ofDetails } from "../pods";

const is = (path: string, example: string, value = "nothing", where = inContainer) => ({
  where: `${where}.resources.${path} ${ofDetails}`,
  is: value,
  write: `an amount, such as "${example}"`,
  resource: "details",
});
const all = (where?: string) => [
  is("requests.cpu", "10m", undefined, where),
  is("requests.memory", "64Mi", undefined, where),
  is("limits.memory", "512Mi", undefined, where),
];

test("requests and a limit of memory pass; an ephemeral container has none", async () => {
  assert.deepEqual(await judged(resourcesSet, [deployment()]), []);
  const debugging = { ephemeralContainers: [{ name: "debug" }] };
  assert.deepEqual(await judged(resourcesSet, [deployment({}, debugging)]), []);
});

test("everything that is missing is found, in init containers too", async () => {
  assert.deepEqual(await judged(resourcesSet, [deployment({ resources: undefined })]), all());
  const initContainers = [{ ...container, resources: {} }];
  assert.deepEqual(
    await judged(resourcesSet, [deployment({}, { initContainers })]),
    all("spec.template.spec.initContainers[0]"),
  );
});

test("an amount that is not known yet, or is none, is found", async () => {
  const resources = { requests: { cpu: notKnown, memory: {} }, limits: { memory: "1Gi" } };
  assert.deepEqual(await judged(resourcesSet, [deployment({ resources })]), [
    is("requests.cpu", "10m", "a value that is not known before the update"),
    is("requests.memory", "64Mi", "{}"),
  ]);
});

test("every spelling of an amount passes, and none of nothing does", async () => {
  const memory = (amount: unknown) =>
    deployment({ resources: { ...container.resources, limits: { memory: amount } } });
  const good = ["1Gi", "512M", "0.5Gi", "1e9", "+64Mi", "100k", ".5G", 1024];
  assert.deepEqual(await judged(resourcesSet, good.map(memory)), []);
  const bad = ["", "0", "0Mi", "0.0Gi", "lots", "-1Gi", 0, -1];
  assert.deepEqual(
    await judged(resourcesSet, bad.map(memory)),
    bad.map((amount) => is("limits.memory", "512Mi", JSON.stringify(amount))),
  );
});

test("a namespace that is not known yet is not an excepted one", async () => {
  const metadata = { name: "details", namespace: notKnown };
  const hidden = { ...deployment({ resources: {} }) };
  const inputs = { ...hidden.inputs, metadata };
  const found = await judged(resourcesSet, [{ ...hidden, inputs }], {
    exceptNamespaces: ["default"],
  });
  assert.equal(found.length, 3);
});

test("what is asked for, and where, is configured", async () => {
  const resources = { limits: { cpu: "1" } };
  const settings = { required: ["limits.cpu"] };
  assert.deepEqual(await judged(resourcesSet, [deployment({ resources })], settings), []);
  assert.deepEqual(await judged(resourcesSet, [deployment()], settings), [is("limits.cpu", "1")]);
  const except = { exceptNamespaces: ["bookinfo"] };
  assert.deepEqual(await judged(resourcesSet, [deployment({ resources: {} })], except), []);
});
