/** A failed command is reported by the last line that it printed, without the stack trace below it. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lastOf } from "../../../../commands/bench/sandbox";

describe("lastOf", () => {
  it("is the last line that says something", () => {
    assert.equal(lastOf("    1.0 s  node  ready\nerror: no gateway\n\n"), "error: no gateway");
  });

  it("is the message and not the stack trace below it", () => {
    assert.equal(lastOf("TypeError: x\n    at async main (/bench/main.ts:1:2)\n"), "TypeError: x");
  });

  it("says that nothing was said", () => {
    assert.equal(lastOf("\n"), "it says nothing");
  });
});
