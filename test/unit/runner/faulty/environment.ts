import { test } from "node:test";

test("leaves another environment", () => {
  process.env.LEFT_BEHIND = "1";
});
