/** Requests are repeated until they are answered as expected or time is up, and no echoed token is reported. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PlannedCell } from "../../../../../commands/verify/plan/cells";
import type { Observed, ProbeRequest } from "../../../../../commands/verify/probes/prober";
import { sendAll, sendUntilSettled, type Sender } from "../../../../../commands/verify/probes/send";

const live = new AbortController().signal;

function planned(vantage: string, target: string, status: 200 | 403, token?: string): PlannedCell {
  const word = `[token of ${token ?? ""}]`;
  return {
    cell: {
      vantage,
      viewer: token ?? "anonymous",
      target,
      service: "details",
      request: { method: "GET", url: `http://details:9080/${target}`, headers: {} },
      expected: status === 200 ? { status } : { status, refusal: "access denied" },
    },
    words: new Map(token === undefined ? [] : [[token, word]]),
    request: {
      method: "GET",
      origin: "http://details:9080",
      path: `/${target}`,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    },
  };
}

const denied: Observed = { status: 403, headers: {}, body: "RBAC: access denied" };
const granted: Observed = { status: 200, headers: {}, body: "" };

/** Answers by `answer`, and keeps every batch, and whether it was for the unlisted service. */
function sender(answer: (request: ProbeRequest) => Observed) {
  const batches: (readonly ProbeRequest[])[] = [];
  const unlistedAsked: boolean[] = [];
  const made: Sender = (requests, toUnlisted) => {
    batches.push(requests);
    unlistedAsked.push(toUnlisted);
    return Promise.resolve(requests.map(answer));
  };
  return { made, batches, unlistedAsked };
}

test("each vantage point gets its own requests in one batch, and the cells keep their order", async () => {
  const a = sender(() => granted);
  const b = sender(() => denied);
  const untried = { ...planned("a", "three", 200, "t"), request: undefined };
  const cells = await sendAll(
    [planned("a", "one", 200), planned("b", "two", 403), untried, planned("a", "four", 200)],
    new Map([
      ["a", a.made],
      ["b", b.made],
    ]),
  );
  assert.deepEqual(
    cells.map(({ target, observed }) => [target, observed]),
    [
      ["one", granted],
      ["two", denied],
      ["three", undefined],
      ["four", granted],
    ],
  );
  assert.deepEqual(
    [a, b].map(({ batches }) => batches.map((batch) => batch.map(({ path }) => path))),
    [[["/one", "/four"]], [["/two"]]],
  );
});

test("what is for the unlisted service is a batch of its own, for which a place may wait", async () => {
  const a = sender(() => granted);
  const own = planned("a", "own", 200);
  const unlisted = { ...own, cell: { ...own.cell, service: "unlisted" } };
  await sendAll([planned("a", "one", 200), unlisted], new Map([["a", a.made]]));
  assert.deepEqual(
    a.batches.map((batch) => batch.map(({ path }) => path)),
    [["/one"], ["/own"]],
  );
  assert.deepEqual(a.unlistedAsked, [false, true]);
});

/** What is left of `body` and of a header after a request with these words. */
async function reported(body: string, words: readonly (readonly [string, string])[]) {
  const echo = sender(() => ({ status: 401, headers: { "www-authenticate": [body] }, body }));
  const request = { ...planned("a", "one", 200), words: new Map(words) };
  const [cell] = await sendAll([request], new Map([["a", echo.made]]));
  assert.ok(cell?.observed && "body" in cell.observed);
  assert.deepEqual(cell.observed.headers, { "www-authenticate": [cell.observed.body] });
  return cell.observed.body;
}

// Of two tokens with the same header, as they are.
const [one, two] = ["eyJhbGciOiJSUzI1NiJ9.eyJhIjoxfQ.c2ln", "eyJhbGciOiJSUzI1NiJ9.eyJiIjoyfQ.c2lr"];
const words = [
  [one, "[token of one]"],
  [two, "[token of two]"],
] as const;

test("a token that is echoed, in the body or a header, does not get into the report", async () => {
  assert.equal(
    await reported(`{"${one}":"Bearer ${two}"}, twice: ${one}`, words),
    '{"[token of one]":"Bearer [token of two]"}, twice: [token of one]',
  );
});

test("what was made of a token is replaced too", async () => {
  const basic = Buffer.from(`user:${one}`).toString("base64");
  assert.equal(
    await reported(`Basic ${basic}.`, [...words, [basic, "[password]"]]),
    "Basic [password].",
  );
});

test("nor does the beginning of a token get there, where an answer is cut", async () => {
  assert.equal(
    await reported(`realm="/?t=${two.slice(0, 32)}", x`, words),
    'realm="/?t=[token of one]", x',
  );
  assert.equal(await reported(`you sent ${one.slice(0, 16)}`, words), "you sent [token of one]");
  assert.equal(await reported("eyJhbGciOi", words), "eyJhbGciOi");
});

/** Sends until all is settled, and says what was waited for. */
async function settled(cells: readonly PlannedCell[], one: Sender, deadline: number) {
  const waited: number[] = [];
  const waiting = (unexpected: number) => waited.push(unexpected);
  const options = { deadline, signal: live, waiting };
  const found = await sendUntilSettled(cells, new Map([["a", one]]), options);
  return {
    waited,
    statuses: found.map(({ observed }) => observed && "status" in observed && observed.status),
  };
}

const cells = [
  planned("a", "one", 200),
  planned("a", "one", 200, "other"),
  planned("a", "two", 403),
  { ...planned("a", "three", 200), request: undefined },
];

test("what is as expected at once is asked for once", async () => {
  const prompt = sender(({ path }) => (path === "/two" ? denied : granted));
  const { waited, statuses } = await settled(cells, prompt.made, 10_000);
  assert.deepEqual(statuses, [200, 200, 403, undefined]);
  assert.deepEqual(waited, []);
  assert.deepEqual(
    prompt.batches.map((batch) => batch.map(({ path }) => path)),
    [["/one", "/one", "/two"]],
  );
});

test("what is not as expected is asked for until it is, and then everything once more", async () => {
  let asked = 0;
  const late = sender(({ path, headers }) => {
    if (headers.authorization !== undefined) asked += 1;
    return path === "/two" || (headers.authorization !== undefined && asked < 3) ? denied : granted;
  });
  const { waited, statuses } = await settled(cells, late.made, 10_000);
  assert.deepEqual(statuses, [200, 200, 403, undefined]);
  assert.deepEqual(waited, [1]);
  assert.deepEqual(
    late.batches.map((batch) => batch.map(({ path }) => path)),
    [["/one", "/one", "/two"], ["/one"], ["/one"], ["/one", "/one", "/two"]],
  );
});

test("what a later round finds not to be as expected is waited for too", async () => {
  // The second is let in at first, as on a connection that was made before its policy was.
  const answers = new Map([
    ["/one", [denied, granted, granted, granted]],
    ["/two", [denied, granted, denied, denied]],
  ]);
  const changing = sender(({ path }) => answers.get(path)?.shift() ?? denied);
  const two = [planned("a", "one", 200), planned("a", "two", 403)];
  const { waited, statuses } = await settled(two, changing.made, 10_000);
  assert.deepEqual(statuses, [200, 403]);
  assert.deepEqual(waited, [1, 1]);
  assert.deepEqual(
    changing.batches.map((batch) => batch.map(({ path }) => path)),
    [["/one", "/two"], ["/one"], ["/one", "/two"], ["/two"], ["/one", "/two"]],
  );
});

test("waiting ends at its deadline with what was answered then, and at once when told to", async () => {
  const never = sender(() => denied);
  const one = [planned("a", "one", 200)];
  assert.deepEqual(await settled(one, never.made, 300), { waited: [1], statuses: [403] });
  assert.ok(never.batches.length >= 3);
  const signal = AbortSignal.abort(new Error("ended"));
  const options = { deadline: 10_000, signal, waiting: () => undefined };
  await assert.rejects(sendUntilSettled(one, new Map([["a", never.made]]), options), {
    message: "ended",
  });
});
