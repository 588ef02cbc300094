/** A test file for files.test.ts that has no fault and runs in groups with the faulty ones. */
import { test } from "node:test";

test("passes", () => undefined);
