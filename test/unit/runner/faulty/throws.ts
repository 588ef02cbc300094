import { test } from "node:test";

test("is not reached by the one who counts", () => undefined);
throw new Error("it cannot be loaded");
