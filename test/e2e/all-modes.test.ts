/**
 * Every mode in turn on one sandbox, from nothing: each comes up by an update of the one before, and enforces what its
 * table says; at the end nothing but the sandbox's own settings is left.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { modes } from "../../sandbox/modes/table";
import { type Ended, SandboxCopy } from "./copy";

describe("verify --all-modes", { timeout: 60 * 60_000 }, () => {
  let copy: SandboxCopy;
  let ended: Ended;

  before(async () => {
    copy = new SandboxCopy();
    ended = await copy.run("verify --all-modes");
  });

  after(async () => {
    await copy.run("down");
    copy.remove();
  });

  it("finds no difference in any mode, and tries everything", () => {
    const { code, out, err } = ended;
    const summary = out.slice(out.lastIndexOf("\nmode "));
    assert.match(
      out.trimEnd().split("\n").at(-1) ?? "",
      new RegExp(`^${modes.length} modes, [\\d ]+ cells, 0 differences, 0 not tried$`),
      summary + err.slice(-2000),
    );
    assert.equal(code, 0, summary);
  });

  it("prints each mode's table under its name", () => {
    const headings = modes.map(
      ({ name }, index) => `Mode ${index + 1} of ${modes.length}: ${name}`,
    );
    const lines = ended.out.split("\n");
    assert.deepEqual(
      lines.filter((line) => line.startsWith("Mode ")),
      headings,
    );
    assert.equal(
      lines.filter((line) => line.startsWith("Through the gateway")).length,
      modes.length,
    );
  });

  it("leaves the sandbox with its own settings: the next run has nothing to change", async () => {
    const { code, err, out } = await copy.run("up");
    assert.equal(code, 0, err + out.slice(-2000));
    assert.match(err, / stack {6}nothing to change$/m);
  });
});
