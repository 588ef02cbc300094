import assert from "node:assert/strict";
import { test } from "node:test";
import type { PlannedCell } from "../../verify/cells";
import type { Observed, Prober, ProbeRequest } from "../../verify/prober";
import { sendAll, settle } from "../../verify/send";

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

/** Answers by `answer`, and keeps every batch. */
function prober(answer: (request: ProbeRequest) => Observed) {
  const batches: (readonly ProbeRequest[])[] = [];
  const made: Prober = {
    send: (requests) => {
      batches.push(requests);
      return Promise.resolve(requests.map(answer));
    },
    close: () => undefined,
  };
  return { made, batches };
}

test("each vantage point gets its own requests in one batch, and the cells keep their order", async () => {
  const a = prober(() => granted);
  const b = prober(() => denied);
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

/** What is left of `body` and of a header after a request with these words. */
async function reported(body: string, words: readonly (readonly [string, string])[]) {
  const echo = prober(() => ({ status: 401, headers: { "www-authenticate": [body] }, body }));
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

test("settling asks for one cell of each expected status until they are as expected, then for all", async () => {
  let rounds = 0;
  const late = prober(({ path }) => {
    if (path === "/one") rounds += 1;
    return rounds < 3 || path === "/two" ? denied : granted;
  });
  const cells = [
    planned("a", "one", 200),
    planned("a", "one", 200, "other"),
    planned("a", "two", 403),
    planned("a", "two", 403, "other"),
  ];
  const settled = await settle(cells, new Map([["a", late.made]]), 10_000, live);
  assert.equal(settled, true);
  assert.deepEqual(
    late.batches.map((batch) => batch.map(({ path }) => path)),
    [
      ["/one", "/two"],
      ["/one", "/two"],
      ["/one", "/two"],
      ["/one", "/one", "/two", "/two"],
    ],
  );
});

test("settling gives up at its deadline, and at once when told to", async () => {
  const never = prober(() => denied);
  const probers = new Map([["a", never.made]]);
  assert.equal(await settle([planned("a", "one", 200)], probers, 300, live), false);
  assert.ok(never.batches.length >= 2);
  const ended = AbortSignal.abort(new Error("ended"));
  await assert.rejects(settle([planned("a", "one", 200)], probers, 10_000, ended), {
    message: "ended",
  });
});
