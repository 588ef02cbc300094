/** A few rounds of `npm run test:kill`: after any kill, the next command repairs everything. */
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { describe, it } from "node:test";
import { roundOf } from "./kill/plan";
import { killRounds } from "./kill/rounds";

describe("kill -9 at a random moment", { timeout: 60 * 60_000 }, () => {
  it("draws the same rounds from the same seed", () => {
    const draw = (seed: number) =>
      [1, 2, 3, 4, 5, 6].map((number) => {
        const { random, ...round } = roundOf(seed, number);
        return { ...round, choice: random() };
      });
    assert.deepEqual(draw(7), draw(7));
    assert.notDeepEqual(draw(7), draw(8));
    assert.equal(draw(7).filter(({ from }) => from === "nothing").length, 3);
    assert.equal(draw(7).filter(({ then }) => then === "down").length, 2);
  });

  it("leaves nothing that the next command does not put right", async (test) => {
    const say = (line: string) => {
      test.diagnostic(line);
    };
    assert.deepEqual(await killRounds({ seed: randomInt(1, 1e6), times: 5, say }), []);
  });
});
