/** A faulty test file for files.test.ts: a hook fails, so that its test is not begun. What is shared is not as it was. */
import { before, describe, it } from "node:test";
import { afterFailure } from "../../../support/group";

afterFailure(() => Promise.reject(new Error("no file before this one has failed")));

describe("its settings", () => {
  before(() => {
    throw new Error("are refused");
  });

  it("is not begun", () => undefined);
});
