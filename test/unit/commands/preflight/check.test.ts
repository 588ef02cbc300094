/** A check ends in one line even where it throws or takes too long, and the report is text or JSON. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { once, runCheck } from "../../../../commands/preflight/check";
import { json, line, summary } from "../../../../commands/preflight/report";

test("a check that takes too long has failed", async () => {
  let told = false;
  const result = await runCheck(
    {
      name: "slow",
      run: (signal) =>
        new Promise(() => {
          signal.addEventListener("abort", () => (told = true));
        }),
    },
    20,
  );
  assert.deepEqual(result, {
    name: "slow",
    state: "failed",
    found: "no answer within 0.02 s",
    advice: "Check the network and try again.",
  });
  assert.ok(told);
});

test("a check that breaks is one line, without its stack", async () => {
  const run = () => {
    throw new Error("first line\n    at secret.ts:1:1");
  };
  assert.deepEqual(await runCheck({ name: "broken", run }), {
    name: "broken",
    state: "failed",
    found: "first line",
    advice: "Try again.",
  });
});

test("what a server says in several lines is one", async () => {
  const run = () => ({ state: "ok", found: "first\nsecond" }) as const;
  assert.deepEqual(await runCheck({ name: "wordy", run }), {
    name: "wordy",
    state: "ok",
    found: "first",
  });
});

test("what several checks need is made once", async () => {
  let made = 0;
  const make = once(() => Promise.resolve((made += 1)));
  const { signal } = new AbortController();
  assert.deepEqual(await Promise.all([make(signal), make(signal)]), [1, 1]);
});

const results = [
  { name: "one", state: "ok", found: "there." },
  { name: "another", state: "failed", found: "gone", advice: "Bring it back." },
  { name: "third", state: "not tried", found: "no key", advice: "Get one." },
] as const;

test("one line for each, and a line that counts", () => {
  const layout = { width: 7, colour: false };
  assert.equal(
    results.map((result) => line(result, layout)).join("") + summary(results),
    `ok         one      there
failed     another  gone. Bring it back.
not tried  third    no key. Get one.
3 checks: 1 ok, 1 failed, 1 not tried
`,
  );
  assert.equal(summary(results.slice(0, 1)), "1 check: 1 ok, 0 failed, 0 not tried\n");
  assert.ok(line(results[0], { ...layout, colour: true }).includes("\u001b[32mok"));
});

test("the report for programs", () => {
  assert.deepEqual(JSON.parse(json("dev", results.slice(0, 2))), {
    version: 1,
    stack: "dev",
    counts: { ok: 1, failed: 1, notTried: 0 },
    checks: [
      { name: "one", state: "ok", found: "there.", advice: null },
      { name: "another", state: "failed", found: "gone", advice: "Bring it back." },
    ],
  });
});
