/** A faulty test file for files.test.ts: it changes the environment of its process. */
import { test } from "node:test";

test("leaves another environment", () => {
  process.env.LEFT_BEHIND = "1";
});
