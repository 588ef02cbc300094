/** A faulty test file for files.test.ts: it throws an error while it is loaded. */
import { test } from "node:test";

test("is not reached by the one who counts", () => undefined);
throw new Error("it cannot be loaded");
