/** The examples from end to end: each comes up on a sandbox of its own, and is as its own table says. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { SandboxCopy } from "./copy";

describe("examples/orders", { timeout: 30 * 60_000 }, () => {
  const project = ["--project", "examples/orders"] as const;
  let copy: SandboxCopy;

  before(() => {
    copy = new SandboxCopy();
  });

  after(async () => {
    await copy.runWords("down", ...project);
    copy.remove();
  });

  it("enforces its own table: machines alone, every access level", async () => {
    const { code, out, err } = await copy.runWords("up", ...project);
    assert.equal(code, 0, `${err}\n${out.slice(-3000)}`);
    for (const row of [
      "anonymous +200 +403 +403 +403 +403",
      "newsletter \\(machine\\) +200 +200 +403 +403 +403",
      "storefront \\(machine\\) +200 +200 +200 +200 +403",
      "warehouse \\(machine\\) +200 +200 +200 +200 +200",
    ])
      assert.match(out, new RegExp(`\n {2}${row}\n`));
    assert.match(out, /\n\d+ cells, 0 differences, 0 not tried\n/);
  });

  it("verifies again by itself, and has made nothing for people at the tenant", async () => {
    const { code, err } = await copy.runWords("verify", ...project);
    assert.equal(code, 0, err);
    const { out } = await copy.runWords("status", ...project);
    assert.match(out, /\nOrders +http:\/\/localhost:\d+\/catalogue\n/);
  });
});
