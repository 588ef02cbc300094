/** The ratings stand-in answers as Bookinfo's ratings service, and posted ratings change their own product only. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sendForJson } from "./programs";
import { start } from "./services";

const unreadable = { status: 400, value: { error: "please provide numeric product ID" } };

test("ratings answers as the real one", async () => {
  const ratings = await start("ratings");
  const expected: Record<string, { status: number; value: unknown }> = {
    "/health": { status: 200, value: { status: "Ratings is healthy" } },
    "/ratings/0": { status: 200, value: { id: 0, ratings: { Reviewer1: 5, Reviewer2: 4 } } },
    "/ratings/5?x=1": { status: 200, value: { id: 5, ratings: { Reviewer1: 5, Reviewer2: 4 } } },
    "/ratings/": unreadable,
    "/ratings/five": unreadable,
    "/": { status: 404, value: { error: "Not found" } },
  };
  const observed: typeof expected = {};
  for (const path of Object.keys(expected)) observed[path] = await sendForJson(ratings, path);
  assert.deepEqual(observed, expected);
});

test("posted ratings replace those of their product only", async () => {
  const ratings = await start("ratings");
  const post = (path: string, body: string) => sendForJson(ratings, path, { method: "POST", body });
  const given = { status: 200, value: { id: 1, ratings: { Reviewer1: 1 } } };
  assert.deepEqual(await post("/ratings/1", '{"Reviewer1":1}'), given);
  assert.deepEqual(await sendForJson(ratings, "/ratings/1"), given);
  assert.deepEqual(await sendForJson(ratings, "/ratings/0"), {
    status: 200,
    value: { id: 0, ratings: { Reviewer1: 5, Reviewer2: 4 } },
  });
  assert.deepEqual(await post("/ratings/1", "{"), {
    status: 400,
    value: { error: "please provide valid ratings JSON" },
  });
  assert.deepEqual(await post("/ratings/one", "{}"), unreadable);
  assert.deepEqual(await post("/ratings/1", JSON.stringify("x".repeat(64 * 1024))), {
    status: 413,
    value: { error: "please provide fewer ratings" },
  });
});
