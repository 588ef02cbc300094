/** Only the steps that were asked for are taken, and one that fails loses nothing that was measured before it. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PartName } from "../../../../commands/bench/arguments";
import type { Found } from "../../../../commands/bench/parts/part";
import { type Step, takeSteps } from "../../../../commands/bench/steps";
import { renderTable } from "../../../../commands/bench/table";

const found = (value: number): Found => ({
  measures: [{ what: "time", unit: "seconds", samples: [value] }],
  notes: [],
});

/** A step that finds these parts one after the other, and then fails where a failure is given. */
function step(parts: readonly PartName[], failure?: Error): Step & { readonly taken: string[] } {
  const taken: string[] = [];
  return {
    parts: failure === undefined ? parts : [...parts, "latency"],
    taken,
    measure: (tell) => {
      for (const [position, part] of parts.entries()) {
        taken.push(part);
        tell(part, found(position + 1));
      }
      return failure === undefined ? Promise.resolve() : Promise.reject(failure);
    },
  };
}

describe("takeSteps", () => {
  it("gives what was asked for, in that order, and takes no other step", async () => {
    const [rounds, stack, growth] = [step(["up", "again"]), step(["verify"]), step(["growth"])];
    const { results, missing, failure } = await takeSteps(
      [rounds, stack, growth],
      ["growth", "up"],
    );
    assert.deepEqual(
      results.map(({ part, measures }) => [part, measures[0]?.summary.median]),
      [
        ["growth", 1],
        ["up", 1],
      ],
    );
    assert.deepEqual([missing, failure, stack.taken], [[], undefined, []]);
  });

  it("keeps what was measured when a step fails, and says what is missing", async () => {
    const ended = new Error("ended by SIGTERM");
    const last = step(["growth"]);
    const { results, missing, failure } = await takeSteps(
      [step(["up"]), step(["verify"], ended), last],
      ["up", "verify", "latency", "growth"],
    );
    assert.deepEqual(
      results.map(({ part }) => part),
      ["up", "verify"],
    );
    assert.deepEqual(missing, ["latency", "growth"]);
    assert.equal(failure, ended);
    assert.deepEqual(last.taken, []);
    const lines = renderTable(results, missing).trimEnd().split("\n");
    assert.match(lines[1] ?? "", /^up +time +1\.00 s/);
    assert.equal(lines.at(-1), "Incomplete: ended before it had measured latency, growth.");
  });

  it("prints no table where nothing was measured", async () => {
    const { results, missing } = await takeSteps([step([], new Error("no room"))], ["latency"]);
    assert.equal(
      renderTable(results, missing),
      "Incomplete: ended before it had measured latency.\n",
    );
  });
});
