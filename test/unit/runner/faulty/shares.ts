/** A test file for files.test.ts that has what it shares restored where the file before it has failed. */
import { test } from "node:test";
import { afterFailure } from "../../../support/group";

afterFailure(() => {
  console.log("restored");
  return Promise.resolve();
});

test("passes", () => undefined);
