/** What the sandbox starts is given an environment of its own, and this process's stays as it is. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { pulumiEnvironment, runningEnvironment } from "../../../sandbox/environment";
import { layout } from "../../../sandbox/layout";
import { changesSince, stateOfProcess } from "../../support/state";
import { temporaryFolder } from "../local/images/reading";

const places = () =>
  layout({ XDG_STATE_HOME: temporaryFolder(), XDG_CACHE_HOME: temporaryFolder() });

test("the sandbox's tools come before the user's, and nothing is in the user's own folders", () => {
  const before = stateOfProcess();
  const at = places();
  const { PATH, PULUMI_STACK, ...rest } = pulumiEnvironment(at, { path: ["/tools/a", "/tools/b"] });
  assert.equal(PATH, `/tools/a:/tools/b:${process.env.PATH ?? ""}`);
  assert.equal(PULUMI_STACK, "sandbox");
  const folders = Object.values(rest).filter((value) => value.includes("/"));
  assert.equal(folders.length, 8);
  for (const folder of folders)
    assert.ok(folder.includes(at.state) || folder.includes(at.cache), folder);
  assert.deepEqual(changesSince(before), []);
});

test("a program that asks the sandbox is not started where none is up", async () => {
  await assert.rejects(runningEnvironment(places()), {
    name: "UserError",
    message: 'no sandbox runs for this project: start it with "npm run sandbox"',
  });
});
