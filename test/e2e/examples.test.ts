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
      "operations, through the gateway +\\d+ +9 +\\d+ +as expected",
      "operations, from a pod as orders +\\d+ +2 +\\d+ +as expected",
      "other methods and paths, through the gateway +2 +\\d+ +\\d+ +as expected",
    ])
      assert.match(out, new RegExp(`\n {2}${row}\n`));
    const [, cells] = /\n(\d+) cells, 0 differences, 0 not tried\n/.exec(out) ?? [];
    assert.ok(Number(cells) > 1600, cells);
  });

  it("verifies again by itself, and has made nothing for people at the tenant", async () => {
    const { code, err } = await copy.runWords("verify", ...project);
    assert.equal(code, 0, err);
    const { out } = await copy.runWords("status", ...project);
    assert.match(out, /\nOrders +http:\/\/localhost:\d+\/catalogue\n/);
  });
});
