/** A faulty test file for files.test.ts: its test ends the process with code 0. */
import { test } from "node:test";

test("ends its process", () => {
  process.exit(0);
});
