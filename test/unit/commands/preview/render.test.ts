/** A plan's resources are a tree behind a column of what is done with each, with its properties below. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { treeOf } from "../../../../commands/preview/render";
import type { PlannedResource } from "../../../../commands/preview/plan";

const urn = (type: string, name: string) => `urn:pulumi:team::orders::${type}::${name}`;
const stack = urn("pulumi:pulumi:Stack", "orders-team");
const namespace = urn("kubernetes:core/v1:Namespace", "orders");

const resource = (its: Partial<PlannedResource> & Pick<PlannedResource, "urn">) =>
  ({ operation: "create", inputs: {}, protect: false, ...its }) as PlannedResource;

const resources = [
  resource({ urn: stack }),
  resource({
    urn: namespace,
    parent: stack,
    operation: "same",
    inputs: { metadata: { name: "orders" } },
  }),
  resource({ urn: urn("kubernetes:core/v1:Secret", "key"), parent: namespace }),
];

test("each line begins with the operation, filled up to the longest", () => {
  assert.deepEqual(
    treeOf(resources, false).map((line) => line.slice(0, 14)),
    ["create  pulumi", "same    └─ kub", "create     └─ "],
  );
});

test("properties stand below, where there is no operation", () => {
  const lines = treeOf(resources, true);
  assert.deepEqual(lines.slice(2, 4), [
    "           │  + metadata:",
    "           │  +   name: orders",
  ]);
});
