/** A faulty test file for files.test.ts: it changes the working folder of its process. */
import { test } from "node:test";

test("leaves another working folder", () => {
  process.chdir("/");
});
