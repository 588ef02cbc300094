/** Latency with policies is compared turn by turn with latency without, for a token and for a session. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { latencyAt, measureLatency } from "../../../../../commands/bench/parts/latency";
import { BenchSandbox } from "../../../../../commands/bench/sandbox";

const turns = {
  on: [
    [900, 1000, 9000],
    [1500, 1600, 1700],
  ],
  off: [
    [700, 800, 900],
    [1400, 1450, 1500],
  ],
};

describe("latencyAt", () => {
  it("reports each turn's percentile and the one without policies", () => {
    const [both] = latencyAt(50, "session", turns);
    assert.equal(both?.what, "with a session, p50");
    assert.deepEqual(both.samples, [1000, 1600]);
    assert.deepEqual(both.baseline?.samples, [800, 1450]);
  });

  it("says what is added turn by turn, so that the machine's drift hits both", () => {
    const [, added] = latencyAt(50, "session", turns);
    assert.deepEqual(added?.samples, [200, 150]);
    assert.equal(added.what, "added with a session, p50");
  });
});

/** A sandbox that notes what it is asked for. */
class NotedSandbox extends BenchSandbox {
  readonly asked: string[] = [];

  constructor() {
    super("/nowhere", () => undefined);
  }

  override command(args: readonly string[]) {
    this.asked.push(args.join(" "));
    return Promise.resolve({ code: 0, out: "", err: "", seconds: 1, lines: [] });
  }

  override inShell(program: string, args: readonly string[] = []) {
    this.asked.push([program, ...args].join(" "));
    return Promise.resolve(JSON.stringify(turns));
  }
}

describe("measureLatency", () => {
  it("measures the token's request on the stack as it is, then the session's with a login", async () => {
    const sandbox = new NotedSandbox();
    const { measures } = await measureLatency({ sandbox, repeat: 3, folder: "/" });
    assert.deepEqual(sandbox.asked, [
      "inside/latency.ts 3 token",
      "up --set login.at=gateway",
      "inside/latency.ts 3 session",
    ]);
    assert.deepEqual(
      measures.map(({ what }) => what),
      ["token", "session"].flatMap((caller) =>
        [50, 99].flatMap((percent) => [
          `with a ${caller}, p${percent}`,
          `added with a ${caller}, p${percent}`,
        ]),
      ),
    );
  });
});
