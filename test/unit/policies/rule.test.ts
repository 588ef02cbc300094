/** A finding's message, and that a rule reports one for each finding, with the resource that it is about. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { unknown } from "../../../policies/resource";
import { type Finding, messageOf, resourceRule, stackRule } from "../../../policies/rule";
import { reported } from "./judged";

const where = "spec.mtls.mode of PeerAuthentication shop/one";

test("a message is the place, what is there, and what to write", () => {
  const note = "which Istio does not know";
  const write = '"STRICT"';
  const cases: readonly (readonly [Finding, string])[] = [
    [{ where, is: "OFF", write }, `${where} is "OFF". Write "STRICT"`],
    [{ where, is: "OFF", note, write }, `${where} is "OFF", ${note}. Write "STRICT"`],
    [{ where, is: undefined, write }, `${where} is nothing. Write "STRICT"`],
    [
      { where, is: unknown, write },
      `${where} is a value that is not known before the update. Write "STRICT"`,
    ],
    [{ where, is: { mode: "OFF" }, write }, `${where} is {"mode":"OFF"}. Write "STRICT"`],
    [{ where, has: ["OFF"], write }, `${where} has ["OFF"]. Write "STRICT"`],
    [{ where, has: "OFF", note, write }, `${where} has "OFF", ${note}. Write "STRICT"`],
    [{ where, found: "fits all", write: "none" }, `${where} fits all. Write none`],
    [{ found: "no policy is there", write: "one" }, "no policy is there. Write one"],
  ];
  for (const [finding, message] of cases) assert.equal(messageOf(finding), message);
});

const definition = {
  name: "no-names",
  description: "Nothing has a name.",
  severity: "low",
  remediation: "Give it none.",
  settings: z.object({}),
} as const;
const one = { type: "example:index:One", name: "one", inputs: { name: "a" } };
const two = { ...one, name: "two", inputs: { name: "b" } };

test("a rule of single resources reports each finding of each of them", async () => {
  const rule = resourceRule({
    ...definition,
    judge: ({ inputs }) => [
      { where: "name", is: inputs.name, write: "none" },
      { found: "it is there", write: "nothing" },
    ],
  });
  assert.deepEqual(await reported(rule, [one, two]), [
    ['name is "a". Write none', undefined],
    ["it is there. Write nothing", undefined],
    ['name is "b". Write none', undefined],
    ["it is there. Write nothing", undefined],
  ]);
});

test("a rule of the stack reports each finding with its resource, and forgets the stack", async () => {
  const rule = stackRule({
    ...definition,
    judgeAll: (resources) => [
      ...resources.map((resource) => ({
        resource,
        where: "name",
        is: resource.inputs.name,
        write: "none",
      })),
      { found: `there are ${resources.length}`, write: "nothing" },
    ],
  });
  assert.deepEqual(await reported(rule, [one, two]), [
    ['name is "a". Write none', "urn:pulumi:stack::project-0::example:index:One::one"],
    ['name is "b". Write none', "urn:pulumi:stack::project-1::example:index:One::two"],
    ["there are 2. Write nothing", undefined],
  ]);
  assert.deepEqual(await reported(rule, []), [["there are 0. Write nothing", undefined]]);
});
