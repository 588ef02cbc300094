/** A faulty test file for files.test.ts: two of its tests cause an error that they do not wait for. */
import { AsyncResource } from "node:async_hooks";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";

/** A test that waits for them has an end of its own only where the error does not fail it. */
async function someTurns(): Promise<void> {
  for (let turns = 0; turns < 100; turns += 1) await turn();
}

test("passes before", () => undefined);

test("does not wait for its error", async () => {
  await turn();
  void turn().then(() => {
    throw new Error("nothing waits for it");
  });
  await someTurns();
});

test("does not wait for its error in a resource", async () => {
  new AsyncResource("a library's").runInAsyncScope(() => {
    void turn().then(() => {
      throw new Error("nothing waits for it");
    });
  });
  await someTurns();
});

test("passes after", () => undefined);
