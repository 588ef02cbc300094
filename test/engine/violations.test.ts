/** Of a sandbox that did not come up: the policy pack's violations of its program, by the real engine. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readProjectFile, readStackFile } from "../../commands/stack/stack-file";
import { packViolations } from "../../sandbox/violations";
import { skipWithoutEngine } from "./engine";
import { cloneWith, programOf, replaceIn, root } from "./preview";

test(
  "a program's violations are said, each with what to write",
  {
    skip: skipWithoutEngine,
  },
  async () => {
    const { config, rest } = readStackFile(readProjectFile(root), "sandbox");
    const folder = cloneWith({ sandbox: { ...rest, config } });
    const said = async () => packViolations({ folder }, await programOf(folder));
    replaceIn(
      folder,
      "components/workloads/index.ts",
      "port, targetPort }",
      "port, targetPort: targetPort + 1 }",
    );
    const [, heading, , first, ...lines] = (await said()).split("\n");
    assert.equal(heading, "The policy pack finds in the program:");
    assert.equal(first, "mandatory: port-protocol: kubernetes:core/v1:Service bookinfo-details");
    assert.deepEqual(lines.slice(0, 3), [
      "  found spec.ports[0].targetPort of Service bookinfo/details is 9081, and the pods of details listen on 9080, as the access table has it",
      "  write 9080, or make it the table's targetPort",
      "",
    ]);
    // Of a program that has no plan nothing is known.
    replaceIn(folder, "index.ts", "const settings =", "throw Error();\nconst settings =");
    assert.equal(await said(), "");
  },
);
