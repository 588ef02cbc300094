/** The pack knows a service's pods by the labels of the table: it reports nothing where they are others than `app`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { application as bookinfo } from "../../../application";
import type { Application } from "../../../components/application";
import { rules } from "../../../policies/rules";
import { judged } from "./judged";
import { type Program, programOf } from "./program";

const { details } = bookinfo.services;
if (details === undefined) throw new Error("no details");

const labelled: Application = {
  ...bookinfo,
  services: {
    ...bookinfo.services,
    details: { ...details, labels: { "app.kubernetes.io/name": "details" } },
  },
};

/** The names of the rules that report something. */
async function reporting({ resources, configuration }: Program): Promise<readonly string[]> {
  const all = await Promise.all(
    rules.map(async (rule) => ({
      name: rule.name,
      found: await judged(rule, resources, configuration[rule.name]?.settings),
    })),
  );
  return all.filter(({ found }) => found.length > 0).map(({ name }) => name);
}

for (const changes of [{}, { "istio-auth0:authentication": { at: "workload" } }])
  test(`no rule reports a program with other labels, with ${JSON.stringify(changes)}`, async () => {
    assert.deepEqual(await reporting(await programOf("sandbox", changes, labelled)), []);
  });

test("policies and workloads with other labels than the table's are reported", async () => {
  const program = await programOf("sandbox", {}, labelled);
  const { configuration } = await programOf("sandbox");
  const found = await reporting({ ...program, configuration });
  assert.deepEqual(found, ["access-table", "coverage", "network-policies"]);
});
