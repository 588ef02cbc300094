/** docs/tutorial.md, followed to the letter: from the clone to a project outside of it, whose table is proven. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { change, commandsOf, Follower, stepsOf } from "./tutorial";

const root = join(__dirname, "../..");
const steps = stepsOf(readFileSync(join(root, "docs/tutorial.md"), "utf8"));

/** The lines of what a page says is printed: an ellipsis stands for others, and so does any number of cells. */
const printed = (block: string) =>
  block
    .trimEnd()
    .split("\n")
    .filter((line) => line !== "…" && !/^Through |^\d+ cells, /.test(line));

describe("docs/tutorial.md", { timeout: 15 * 60_000 }, () => {
  let follower: Follower;
  let isOnTheWay = true;

  before(() => {
    follower = new Follower();
  });

  after(() => follower.remove());

  for (const { title, blocks } of steps) {
    it(title, async () => {
      assert.ok(isOnTheWay, "a step before has failed");
      isOnTheWay = false;
      let told = "";
      for (const block of blocks) {
        if (block.language === "diff") change(join(follower.where, "application.ts"), block);
        else if (block.language === "sh") {
          for (const { command, code } of commandsOf(block)) {
            const ended = await follower.run(command);
            told = ended.out;
            assert.equal(ended.code, code, `${command}\n${ended.err}\n${told.slice(-5000)}`);
            const [, differences] = /^\d+ cells, (\d+) differences,/m.exec(told) ?? [];
            if (differences !== undefined) assert.equal(differences === "0", code === 0, command);
          }
        } else for (const line of printed(block.text)) assert.ok(told.includes(`${line}\n`), line);
      }
      isOnTheWay = true;
    });
  }

  it("has made a project with a reviewed plan, and leaves no sandbox", () => {
    assert.equal(steps.length, 5);
    assert.ok(existsSync(join(follower.where, "plans/sandbox.yaml")));
    assert.deepEqual(follower.leftovers(), []);
  });
});
