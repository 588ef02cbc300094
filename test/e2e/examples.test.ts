/** The examples from end to end: each comes up on a sandbox of its own, and is as its own table says. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { SandboxCopy } from "./copy";
import { assertAsDecided } from "./decided";

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

  it("enforces its own table: people and machines, by HTTP, gRPC and TCP", async () => {
    const { code, out, err } = await copy.runWords("up", ...project);
    assert.equal(code, 0, `${err}\n${out.slice(-3000)}`);
    for (const row of [
      // RFC 6750: without a token, 401; without a permission, 403.
      "anonymous +200 +401 +401 +401 +401",
      "visitor@orders.example +200 +200 +403 +403 +403",
      "customer@orders.example +200 +200 +200 +200 +403",
      "admin@orders.example +200 +200 +200 +200 +200",
      "newsletter \\(machine\\) +200 +200 +403 +403 +403",
      "storefront \\(machine\\) +200 +200 +200 +200 +403",
      "warehouse \\(machine\\) +200 +200 +200 +200 +200",
      "operations, through the gateway +\\d+ +14 +\\d+ +as expected",
      "operations, from a pod as orders +\\d+ +7 +\\d+ +as expected",
      "other methods and paths, through the gateway +2 +\\d+ +\\d+ +as expected",
    ])
      assert.match(out, new RegExp(`\n {2}${row}\n`));
    const [, cells] = /\n(\d+) cells, 0 differences, 0 not tried\n/.exec(out) ?? [];
    assert.ok(Number(cells) >= 3000, cells);
  });

  it("verifies again by itself, and explains every cell as the mesh decides it", async () => {
    const file = join(copy.state, "report.json");
    const { code, err } = await copy.runWords("verify", ...project, "--json", file);
    assert.equal(code, 0, err);
    assertAsDecided(file, 2500);
    const { out } = await copy.runWords("status", ...project);
    assert.match(out, /\nOrders +http:\/\/localhost:\d+\/catalogue\n/);
  });
});
