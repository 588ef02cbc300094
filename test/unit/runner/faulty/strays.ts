/** A faulty test file for files.test.ts: of its tests one causes an error that it does not wait for. */
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";

test("passes before", () => undefined);

test("does not wait for its error", async () => {
  await turn();
  void turn().then(() => {
    throw new Error("nothing waits for it");
  });
  // It has an end of its own only where the error does not fail it.
  for (let turns = 0; turns < 100; turns += 1) await turn();
});

test("passes after", () => undefined);
