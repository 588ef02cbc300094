/** The seconds of a run count only where the engine changes nothing; otherwise the changes are named. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { secondsOfNoOp } from "../../../../../commands/bench/inside/runs";

const subject = { folder: "/", project: "istio-auth0", stack: "sandbox" };
const run = { seconds: 2.5, policies: 5, policyBytes: 100 };

describe("secondsOfNoOp", () => {
  it("gives the seconds of a run that leaves everything the same", () => {
    assert.equal(secondsOfNoOp({ ...run, changes: { same: 65, create: 0 } }, subject), 2.5);
  });

  it("refuses a run that changes something, and says what", () => {
    assert.throws(
      () => secondsOfNoOp({ ...run, changes: { same: 64, update: 1 } }, subject),
      /^UserError: the engine has something to do to sandbox: 1 to update$/,
    );
  });
});
