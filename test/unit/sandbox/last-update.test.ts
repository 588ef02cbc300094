/** A sandbox's status says so if the last update failed, runs or was interrupted, and how to finish it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { writePrivate } from "../../../lib/files";
import { unfinishedUpdate, updating } from "../../../sandbox/last-update";
import { layout } from "../../../sandbox/layout";
import { temporaryFolder } from "../local/images/reading";

/** A sandbox's folders, with a record of each update of its stack, by time. */
function sandboxWith(...results: readonly string[]) {
  const places = layout({ XDG_STATE_HOME: temporaryFolder() }, "/clone");
  results.forEach((result, time) => {
    const file = `backend/.pulumi/history/istio-auth0/sandbox/sandbox-17959101820292197${10 + time}`;
    writePrivate(
      join(places.pulumi, `${file}.history.json`),
      JSON.stringify({ kind: "update", result }),
    );
    writePrivate(join(places.pulumi, `${file}.checkpoint.json`), "{}");
  });
  return places;
}

const again = '"npm run sandbox" finishes it';

test("of a last update that finished, and of none, status says nothing", () => {
  assert.equal(unfinishedUpdate(sandboxWith()), undefined);
  assert.equal(unfinishedUpdate(sandboxWith("failed", "succeeded")), undefined);
});

test("of a last update that failed half-way status says so, and what to do", () => {
  assert.equal(unfinishedUpdate(sandboxWith("succeeded", "failed")), `did not finish: ${again}`);
});

test("of an update that was killed status says that it may still run", () => {
  const places = sandboxWith("succeeded");
  writePrivate(updating(places), "");
  assert.equal(unfinishedUpdate(places), `runs, or was interrupted: ${again}`);
});
